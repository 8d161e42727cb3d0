//! Moves findings: reads one, asks the pure transition function, writes what it says, rings for what is owed.

use crate::ledger::{Attr, Commit, Item, Refused, Write};
use crate::record::to_json;
use crate::writes;
use crate::{
    Clock, Doorbell, Effect, Family, FindingRecord, Key, Ledger, LedgerError, Meter, Queue, QueueError,
    Unreadable,
};
use jiff::{SignedDuration, Timestamp};
use model::{Evidence, FindingId, Input, Life, Rejected, State, Timing, next};

/// The ledger, the queues and the clock, with the times that transitions need.
#[derive(Debug, Clone)]
pub struct Desk<L, Q, C> {
    pub ledger: L,
    pub queue: Q,
    pub clock: C,
    pub timing: Timing,
    pub meter: Meter,
}

/// What became of an attempt to move a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Moved {
    /// It moved; as it is now.
    To(Box<FindingRecord>),
    /// The transition function refuses.
    Rejected(Rejected),
    /// Another writer was faster.
    Overtaken,
    /// A guard in the same transaction does not hold.
    Guarded,
}

/// One try to write a move.
enum Attempted {
    Ended(Moved),
    /// Another writer only noted something: the finding as it is now.
    Noted(Box<FindingRecord>),
}

#[derive(Debug, thiserror::Error)]
pub enum MoveError {
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    #[error(transparent)]
    Queue(#[from] QueueError),
    #[error("finding `{finding}` in the ledger cannot be read")]
    Record { finding: String, source: Unreadable },
}

/// Others write the same finding: so often it is read again.
const NOTE_TRIES_MAX: usize = 8;
/// SQS's longest delay.
const DELAY_MAX: SignedDuration = SignedDuration::from_mins(15);

impl<L, Q, C> Desk<L, Q, C> {
    pub fn new(ledger: L, queue: Q, clock: C, timing: Timing) -> Self {
        Self { ledger, queue, clock, timing, meter: Meter::default() }
    }
}

impl<L: Ledger, Q: Queue, C: Clock> Desk<L, Q, C> {
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The finding as it is now, read strongly consistent.
    pub async fn find(&self, id: &FindingId) -> Result<Option<FindingRecord>, MoveError> {
        let Some(item) = self.ledger.read(&Key::finding(id)).await? else { return Ok(None) };
        let record = FindingRecord::try_from(&item);
        record.map(Some).map_err(|source| MoveError::Record { finding: id.to_string(), source })
    }

    pub(crate) async fn kill_switch(&self) -> Result<bool, LedgerError> {
        let item = self.ledger.read(&Key::kill_switch()).await?;
        Ok(item.is_some_and(|item| !matches!(item.get("on"), None | Some(Attr::Bool(false)))))
    }

    /// One transition, in one transaction with its guards. What others note meanwhile without moving it is kept.
    pub(crate) async fn apply(
        &self,
        record: &FindingRecord,
        input: &Input,
        mut evidence: Evidence,
        cause: &str,
        guards: Vec<Write>,
    ) -> Result<Moved, LedgerError> {
        let mut noted: Option<FindingRecord> = None;
        for _ in 0..NOTE_TRIES_MAX {
            let as_read = noted.as_ref().unwrap_or(record);
            match self.attempt(as_read, input, evidence.clone(), cause, &guards).await? {
                Attempted::Ended(moved) => return Ok(moved),
                Attempted::Noted(now) => {
                    evidence.echoes.clone_from(&now.evidence.echoes);
                    noted = Some(*now);
                }
            }
        }
        Err(LedgerError::Contended)
    }

