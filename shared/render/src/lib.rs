//! A finding as people read it: one file a channel, pure.
//!
//! Floor 2. [`telling`] decides what is said, a channel's file how it looks there. Text that came from an event
//! leaves only through [`sink`].

mod item;
mod line;
mod outcome;
mod pagerduty;
pub mod sink;
mod slack;
mod sns;
mod statement;
mod telling;
mod terminal;

pub use item::in_terminal as item_in_terminal;
pub use pagerduty::{PagerDutyEvent, pagerduty};
pub use slack::{SlackMessage, slack};
pub use sns::{SnsMessage, sns};
pub use terminal::{TerminalMessage, terminal};

use model::{Evidence, Finding, Life};

/// All that a message can speak of.
#[derive(Debug, Clone, Copy)]
pub struct Story<'a> {
    pub finding: &'a Finding,
    pub life: &'a Life,
    pub evidence: &'a Evidence,
    /// It stands for all that waits because of the circuit breaker: one message, and not one each.
    pub digest: bool,
}
