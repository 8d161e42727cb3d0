//! The command as people and scripts use it: the binary, in a folder of its own.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test's own failures may panic")]

mod bad_input;
mod check;
mod compile;
mod docs;
mod ledger;
mod new;
mod plan;
mod replay;
mod stage;
