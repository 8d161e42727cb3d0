//! The use cases: judge a change, take it back, tell people. Everything outside is behind a port.
//!
//! Floor 3: no AWS, no HTTP, no clock and no environment of its own; `aws`, `hands` and `deliver` implement the ports.

mod breaker;
mod condition;
mod counted;
mod decide;
mod doorbell;
mod evaluate;
mod history;
mod keys;
mod ledger;
mod mover;
mod notify;
mod ports;
mod record;
mod recording;
mod revert;
mod tally;
mod writes;

pub use condition::Condition;
pub use doorbell::{Doorbell, Effect, Family};
pub use evaluate::{Evaluate, EvaluateError, Guarded};
pub use history::History;
pub use keys::Key;
pub use ledger::{Attr, Commit, Edit, Item, Ledger, LedgerError, Refused, Write};
pub use mover::{Desk, MoveError};
pub use notify::{Notify, NotifyError};
pub use ports::{
    Audience, Channel, ChannelError, Clock, Hands, Observer, ObserverError, Outcome, Queue, QueueError,
    Removed, Retry, Session, StepError, chain,
};
pub use record::{FindingRecord, Unreadable};
pub use revert::{Revert, RevertError};
pub use tally::{Fate, Ignored, Tally};
