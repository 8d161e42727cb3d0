//! From a doorbell to a change taken back: claim, observe, confirm, plan, arm, carry out, compare, verify.

use crate::breaker::Breaker;
use crate::decide::{Decision, Scene, decide, done};
use crate::evaluate::{Guarded, known};
use crate::mover::Moved;
use crate::ports::{Hands, Observer, ObserverError, Outcome, Removed, Retry, Session, StepError, chain};
use crate::{Clock, Desk, Doorbell, FindingRecord, Key, Ledger, LedgerError, MoveError, Queue, writes};
use jiff::SignedDuration;
use model::planted::{self, Bug};
use model::{Evidence, Input, Item, Manual, Observed, Plan, State, Step, Work, WorkerId};
use revert::alike;
use std::sync::Arc;

/// The first wait after AWS asked for one; doubled with each attempt.
const BACK_OFF: SignedDuration = SignedDuration::from_secs(10);
const BACK_OFF_MAX: SignedDuration = SignedDuration::from_mins(15);

/// A `revert` function.
#[derive(Debug)]
pub struct Revert<L, Q, C, O, H> {
    pub desk: Desk<L, Q, C>,
    pub observer: O,
    pub hands: H,
    pub guarded: Arc<Guarded>,
}

#[derive(Debug, thiserror::Error)]
pub enum RevertError {
    #[error(transparent)]
    Move(#[from] MoveError),
    #[error("resource of finding `{finding}` cannot be verified")]
    Verify { finding: String, source: ObserverError },
}

impl From<LedgerError> for RevertError {
    fn from(error: LedgerError) -> Self {
        Self::Move(error.into())
    }
}

impl<L: Ledger, Q: Queue, C: Clock, O: Observer, H: Hands> Revert<L, Q, C, O, H> {
    /// The message goes only after the ledger is written; what it says is read from the ledger, not from it.
    pub async fn doorbell(&self, doorbell: &Doorbell, worker: &WorkerId) -> Result<Outcome, RevertError> {
        let Some(record) = self.desk.find(&doorbell.finding).await? else {
            tracing::warn!(finding.id = %doorbell.finding, "a doorbell for a finding that does not exist");
            return Ok(Outcome::Done);
        };
        match record.life.state {
            State::Queued(_) | State::Reverting(_) => self.claim(record, worker).await,
            State::Verifying { .. } => self.verify(record).await,
            _ => Ok(Outcome::Done),
        }
    }

    async fn claim(&self, record: FindingRecord, worker: &WorkerId) -> Result<Outcome, RevertError> {
        let kill = self.desk.kill_switch().await?;
        let input = Input::Claim { by: worker.clone(), kill };
        let guarded = record.life.work != Work::Confirm && !kill;
        let mut guards = if guarded { vec![writes::kill_switch_off()] } else { Vec::new() };
        if planted::is(Bug::BreakerPerAttempt) {
            guards.extend(self.attempted(&record).await?);
        }
        let evidence = record.evidence.clone();
        match self.desk.apply(&record, &input, evidence, "claimed by a worker", guards).await? {
            Moved::To(claimed) => match claimed.life.state {
                State::Reverting(_) => self.work(*claimed, worker).await,
                _ => self.rung(&claimed).await,
            },
            // Whoever holds it has its own message; when that worker died, its message comes back.
            Moved::Rejected(_) | Moved::Overtaken => Ok(Outcome::Done),
            Moved::Guarded => Ok(Outcome::Later(SignedDuration::from_secs(1))),
        }
    }

    /// The planted fault: the breaker counts here what it should count when the finding is queued.
    async fn attempted(&self, record: &FindingRecord) -> Result<Vec<crate::Write>, RevertError> {
        let Some(violation) = record.finding.counted_under(&record.life) else { return Ok(Vec::new()) };
        let (caps, now) = (self.guarded.config.breaker, self.desk.now());
        let account = &record.finding.resource.account;
        Ok(Breaker::read(&self.desk.ledger, caps, account, &violation.rule, now).await?.approved(now))
    }

