//! The queues of a run: at least once, in no order, with a visibility time-out that runs on under a slow handler.

use super::core::{Core, MINUTE, Millis, SECOND, Start, TaskId, What, World};
use super::faults::Fault;
use engine::{Doorbell, Effect, Family, Outcome, Queue, QueueError};
use jiff::SignedDuration;
use model::planted::{self, Bug};
use std::collections::BTreeMap;
use std::sync::Arc;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum QueueName {
    Events,
    Revert,
    Notify,
}

impl QueueName {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Events => "evaluate",
            Self::Revert => "revert",
            Self::Notify => "notify",
        }
    }

    fn visibility(self) -> Millis {
        match self {
            Self::Events | Self::Notify => 180 * SECOND,
            Self::Revert => 360 * SECOND,
        }
    }

    fn receives_max(self) -> u32 {
        match self {
            Self::Events => 5,
            Self::Revert => 8,
            Self::Notify => 30,
        }
    }

    /// Of the function that reads it.
    pub(crate) fn time_out(self) -> Millis {
        match self {
            Self::Events | Self::Notify => 30 * SECOND,
            Self::Revert => 60 * SECOND,
        }
    }
}

#[derive(Debug, Clone)]
pub(crate) enum Body {
    /// An envelope, and the record in the trail that it carries.
    Event(Arc<Vec<u8>>, Option<usize>),
    Bell(Doorbell),
}

#[derive(Debug)]
pub(crate) struct Message {
    pub(crate) body: Body,
    pub(crate) receives: u32,
    /// Grows when its visibility changes: earlier deliveries are void.
    generation: u32,
    holder: Option<TaskId>,
}

impl Message {
    /// Who held it died.
    pub(crate) fn dropped(&mut self, task: TaskId) {
        if self.holder == Some(task) {
            self.holder = None;
        }
    }
}

#[derive(Debug, Default)]
pub(crate) struct Queues {
    pub(crate) messages: BTreeMap<(QueueName, u64), Message>,
    pub(crate) dead: Vec<(QueueName, Body)>,
    made: u64,
}

impl Queues {
    pub(crate) fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }
}

impl Core {
    pub(crate) fn send(&mut self, queue: QueueName, body: &Body, delay: Millis) {
        let copies = if self.fires(Fault::QueueDuplicate) { 2 } else { 1 };
        for _ in 0..copies {
            self.queues.made += 1;
            let id = self.queues.made;
            let message = Message { body: body.clone(), receives: 0, generation: 0, holder: None };
            self.queues.messages.insert((queue, id), message);
            let reorder = self.rng.i64(0..30 * SECOND);
            let reorder = if self.fires(Fault::QueueReorder) { reorder } else { 0 };
            let wait = delay + reorder + self.rng_delay();
            self.after(wait, What::Deliver(queue, id, 0));
        }
    }

    fn rng_delay(&mut self) -> Millis {
        self.rng.i64(1..60)
    }

    /// A message becomes visible: a function takes it, or it is received too often.
    pub(crate) fn deliver(&mut self, queue: QueueName, id: u64, generation: u32) {
        let Some(message) = self.queues.messages.get_mut(&(queue, id)) else { return };
        if message.generation != generation {
            return;
        }
        message.generation += 1;
        message.receives += 1;
        let (next, held) = (message.generation, message.holder.is_some());
        if message.receives > queue.receives_max() {
            let Some(message) = self.queues.messages.remove(&(queue, id)) else { return };
            self.say(&format!("message {id} of {} goes to the DLQ", queue.word()));
            self.queues.dead.push((queue, message.body));
            return;
        }
        if held {
            self.happened(Fault::VisibilityExpires);
        }
        self.after(queue.visibility(), What::Deliver(queue, id, next));
        // SQS may hand it out once more, whatever the visibility.
        if self.fires(Fault::VisibilityExpires) {
            self.starts.push(Start::Message(queue, id));
        }
        self.starts.push(Start::Message(queue, id));
    }

    /// The function has the message.
    pub(crate) fn taken(&mut self, queue: QueueName, id: u64) -> Option<Body> {
        let task = self.current;
        let message = self.queues.messages.get_mut(&(queue, id))?;
        message.holder = Some(task);
        let body = message.body.clone();
        if planted::is(Bug::AckBeforeWrite) {
            self.queues.messages.remove(&(queue, id));
        }
        Some(body)
    }

    /// The function is through with it. `None`: it failed, and the message comes back when its time is over.
    pub(crate) fn handled(&mut self, queue: QueueName, id: u64, outcome: Option<Outcome>) {
        let Some(message) = self.queues.messages.get_mut(&(queue, id)) else { return };
        if message.holder == Some(self.current) {
            message.holder = None;
        }
        match outcome {
            None => {}
            Some(Outcome::Done) => drop(self.queues.messages.remove(&(queue, id))),
            Some(Outcome::Later(wait)) => {
                message.generation += 1;
                let (generation, wait) = (message.generation, whole_seconds(wait).min(12 * 60 * MINUTE));
                self.after(wait, What::Deliver(queue, id, generation));
            }
        }
    }
}

/// Rounded up, as the queue's port does.
fn whole_seconds(wait: SignedDuration) -> Millis {
    (wait.as_secs() + i64::from(wait.subsec_nanos() > 0)).max(0) * SECOND
}

/// The doorbells' port.
#[derive(Debug, Clone)]
pub(crate) struct SimQueue(pub(crate) World);

impl Queue for SimQueue {
    async fn ring(
        &self,
        family: Option<Family>,
        doorbell: &Doorbell,
        delay: SignedDuration,
    ) -> Result<(), QueueError> {
        let ring = |core: &mut Core| {
            let queue = match (doorbell.effect, family) {
                (Effect::Notify, _) => QueueName::Notify,
                (Effect::Revert, Some(Family::Network)) => QueueName::Revert,
                (Effect::Revert, None) => return Err(QueueError::NoQueue),
            };
            if core.fires(Fault::QueueSendFails) {
                return Err(QueueError::Send("ServiceUnavailable".into()));
            }
            if delay > SignedDuration::from_mins(15) {
                return Err(QueueError::Send("DelaySeconds is more than 900".into()));
            }
            core.tell(|_| format!("rings {} for {} in {delay:#}", queue.word(), doorbell.finding));
            core.send(queue, &Body::Bell(doorbell.clone()), whole_seconds(delay));
            if core.fires(Fault::QueueSendAnswerLost) {
                return Err(QueueError::Send("the answer was lost".into()));
            }
            Ok(())
        };
        self.0.call(ring).await
    }
}
