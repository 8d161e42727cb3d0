//! Every minute: what is due.

use super::{Sweep, SweepError};
use crate::decide::Scene;
use crate::ledger::Index;
use crate::ports::{Inventory, Observer, Retry, TrailLog};
use crate::{Clock, Doorbell, Family, FindingRecord, Queue};
use jiff::Timestamp;
use model::{Evidence, FindingId, Input, Life, State, next};

/// The work index has so many lanes.
pub(super) const LANES: u8 = 8;

impl<L: Index, Q: Queue, C: Clock, O: Observer, I: Inventory, T: TrailLog> Sweep<L, Q, C, O, I, T> {
    /// Everything that is due, until then. One finding that cannot be handled holds up no other.
    pub async fn tick(&self, until: Timestamp) -> Result<(), SweepError> {
        let now = self.evaluate.desk.now();
        // Each minute begins with another lane: what never gets done in one starves no other.
        let first = now.as_second().div_euclid(60).rem_euclid(i64::from(LANES));
        let first = u8::try_from(first).unwrap_or_default();
        for lane in (0..LANES).map(|lane| (first + lane) % LANES) {
            let mut after = None;
            loop {
                let page = self.evaluate.desk.ledger.due(lane, now, after.as_ref()).await?;
                for id in &page.items {
                    if !self.has_time(until) {
                        return Ok(());
                    }
                    if let Err(error) = self.handle(id).await {
                        self.evaluate.desk.meter.count("SweepFailed");
                        tracing::error!(finding.id = %id, error = %crate::chain(&error), "a finding was not handled");
                    }
                }
                after = page.next;
                if after.is_none() {
                    break;
                }
            }
        }
        Ok(())
    }

    async fn handle(&self, id: &FindingId) -> Result<(), SweepError> {
        let desk = &self.evaluate.desk;
        let Some(record) = desk.find(id).await? else { return Ok(()) };
        let now = desk.now();
        self.give_up_on_echo(&record, now).await?;
        if record.life.tell.is_some() {
            desk.ring(&record).await?;
        }
        if record.life.due_at.is_none_or(|due| due > now) {
            return Ok(());
        }
        match record.life.state {
            State::Open => self.evaluate.dispatch(record).await?,
            State::Queued(_) | State::Reverting(_) | State::Verifying { .. } => {
                self.ring_again(&record, now).await?;
            }
            State::Awaiting(_) => {
                let kill = desk.kill_switch().await?;
                self.apply(&record, &Input::Expire { kill }, "nobody answered").await?;
            }
            State::Manual(_) => self.apply(&record, &Input::Overdue, "nobody came").await?,
            State::Waived if !record.life.nudged => {
                self.apply(&record, &Input::Nudge, "the waiver ends soon").await?;
            }
            State::Waived | State::Acked => self.ended(&record).await?,
            State::Observed { .. } | State::Reverted | State::Resolved(_) => {}
        }
        Ok(())
    }

    /// A doorbell was lost, or a worker died.
    async fn ring_again(&self, record: &FindingRecord, now: Timestamp) -> Result<(), SweepError> {
        if !Doorbell::owed(&record.finding.id, &record.life, now).is_empty() {
            self.evaluate.desk.meter.count("SweepRequeued");
        }
        Ok(self.evaluate.desk.ring(record).await?)
    }

    /// A waiver or an acknowledgement ends: what does not stand is resolved, what stands is judged anew.
    async fn ended(&self, record: &FindingRecord) -> Result<(), SweepError> {
        let compliant = match self.stands(record).await {
            Ok(stands) => stands.map(|stands| !stands),
            Err(Retry::Later(_)) => return Ok(()),
            Err(Retry::Never) => None,
        };
        // One look may be an old answer: what is gone is closed when it is seen gone twice, as in every other state.
        if compliant == Some(true) {
            return self.saw(record, true).await;
        }
        self.apply(record, &Input::Ended { compliant }, "the time it was let stand is over").await?;
        match self.evaluate.desk.find(&record.finding.id).await? {
            Some(open) if open.life.state == State::Open => Ok(self.evaluate.dispatch(open).await?),
            _ => Ok(()),
        }
    }

    /// Does anything of it stand now? `None`: nothing can tell.
    pub(super) async fn stands(&self, record: &FindingRecord) -> Result<Option<bool>, Retry> {
        if Family::of(&record.finding.resource).is_none() {
            return Ok(None);
        }
        let observed =
            self.observer.observe(&record.finding.resource).await.map_err(|error| error.retry())?;
        let crate::Guarded { rules, config, .. } = &*self.evaluate.guarded;
        let FindingRecord { finding, life, .. } = record;
        Ok(Scene { finding, life, observed: &observed, rules, config }.stands())
    }

    /// CloudTrail should have told of our call by now.
    async fn give_up_on_echo(&self, record: &FindingRecord, now: Timestamp) -> Result<(), SweepError> {
        if record.life.echo_due.is_none_or(|due| due > now) {
            return Ok(());
        }
        let timing = self.evaluate.desk.timing;
        self.evaluate.desk.meter.count("EchoMissing");
        tracing::warn!(finding.id = %record.finding.id, "CloudTrail did not tell of our own call");
        let note = |record: &FindingRecord| -> Option<(Life, Evidence)> {
            let life = next(&record.life, &Input::EchoSettled, now, &timing).ok()?;
            Some((life, record.evidence.clone()))
        };
        Ok(self.evaluate.desk.note(&record.finding.id, note).await?)
    }

    /// Others may have moved it: the next tick looks again.
    pub(super) async fn apply(
        &self,
        record: &FindingRecord,
        input: &Input,
        cause: &str,
    ) -> Result<(), SweepError> {
        let desk = &self.evaluate.desk;
        let evidence = record.evidence.clone();
        if let crate::mover::Moved::To(moved) = desk.apply(record, input, evidence, cause, Vec::new()).await?
        {
            desk.ring(&moved).await?;
        }
        Ok(())
    }
}
