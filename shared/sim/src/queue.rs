//! The doorbell queues in memory.

use crate::lock;
use engine::{Doorbell, Effect, Family, Queue, QueueError};
use jiff::SignedDuration;
use std::sync::{Arc, Mutex};

/// A doorbell that was rung and not taken yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rung {
    pub doorbell: Doorbell,
    pub delay: SignedDuration,
}

#[derive(Debug, Clone, Default)]
pub struct MemoryQueue(Arc<Mutex<Inside>>);

#[derive(Debug, Default)]
struct Inside {
    rung: Vec<Rung>,
    down: bool,
}

impl MemoryQueue {
    /// Takes every doorbell of one kind, oldest first.
    pub fn take(&self, effect: Effect) -> Vec<Rung> {
        let mut inside = lock(&self.0);
        let (taken, left) = inside.rung.drain(..).partition(|rung| rung.doorbell.effect == effect);
        inside.rung = left;
        taken
    }

    pub fn set_down(&self, down: bool) {
        lock(&self.0).down = down;
    }
}

impl Queue for MemoryQueue {
    async fn ring(
        &self,
        family: Option<Family>,
        doorbell: &Doorbell,
        delay: SignedDuration,
    ) -> Result<(), QueueError> {
        let mut inside = lock(&self.0);
        if inside.down {
            return Err(QueueError::Send("the queue is down".into()));
        }
        if doorbell.effect == Effect::Revert && family.is_none() {
            return Err(QueueError::NoQueue);
        }
        inside.rung.push(Rung { doorbell: doorbell.clone(), delay });
        Ok(())
    }
}