    fn scene<'a>(&'a self, record: &'a FindingRecord, observed: &'a Observed) -> Scene<'a> {
        let Guarded { rules, config, .. } = &*self.guarded;
        let FindingRecord { finding, life, .. } = record;
        Scene { finding, life, observed, rules, config }
    }

    /// Claimed: look, decide, and act or say why not.
    async fn work(&self, record: FindingRecord, worker: &WorkerId) -> Result<Outcome, RevertError> {
        if record.life.cancel {
            let evidence = record.evidence.clone();
            return self.leave(record, &Input::Cancelled, evidence, "a person asked to cancel").await;
        }
        let observed = match self.observer.observe(&record.finding.resource).await {
            Ok(observed) => observed,
            Err(error) => return self.not_observed(record, &error).await,
        };
        let mut evidence = record.evidence.clone();
        match decide(&self.scene(&record, &observed)) {
            Decision::Act(plan) if self.is_outdated(&record, &plan).await? => {
                self.leave(record, &Input::Absent, evidence, "a newer change is known").await
            }
            Decision::Act(plan) => self.act(record, plan, worker).await,
            Decision::BlastRadius(why) => {
                evidence.obstacle = Some(why);
                self.leave(record, &Input::BlastRadius, evidence, "too much depends on it").await
            }
            Decision::Absent => self.leave(record, &Input::Absent, evidence, "nothing to take back").await,
            Decision::Confirmed(granted) => {
                self.leave(record, &Input::Confirmed { granted }, evidence, "confirmed on present state")
                    .await
            }
            Decision::GiveUp(manual, refusal) => {
                evidence.refusal = refusal;
                self.leave(record, &Input::GaveUp(manual), evidence, "no plan").await
            }
        }
    }

    /// A newer change wins (REL-5): what was just read may be older than what an event told of the same line.
    async fn is_outdated(&self, record: &FindingRecord, plan: &Plan) -> Result<bool, RevertError> {
        for item in &plan.takes_back {
            let Some(key) = Key::known(&record.finding.resource, item) else { continue };
            let known = self.desk.ledger.read(&key).await?.as_ref().and_then(known);
            let newer = |known: &model::Prior| known.seen_at > record.finding.happened_at();
            if known.filter(newer).is_some_and(|known| !alike(&known.item, item)) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn not_observed(
        &self,
        record: FindingRecord,
        error: &ObserverError,
    ) -> Result<Outcome, RevertError> {
        let mut evidence = record.evidence.clone();
        if let Retry::Later(_) = error.retry() {
            return self.later(record, evidence).await;
        }
        evidence.obstacle = Some(chain(error));
        let manual = match (record.life.work, error) {
            (Work::Confirm, _) => Manual::NotConfirmed,
            (_, ObserverError::Denied(_)) => Manual::Denied,
            _ => Manual::NotObservable,
        };
        self.leave(record, &Input::GaveUp(manual), evidence, "the resource could not be read").await
    }

    /// Arms with the pre-image, carries the plan out, and compares.
    async fn act(
        &self,
        record: FindingRecord,
        plan: Plan,
        worker: &WorkerId,
    ) -> Result<Outcome, RevertError> {
        let armed_at = Some(self.desk.now());
        let stored = Some(with_taken(&plan, &record.evidence));
        let evidence = Evidence { plan: stored, armed_at, ..record.evidence.clone() };
        let armed = match self.arm(&record, &evidence, worker).await? {
            Moved::To(armed) => *armed,
            Moved::Guarded | Moved::Rejected(_) | Moved::Overtaken => return Ok(Outcome::Done),
        };
        if !matches!(armed.life.state, State::Reverting(_)) {
            return self.rung(&armed).await;
        }
        let session = Session { finding: armed.finding.id.clone(), epoch: armed.life.epoch };
        let mut evidence = armed.evidence.clone();
        for step in &plan.steps {
            match self.hands.carry_out(step, &armed.finding.resource, &session).await {
                Ok(removed) => {
                    let mut more = unplanned(&removed, step, &plan);
                    more.retain(|item| self.guarded.is_compliant(item));
                    evidence.removed.extend(removed.ids);
                    if !more.is_empty() {
                        // CloudTrail's record of the call says the same, if this is lost.
                        self.desk.open_collateral(&armed, &more).await?;
                    }
                }
                Err(error) => return self.stopped(armed, evidence, &error).await,
            }
        }
        self.leave(armed, &Input::Answered, evidence, "AWS answered").await
    }

    /// With the kill switch in the same transaction: refused, it was switched on meanwhile, and a person is asked.
    async fn arm(
        &self,
        record: &FindingRecord,
        evidence: &Evidence,
        worker: &WorkerId,
    ) -> Result<Moved, LedgerError> {
        let input = |kill| Input::Arm { by: worker.clone(), kill };
        let cause = "pre-image stored";
        if !self.desk.kill_switch().await? {
            let guards = vec![writes::kill_switch_off()];
            let moved = self.desk.apply(record, &input(false), evidence.clone(), cause, guards).await?;
            match moved {
                Moved::Guarded => {}
                Moved::Overtaken => return self.asked_to_cancel(record).await,
                moved => return Ok(moved),
            }
        }
        self.desk
            .apply(record, &input(true), record.evidence.clone(), "the kill switch is on", Vec::new())
            .await
    }

    /// Somebody wrote to the finding while this worker holds it: a person who wants it to stand.
    async fn asked_to_cancel(&self, record: &FindingRecord) -> Result<Moved, LedgerError> {
        let now = match self.desk.find(&record.finding.id).await {
            Ok(Some(now)) if now.life.epoch == record.life.epoch && now.life.cancel => now,
            _ => return Ok(Moved::Overtaken),
        };
        let evidence = now.evidence.clone();
        self.desk.apply(&now, &Input::Cancelled, evidence, "a person asked to cancel", Vec::new()).await
    }

    async fn stopped(
        &self,
        armed: FindingRecord,
        mut evidence: Evidence,
        error: &StepError,
    ) -> Result<Outcome, RevertError> {
        tracing::warn!(finding.id = %armed.finding.id, error = %chain(error), "a step was not carried out");
        if let StepError::Unanswered(_) = error {
            // It may still be applied: nobody else gets the finding, and no waiver is granted, before that is over.
            let left = armed.life.lease.as_ref().map(|lease| lease.until.duration_since(self.desk.now()));
            return Ok(Outcome::Later(left.unwrap_or_default().max(SignedDuration::from_secs(1))));
        }
        if let Retry::Later(_) = error.retry() {
            return self.later(armed, evidence).await;
        }
        evidence.obstacle = Some(chain(error));
        self.leave(armed, &Input::Denied, evidence, "AWS refused").await
    }

    /// Back to the queue; the same message returns when the back-off has passed.
    async fn later(&self, record: FindingRecord, evidence: Evidence) -> Result<Outcome, RevertError> {
        let doubled = BACK_OFF.saturating_mul(1 << record.life.attempts.saturating_sub(1).min(10));
        let after = doubled.min(BACK_OFF_MAX);
        match self
            .desk
            .apply(&record, &Input::TryLater { after }, evidence, "AWS asks to wait", Vec::new())
            .await?
        {
            Moved::To(_) => Ok(Outcome::Later(after)),
            _ => Ok(Outcome::Done),
        }
    }

    /// A move that ends this worker's part.
    async fn leave(
        &self,
        record: FindingRecord,
        input: &Input,
        evidence: Evidence,
        cause: &str,
    ) -> Result<Outcome, RevertError> {
        match self.desk.apply(&record, input, evidence, cause, Vec::new()).await? {
            Moved::To(moved) => self.rung(&moved).await,
            // The lease ran out and another worker goes on from here.
            Moved::Overtaken | Moved::Guarded | Moved::Rejected(_) => Ok(Outcome::Done),
        }
    }

    async fn rung(&self, record: &FindingRecord) -> Result<Outcome, RevertError> {
        self.desk.ring(record).await?;
        Ok(Outcome::Done)
    }

    /// Reads again what is believed to be gone. Early doorbells come back when it is time.
    async fn verify(&self, record: FindingRecord) -> Result<Outcome, RevertError> {
        let now = self.desk.now();
        if let Some(due) = record.life.due_at.filter(|due| *due > now) {
            return Ok(Outcome::Later(due.duration_since(now)));
        }
        let observed = match self.observer.observe(&record.finding.resource).await {
            Ok(observed) => observed,
            // It will never be read: what is not seen to be done is not done, and the next claim says why it stops.
            Err(error) if error.retry() == Retry::Never => {
                let evidence = Evidence { obstacle: Some(chain(&error)), ..record.evidence.clone() };
                let unread = Input::Read { gone: false, approve_left: false };
                return self.leave(record, &unread, evidence, "it could not be read again").await;
            }
            Err(source) => {
                return Err(RevertError::Verify { finding: record.finding.id.to_string(), source });
            }
        };
        let (gone, approve_left) = done(&self.scene(&record, &observed));
        let evidence = record.evidence.clone();
        let cause = if gone { "read again: done" } else { "read again: not done" };
        self.leave(record, &Input::Read { gone, approve_left }, evidence, cause).await
    }
}

/// The plan, and what earlier ones of the same finding took: all of that can be put back.
fn with_taken(plan: &Plan, before: &Evidence) -> Plan {
    let planned = |item: &Item| plan.takes_back.iter().any(|one| one.id() == item.id());
    let removed = |item: &&Item| item.id().is_some_and(|id| before.removed.iter().any(|gone| gone == id));
    let earlier = before.plan.iter().flat_map(|plan| &plan.takes_back);
    let earlier = earlier.filter(removed).filter(|item| !planned(item)).cloned();
    Plan { steps: plan.steps.clone(), takes_back: earlier.chain(plan.takes_back.iter().cloned()).collect() }
}

/// What AWS says it removed with another content than was planned: somebody changed it in between.
fn unplanned(removed: &Removed, step: &Step, plan: &Plan) -> Vec<Item> {
    let planned = |item: &Item| plan.takes_back.iter().any(|one| one.id() == item.id() && alike(one, item));
    match step {
        Step::RevokeIngress { .. } | Step::RevokeEgress { .. } => {
            removed.items.iter().filter(|item| !planned(item)).cloned().collect()
        }
        Step::RestoreRules { .. } | Step::AuthorizeIngress { .. } | Step::AuthorizeEgress { .. } => {
            Vec::new()
        }
    }
}
