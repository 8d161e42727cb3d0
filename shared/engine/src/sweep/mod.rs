//! The completer and the guarantee: timers, lost doorbells, present state through the same rules, and the trail's own
//! memory. Whatever the event path did, what violates is found here.

mod present;
mod reconcile;
mod tick;

pub use reconcile::Coverage;

use crate::ledger::{Attr, Edit, Index, Item, Write};
use crate::ports::{Inventory, Observer, ObserverError, Retry, TrailError, TrailLog};
use crate::{Clock, Condition, Cursor, Evaluate, EvaluateError, Key, LedgerError, MoveError, Queue};
use jiff::Timestamp;
use model::AccountId;
use serde::{Deserialize, Serialize};

/// The `sweep` function: it looks at accounts, and cannot touch them.
#[derive(Debug)]
pub struct Sweep<L, Q, C, O, I, T> {
    pub evaluate: Evaluate<L, Q, C>,
    pub observer: O,
    pub inventory: I,
    pub trail: T,
    /// Where it looks.
    pub places: Vec<Place>,
}

/// An account that is swept, in the guard's own region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    pub account: AccountId,
}

/// Which rules are asked of present state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Reach {
    Critical,
    All,
}

#[derive(Debug, thiserror::Error)]
pub enum SweepError {
    #[error(transparent)]
    Evaluate(#[from] EvaluateError),
    #[error("account {account} could not be looked at")]
    Inventory { account: AccountId, source: ObserverError },
    #[error("the trail of account {account} could not be read")]
    Trail { account: AccountId, source: TrailError },
}

impl From<LedgerError> for SweepError {
    fn from(error: LedgerError) -> Self {
        Self::Evaluate(error.into())
    }
}

impl From<MoveError> for SweepError {
    fn from(error: MoveError) -> Self {
        Self::Evaluate(error.into())
    }
}

/// How far a job has come: the next invocation goes on from here.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Progress {
    /// The place, by its position.
    place: usize,
    after: Option<Cursor>,
    /// The work index: which lane; present once the inventory is through.
    lane: Option<u8>,
    started_at: Option<Timestamp>,
    /// What a reconciliation has counted.
    #[serde(default)]
    coverage: Coverage,
}

impl<L: Index, Q: Queue, C: Clock, O: Observer, I: Inventory, T: TrailLog> Sweep<L, Q, C, O, I, T> {
    /// Is there time for one more page? Whoever calls says until when; the rest is for the next invocation.
    fn has_time(&self, until: Timestamp) -> bool {
        self.evaluate.desk.now() < until
    }

    /// Jobs that an earlier invocation did not get through.
    pub async fn unfinished(&self) -> Result<Vec<Reach>, SweepError> {
        let mut unfinished = Vec::new();
        for reach in [Reach::Critical, Reach::All] {
            if self.progress(present::job(reach)).await?.is_some() {
                unfinished.push(reach);
            }
        }
        Ok(unfinished)
    }

    /// One account that cannot be looked at holds up no other.
    fn is_blind(&self, error: &SweepError) {
        self.evaluate.desk.meter.count("SweepBlind");
        tracing::error!(error = %crate::chain(error), "a sweep could not look");
    }

    /// What will never be handled holds up nothing else; what may be later ends this run.
    fn pass_over(&self, handled: Result<(), SweepError>) -> Result<(), SweepError> {
        match handled {
            Err(SweepError::Evaluate(error)) if error.retry() == Retry::Never => {
                self.evaluate.desk.meter.count("SweepFailed");
                tracing::error!(error = %crate::chain(&error), "a sweep passed over what it cannot handle");
                Ok(())
            }
            handled => handled,
        }
    }

    /// Did an earlier invocation stop in the middle of what CloudTrail remembers?
    pub async fn is_reconciling(&self) -> Result<bool, SweepError> {
        Ok(self.progress(reconcile::JOB).await?.is_some())
    }

    async fn progress(&self, job: &str) -> Result<Option<Progress>, SweepError> {
        let item = self.evaluate.desk.ledger.read(&Key::sweep(job)).await?;
        let text = item.as_ref().and_then(|item| crate::record::text(item, "progress").ok());
        Ok(text.and_then(|text| serde_json::from_str(text).ok()))
    }

    async fn keep(&self, job: &str, progress: Option<&Progress>) -> Result<(), SweepError> {
        let edit = match progress {
            Some(progress) => {
                let text = Attr::S(crate::record::to_json(progress));
                Edit::Put(Item::from([("progress".to_owned(), text)]))
            }
            None => Edit::Delete,
        };
        let write = Write { key: Key::sweep(job), edit, only_if: Condition::Always };
        self.evaluate.desk.ledger.commit(&[write]).await?;
        Ok(())
    }
}
