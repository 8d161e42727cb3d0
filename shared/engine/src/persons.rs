//! What people decide: approve, waive, acknowledge, close, undo, and the kill switch.

use crate::breaker::Breaker;
use crate::ledger::{Commit, Refused, Write};
use crate::mover::Moved;
use crate::{Clock, Desk, FindingRecord, Ledger, LedgerError, MoveError, Queue, recording, writes};
use jiff::{SignedDuration, Timestamp};
use model::{
    AccountId, Approval, Cause, ContentHash, Evidence, Finding, FindingId, Input, Life, NotWaivable,
    Rejected, RuleId, State, Untrusted, Waiver, WaiverId, Work,
};
use rules::Breaker as Caps;

/// How often a finding that moves meanwhile is read again.
const TRIES_MAX: usize = 5;
/// Longer is no acknowledgement but a waiver.
const ACKNOWLEDGED_MAX: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Who decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// What AWS calls them: an ARN, or the name that a channel proved.
    pub name: String,
}

/// Until when something stands.
pub type Until = Timestamp;

/// The use cases of people, over the ledger and the queues.
#[derive(Debug, Clone)]
pub struct Persons<L, Q, C> {
    pub desk: Desk<L, Q, C>,
    pub caps: Caps,
}

/// Why nothing was decided.
#[derive(Debug, thiserror::Error)]
pub enum DecisionError {
    #[error(transparent)]
    Move(#[from] MoveError),
    #[error("there is no finding `{0}`")]
    Unknown(FindingId),
    #[error("finding `{finding}` is {state}: {why}")]
    Refused { finding: FindingId, state: String, why: Rejected },
    #[error("finding `{0}` moves all the time: look at it again")]
    Busy(FindingId),
    #[error("who made the change does not approve it")]
    OwnChange,
    #[error("this needs a reason")]
    NoReason,
    #[error(transparent)]
    NotWaivable(#[from] NotWaivable),
    #[error("an acknowledgement ends within {days} days", days = ACKNOWLEDGED_MAX.as_hours() / 24)]
    TooLong,
    #[error("only what gardefou took back can be put back, and finding `{0}` is {1}")]
    NothingToUndo(FindingId, String),
    #[error("there is a waiver `{0}` already")]
    Taken(WaiverId),
    #[error("it was undone before: finding `{0}`")]
    Undone(FindingId),
}

impl From<LedgerError> for DecisionError {
    fn from(error: LedgerError) -> Self {
        Self::Move(error.into())
    }
}

impl<L: Ledger, Q: Queue, C: Clock> Persons<L, Q, C> {
    /// Lets gardefou take it back. `version`: the one that the person saw.
    pub async fn approve(
        &self,
        id: &FindingId,
        version: u64,
        by: &Person,
    ) -> Result<FindingRecord, DecisionError> {
        let record = self.find(id).await?;
        if record.finding.actor.arn.as_deref() == Some(by.name.as_str()) {
            return Err(DecisionError::OwnChange);
        }
        let kill = self.desk.kill_switch().await?;
        let of: Vec<ContentHash> =
            record.finding.culprits.iter().map(|culprit| culprit.item.content()).collect();
        let input = Input::Approve { by: Untrusted::new(by.name.clone()), of, version, kill };
        let mut guards = vec![writes::kill_switch_off()];
        guards.extend(self.counted(&record).await?);
        self.decide(record, &input, &format!("approved by {}", by.name), guards).await
    }

    /// What a person approved counts in the breaker, and is never refused by it.
    async fn counted(&self, record: &FindingRecord) -> Result<Vec<Write>, DecisionError> {
        let FindingRecord { finding, life, .. } = record;
        let violation = finding.counted_under(life).or_else(|| finding.violations.first());
        let Some(violation) = violation else { return Ok(Vec::new()) };
        let (account, now) = (&finding.resource.account, self.desk.now());
        let breaker = Breaker::read(&self.desk.ledger, self.caps, account, &violation.rule, now).await?;
        Ok(breaker.approved(now))
    }

    /// Lets it stand until then: this finding, and what violates the same rules on the same resource from now on.
    pub async fn waive(
        &self,
        id: &FindingId,
        until: Until,
        by: &Person,
        reason: &str,
    ) -> Result<FindingRecord, DecisionError> {
        let record = self.find(id).await?;
        let waivers = self.waivers(&record.finding, until, by, reason)?;
        let grants = waivers.iter().map(writes::waiver_granted).collect();
        let cause = format!("waived by {}: {}", by.name, in_short(reason));
        self.decide(record, &Input::Waive { until }, &cause, grants).await
    }

    /// A waiver that is not about one finding.
    pub async fn grant(&self, waiver: &Waiver) -> Result<(), DecisionError> {
        waiver.check()?;
        match self.desk.ledger.commit(&[writes::waiver_granted(waiver)]).await? {
            Commit::Done => Ok(()),
            Commit::Refused(_) => Err(DecisionError::Taken(waiver.id.clone())),
        }
    }

    /// Takes it over: no automation until then, and nobody is called.
    pub async fn acknowledge(
        &self,
        id: &FindingId,
        until: Until,
        by: &Person,
    ) -> Result<FindingRecord, DecisionError> {
        if until.duration_since(self.desk.now()) > ACKNOWLEDGED_MAX {
            return Err(DecisionError::TooLong);
        }
        let record = self.find(id).await?;
        self.decide(record, &Input::Acknowledge { until }, &format!("taken over by {}", by.name), Vec::new())
            .await
    }

    pub async fn close(
        &self,
        id: &FindingId,
        by: &Person,
        reason: &str,
    ) -> Result<FindingRecord, DecisionError> {
        if reason.trim().is_empty() {
            return Err(DecisionError::NoReason);
        }
        let record = self.find(id).await?;
        let cause = format!("closed by {}: {}", by.name, in_short(reason));
        self.decide(record, &Input::Close, &cause, Vec::new()).await
    }

    /// Puts back what was taken, and lets it stand: the finding that does so, with its waivers, in one transaction.
    pub async fn undo(
        &self,
        id: &FindingId,
        until: Until,
        by: &Person,
        reason: &str,
    ) -> Result<FindingRecord, DecisionError> {
        let record = self.find(id).await?;
        let taken = record.evidence.plan.as_ref().map(|plan| plan.takes_back.clone()).unwrap_or_default();
        if taken.is_empty() || record.life.state != State::Reverted {
            return Err(DecisionError::NothingToUndo(id.clone(), record.life.state.label()));
        }
        let now = self.desk.now();
        let cause = Cause::Undo { of: id.clone(), by: Untrusted::new(by.name.clone()) };
        let actor = record.finding.actor.clone();
        let finding = recording::putting_back(&record.finding, cause, &taken, actor, now);
        let approval = Approval { by: Untrusted::new(by.name.clone()), at: now, of: Vec::new() };
        let born = Life::born_queued(now, Work::Undo, Some(approval), &self.desk.timing);
        let life = Life { until: Some(until), ..born };
        let cause = format!("undone by {}: {}", by.name, in_short(reason));
        let born = writes::born(finding, life, &cause, now);
        let waivers = self.waivers(&record.finding, until, by, reason)?;
        let mut writes = writes::create(&born, &[], &cause, now);
        writes.extend(waivers.iter().map(writes::waiver_granted));
        writes.push(writes::unmoved_check(&record));
        if let Commit::Refused(refused) = self.desk.ledger.commit(&writes).await? {
            let linked = born.finding.id;
            let there = refused.first().is_some_and(Refused::is_yes);
            return Err(if there { DecisionError::Undone(linked) } else { DecisionError::Busy(id.clone()) });
        }
        self.desk.ring(&born).await?;
        Ok(born)
    }

    /// On: nothing is called any more. Off: nothing starts by itself.
    pub async fn kill_switch(&self, on: bool, by: &Person, reason: &str) -> Result<(), DecisionError> {
        if reason.trim().is_empty() {
            return Err(DecisionError::NoReason);
        }
        let write = writes::kill_switch(on, &by.name, &in_short(reason), self.desk.now());
        self.desk.ledger.commit(&[write]).await?;
        tracing::warn!(on, by = by.name, "the kill switch was turned");
        Ok(())
    }

    async fn find(&self, id: &FindingId) -> Result<FindingRecord, DecisionError> {
        self.desk.find(id).await?.ok_or_else(|| DecisionError::Unknown(id.clone()))
    }

    /// Moves it, as long as the transition function says yes to what it is by then.
    async fn decide(
        &self,
        mut record: FindingRecord,
        input: &Input,
        cause: &str,
        guards: Vec<Write>,
    ) -> Result<FindingRecord, DecisionError> {
        let id = record.finding.id.clone();
        for _ in 0..TRIES_MAX {
            let evidence: Evidence = record.evidence.clone();
            match self.desk.apply(&record, input, evidence, cause, guards.clone()).await? {
                Moved::To(moved) => {
                    self.desk.ring(&moved).await?;
                    return Ok(*moved);
                }
                Moved::Rejected(why) => {
                    return Err(DecisionError::Refused {
                        finding: id,
                        state: record.life.state.label(),
                        why,
                    });
                }
                Moved::Guarded => {
                    let state = record.life.state.label();
                    return Err(DecisionError::Refused { finding: id, state, why: Rejected::KillSwitch });
                }
                Moved::Overtaken => {
                    let moved = self.find(&id).await?;
                    if moved.life.approval != record.life.approval {
                        // Another person decided, and this one did not see that.
                        let (state, why) = (moved.life.state.label(), Rejected::Outdated);
                        return Err(DecisionError::Refused { finding: id, state, why });
                    }
                    record = moved;
                }
            }
        }
        Err(DecisionError::Busy(id))
    }

    /// One for each rule that it violates, on this resource alone, from now on.
    fn waivers(
        &self,
        finding: &Finding,
        until: Until,
        by: &Person,
        reason: &str,
    ) -> Result<Vec<Waiver>, DecisionError> {
        let now = self.desk.now();
        // CloudTrail's times have whole seconds: what happens in this one is covered.
        let from = Timestamp::from_second(now.as_second()).unwrap_or(now);
        let waiver = |rule: &RuleId| {
            let account: &AccountId = &finding.resource.account;
            let waiver = Waiver {
                id: waiver_id(&finding.id, rule, now)?,
                rule: Some(rule.clone()),
                account: Some(account.clone()),
                resource: finding.resource.id.raw().to_owned(),
                actor: None,
                owner: by.name.clone(),
                reason: reason.to_owned(),
                from,
                until,
            };
            waiver.check().map(|()| waiver)
        };
        let rules = finding.violations.iter().map(|violation| &violation.rule);
        Ok(rules.map(waiver).collect::<Result<_, _>>()?)
    }
}

/// Named after the finding that it came of; unique, because a finding moves between two of them.
fn waiver_id(finding: &FindingId, rule: &RuleId, now: Timestamp) -> Result<WaiverId, NotWaivable> {
    let text = format!("{}-{}-{rule}", finding.as_str().get(..8).unwrap_or_default(), now.as_second());
    let short: String = text.chars().take(80).collect();
    short.trim_end_matches('-').parse().map_err(|_| NotWaivable::Blank("name"))
}

/// A person's words, as long as they are kept in a line of history.
fn in_short(reason: &str) -> String {
    reason.chars().filter(|c| !c.is_control()).take(200).collect()
}
