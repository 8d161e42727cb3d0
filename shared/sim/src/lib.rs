//! The engine's ports in memory, stricter than any emulator: what tests run the use cases against.
//!
//! Nothing here records calls for their own sake: each port behaves, and tests look at what came of it.

mod account;
mod audience;
mod clock;
mod ledger;
mod queue;

pub use account::{Account, Trouble};
pub use audience::{Crowd, Mood};
pub use clock::ManualClock;
pub use ledger::MemoryLedger;
pub use queue::{MemoryQueue, Rung};

use std::sync::{Mutex, MutexGuard, PoisonError};

/// A test that panicked while it held a lock has failed already.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
