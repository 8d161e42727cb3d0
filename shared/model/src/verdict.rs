//! What a rule says of a change.

use crate::Item;

/// What a rule says of a change. There is no fourth answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    Quiet,
    /// The items for which the condition is true; empty when the rule asks of the change as a whole.
    Violation(Vec<Item>),
    /// The condition could not be answered. Shown to people, never acted upon.
    Undecided {
        reason: String,
    },
}
