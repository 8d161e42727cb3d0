//! Once a day: what CloudTrail remembers and the ledger does not. An event that was lost is processed as if it had
//! arrived; our own calls among them are echoes like any other.

use super::{Progress, Sweep, SweepError};
use crate::ledger::{Attr, Index};
use crate::ports::{Inventory, Observer, Retry, TrailLog};
use crate::{Clock, Key, Queue, Session};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use trail::{Change, parse_record};

/// A day, and what the last time may have missed of it.
const BACK: SignedDuration = SignedDuration::from_hours(26);
/// Younger events may still be on their way.
const YOUNG: SignedDuration = SignedDuration::from_mins(15);
pub(super) const JOB: &str = "reconcile";

/// How much of what the trail tells had arrived.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coverage {
    /// Events that rules ask for.
    pub seen: u64,
    pub missed: u64,
    pub recovered: u64,
}

/// What became of one record of the trail.
enum Found {
    NotAsked,
    Seen { delay: Option<(Timestamp, Timestamp)> },
    Missed { recovered: bool },
}

impl<L: Index, Q: Queue, C: Clock, O: Observer, I: Inventory, T: TrailLog> Sweep<L, Q, C, O, I, T> {
    /// `None`: there was no time to come through; the next call goes on.
    pub async fn reconcile(&self, until: Timestamp) -> Result<Option<Coverage>, SweepError> {
        let now = self.evaluate.desk.now();
        let kept = self.progress(JOB).await?;
        let mut progress = kept.unwrap_or_else(|| Progress { started_at: Some(now), ..Progress::default() });
        let started = progress.started_at.unwrap_or(now);
        let before = |time: SignedDuration| started.checked_sub(time).unwrap_or(started);
        let between = (before(BACK), before(YOUNG));
        while let Some(place) = self.places.get(progress.place) {
            if !self.has_time(until) {
                self.keep(JOB, Some(&progress)).await?;
                return Ok(None);
            }
            match self.trail.lookup(&place.account, between, progress.after.as_ref()).await {
                Ok(page) => {
                    for record in &page.items {
                        self.count(&self.compare(record).await?, &mut progress.coverage);
                    }
                    progress.after = page.next;
                }
                Err(source) if source.retry() != Retry::Never => {
                    self.keep(JOB, Some(&progress)).await?;
                    return Err(SweepError::Trail { account: place.account.clone(), source });
                }
                Err(source) => {
                    self.is_blind(&SweepError::Trail { account: place.account.clone(), source });
                    progress.after = None;
                }
            }
            if progress.after.is_none() {
                progress.place += 1;
            }
        }
        self.keep(JOB, None).await?;
        Ok(Some(progress.coverage))
    }

    fn count(&self, found: &Found, coverage: &mut Coverage) {
        let meter = &self.evaluate.desk.meter;
        match found {
            Found::NotAsked => {}
            Found::Seen { delay } => {
                coverage.seen += 1;
                meter.count("CoverageSeen");
                if let Some((happened, recorded)) = delay {
                    meter.time("EventDelayMs", *happened, *recorded);
                }
            }
            Found::Missed { recovered } => {
                coverage.missed += 1;
                coverage.recovered += u64::from(*recovered);
                meter.count("MissedEvents");
                meter.add("RecoveredEvents", u64::from(*recovered));
            }
        }
    }

    async fn compare(&self, record: &[u8]) -> Result<Found, SweepError> {
        let Ok(change) = parse_record(record) else {
            self.evaluate.desk.meter.count("TrailUnreadable");
            return Ok(Found::NotAsked);
        };
        if self.evaluate.own_session(&change).is_some() {
            return self.own_call(&change).await;
        }
        let guarded = &self.evaluate.guarded;
        if change.region != guarded.region || guarded.rules.judge_each(&change).is_empty() {
            return Ok(Found::NotAsked);
        }
        let key = Key::seen(&change.event.id, &change.account);
        if let Some(item) = self.evaluate.desk.ledger.read(&key).await? {
            let recorded = match item.get("at") {
                Some(Attr::N(at)) => Timestamp::from_millisecond(*at).ok(),
                _ => None,
            };
            return Ok(Found::Seen { delay: recorded.map(|recorded| (change.event.time, recorded)) });
        }
        self.recover(&change).await
    }

    async fn recover(&self, change: &Change) -> Result<Found, SweepError> {
        let recovered = self.evaluate.change(change).await;
        if let Err(error) = &recovered {
            tracing::error!(event.id = %change.event.id, error = %crate::chain(error), "an event was not recovered");
        }
        Ok(Found::Missed { recovered: recovered.is_ok() })
    }

    /// An echo that did not arrive.
    async fn own_call(&self, change: &Change) -> Result<Found, SweepError> {
        let session = change.actor.session.as_ref().and_then(|session| Session::parse(session.raw()));
        let Some((finding, _)) = session else { return Ok(Found::NotAsked) };
        let Some(record) = self.evaluate.desk.find(&finding).await? else { return Ok(Found::NotAsked) };
        if record.evidence.echoes.contains(&change.event.id) {
            return Ok(Found::Seen { delay: None });
        }
        self.recover(change).await
    }
}
