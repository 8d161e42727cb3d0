//! The use cases: judge a change, take it back, tell people. Everything outside is behind a port.
//!
//! Floor 3: no AWS, no HTTP, no clock and no environment of its own; `aws`, `hands` and `deliver` implement the ports.

mod audit;
mod breaker;
mod condition;
mod counted;
mod decide;
mod dispatching;
mod doorbell;
mod echo;
mod evaluate;
mod fight;
mod history;
mod keys;
mod ledger;
mod meter;
mod mover;
mod notify;
mod persons;
mod ports;
mod record;
mod recording;
mod revert;
mod sweep;
mod tally;
mod waiving;
mod writes;

pub use audit::{Fault, audit};
pub use condition::Condition;
pub use doorbell::{Doorbell, Effect, Family};
pub use evaluate::{Evaluate, EvaluateError, Guarded};
pub use history::History;
pub use keys::Key;
pub use ledger::{Attr, Commit, Cursor, Edit, Index, Item, Ledger, LedgerError, Page, Refused, Write};
pub use meter::{Measured, Meter};
pub use mover::{Desk, MoveError};
pub use notify::{Notify, NotifyError};
pub use persons::{DecisionError, Person, Persons, Until};
pub use ports::{
    Audience, Channel, ChannelError, Clock, Hands, Inventory, Observer, ObserverError, Outcome, Queue,
    QueueError, Removed, Retry, Session, Sighted, StepError, TrailError, TrailLog, chain,
};
pub use record::{FindingRecord, Unreadable};
pub use revert::{Revert, RevertError};
pub use sweep::{Coverage, Place, Reach, Sweep, SweepError};
pub use tally::{Fate, Ignored, Tally};
pub use waiving::granted_in;
