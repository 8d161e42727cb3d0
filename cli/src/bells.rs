//! Doorbells that need not be heard: by the time one is rung the decision is in the ledger.

use crate::streams::chain;
use engine::{Doorbell, Family, Queue, QueueError};
use jiff::SignedDuration;
use std::sync::{Arc, Mutex, PoisonError};

/// A queue whose failures are kept and not passed on: who decides may not be allowed to send to it, and the sweep
/// rings within a minute.
#[derive(Debug, Clone)]
pub(crate) struct Bells<Q> {
    queue: Q,
    unheard: Arc<Mutex<Option<String>>>,
}

impl<Q> Bells<Q> {
    pub(crate) fn new(queue: Q) -> Self {
        Self { queue, unheard: Arc::default() }
    }

    /// Why a doorbell was not heard since this was last asked.
    pub(crate) fn unheard(&self) -> Option<String> {
        self.unheard.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl<Q: Queue> Queue for Bells<Q> {
    async fn ring(
        &self,
        family: Option<Family>,
        doorbell: &Doorbell,
        delay: SignedDuration,
    ) -> Result<(), QueueError> {
        if let Err(error) = self.queue.ring(family, doorbell, delay).await {
            *self.unheard.lock().unwrap_or_else(PoisonError::into_inner) = Some(chain(&error));
        }
        Ok(())
    }
}
