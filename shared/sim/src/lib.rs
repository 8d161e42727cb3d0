//! The engine's ports in memory, stricter than any emulator: what tests run the use cases against.
//!
//! Nothing here records calls for their own sake: each port behaves, and tests look at what came of it.

mod account;
mod audience;
mod clock;
pub mod command;
pub mod coverage;
mod ledger;
mod queue;
mod trail;
pub mod world;

pub use account::{Account, Trouble};
pub use audience::{Crowd, Heard, Mood};
pub use clock::ManualClock;
pub use ledger::MemoryLedger;
pub use queue::{MemoryQueue, Rung};
pub use trail::MemoryTrail;

use engine::{Cursor, Page};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A test that panicked while it held a lock has failed already.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// At most `size` of these, and the position at which the next page begins.
fn page<T: Clone>(items: &[T], after: Option<&Cursor>, size: usize) -> Page<T> {
    let start = after.and_then(|after| after.0.parse::<usize>().ok()).unwrap_or_default();
    let end = start.saturating_add(size).min(items.len());
    let next = (end < items.len()).then(|| Cursor(end.to_string()));
    Page { items: items.get(start..end).unwrap_or_default().to_vec(), next }
}