    async fn attempt(
        &self,
        record: &FindingRecord,
        input: &Input,
        evidence: Evidence,
        cause: &str,
        guards: &[Write],
    ) -> Result<Attempted, LedgerError> {
        let now = self.now();
        let life = match next(&record.life, input, now, &self.timing) {
            Ok(life) => life,
            Err(rejected) => return Ok(Attempted::Ended(Moved::Rejected(rejected))),
        };
        let (moved, mut transaction) = writes::transition(record, life, evidence, cause, now);
        transaction.extend_from_slice(guards);
        let mut releases = writes::released(&moved);
        loop {
            let writes: Vec<Write> = transaction.iter().chain(&releases).cloned().collect();
            let Commit::Refused(refused) = self.ledger.commit(&writes).await? else { break };
            match refused.first() {
                // The answer to an earlier try was lost: what stands there is what we wrote.
                Some(Refused::Yes(Some(item))) if is_ours(item, &moved) => break,
                Some(Refused::Yes(item)) => return Ok(overtaken(item.as_ref(), record)),
                _ => {}
            }
            if refused.iter().take(transaction.len()).any(Refused::is_yes) || releases.is_empty() {
                return Ok(Attempted::Ended(Moved::Guarded));
            }
            // A claim of another finding is not ours to release, and no reason to stay.
            let mut owned = refused.iter().skip(transaction.len()).map(|refused| !refused.is_yes());
            releases.retain(|_| owned.next().unwrap_or(false));
        }
        self.measure(record, &moved, now);
        let (id, from, to) = (&moved.finding.id, record.life.state.label(), moved.life.state.label());
        tracing::info!(
            finding.id = %id,
            finding.version = moved.life.version,
            state.from = from,
            state.to = to,
            cause,
            "finding {id} moved"
        );
        Ok(Attempted::Ended(Moved::To(Box::new(moved))))
    }

    fn measure(&self, before: &FindingRecord, moved: &FindingRecord, now: Timestamp) {
        self.meter.moved(before.life.state, moved.life.state, moved.life.epoch);
        if moved.life.state == State::Reverted {
            self.meter.time("RevertMs", moved.finding.opened_at, now);
        }
    }

    /// Notes something on a finding without moving it, as long as `note` has something to say of it as it stands.
    pub(crate) async fn note(
        &self,
        id: &FindingId,
        note: impl Fn(&FindingRecord) -> Option<(Life, Evidence)>,
    ) -> Result<(), MoveError> {
        for _ in 0..NOTE_TRIES_MAX {
            let Some(record) = self.find(id).await? else { return Ok(()) };
            let Some((life, evidence)) = note(&record) else { return Ok(()) };
            let write = writes::noted(&record, &life, &evidence, self.now());
            if self.ledger.commit(&[write]).await? == Commit::Done {
                return Ok(());
            }
        }
        Err(LedgerError::Contended.into())
    }

    /// Rings every doorbell the finding is owed. Ringing twice does no harm; not ringing is repaired by the sweep.
    pub(crate) async fn ring(&self, record: &FindingRecord) -> Result<(), MoveError> {
        let now = self.now();
        for (doorbell, due) in Doorbell::owed(&record.finding.id, &record.life, now) {
            let family = match doorbell.effect {
                Effect::Revert => Family::of(&record.finding.resource),
                Effect::Notify => None,
            };
            let delay = due.duration_since(now).clamp(SignedDuration::ZERO, DELAY_MAX);
            self.queue.ring(family, &doorbell, delay).await?;
        }
        Ok(())
    }
}

/// Did the other writer move it, or only note something on it?
fn overtaken(item: Option<&Item>, record: &FindingRecord) -> Attempted {
    let now = item.and_then(|item| FindingRecord::try_from(item).ok());
    let unmoved = |now: &FindingRecord| {
        let place = |life: &Life| (life.state, life.version, life.epoch);
        place(&now.life) == place(&record.life) && now.notes != record.notes
    };
    match now.filter(unmoved) {
        Some(now) => Attempted::Noted(Box::new(now)),
        None => Attempted::Ended(Moved::Overtaken),
    }
}

/// Did this invocation write what stands there? Two of them write the same line of history in the same millisecond; a
/// lease says whose it is.
fn is_ours(item: &Item, moved: &FindingRecord) -> bool {
    item.get("chain") == Some(&Attr::S(moved.chain.clone()))
        && item.get("life") == Some(&Attr::S(to_json(&moved.life)))
}
