//! From a message of the `events` queue to a finding in the ledger and a doorbell in a queue.

use crate::breaker::Breaker;
use crate::counted;
use crate::ledger::{Attr, Commit, Item, Refused};
use crate::mover::Moved;
use crate::tally::{Fate, Ignored};
use crate::{
    Clock, Desk, FindingRecord, Key, Ledger, LedgerError, MoveError, Queue, Retry, Session, recording, writes,
};
use jiff::{SignedDuration, Timestamp};
use model::{
    Cause, Culprit, Disposition, Evidence, Facts, FindingId, Input, Mode, Prior, Region, State, dispatch,
};
use rules::{Config, Judged, RuleBook};
use trail::{Change, Outcome as CallOutcome, ParseError, parse_envelope};

/// Evidence older than this needs approval (REL-4).
const LATE_AFTER: SignedDuration = SignedDuration::from_hours(24);
/// Other writers were faster so often that something is wrong.
const TRIES_MAX: usize = 5;

/// What the guard knows of itself.
#[derive(Debug)]
pub struct Guarded {
    pub rules: RuleBook,
    pub config: Config,
    pub region: Region,
    /// The role whose sessions touch accounts: `arn:aws:iam::…:role/…`.
    pub acting_role: String,
}

/// The `evaluate` function.
#[derive(Debug)]
pub struct Evaluate<L, Q, C> {
    pub desk: Desk<L, Q, C>,
    pub guarded: Guarded,
}

#[derive(Debug, thiserror::Error)]
pub enum EvaluateError {
    #[error("the message is no CloudTrail event that gardefou can read")]
    Message(#[source] ParseError),
    #[error(transparent)]
    Move(#[from] MoveError),
    #[error("finding `{0}` is written by others all the time")]
    Busy(FindingId),
}

impl From<LedgerError> for EvaluateError {
    fn from(error: LedgerError) -> Self {
        Self::Move(error.into())
    }
}

impl EvaluateError {
    pub fn retry(&self) -> Retry {
        match self {
            Self::Message(_) | Self::Move(MoveError::Record { .. }) => Retry::Never,
            Self::Move(MoveError::Ledger(error)) => error.retry(),
            Self::Move(MoveError::Queue(_)) | Self::Busy(_) => Retry::Later(None),
        }
    }
}

impl<L: Ledger, Q: Queue, C: Clock> Evaluate<L, Q, C> {
    /// One message. `Ok` only when all that it asks for is in the ledger and rung for.
    pub async fn message(&self, body: &[u8]) -> Result<Fate, EvaluateError> {
        let envelope = parse_envelope(body).map_err(EvaluateError::Message)?;
        if let Some(distrust) = envelope.distrust() {
            tracing::warn!(event.id = %envelope.change.event.id, %distrust, "ignored a forged event");
            return Ok(Fate::Ignored(Ignored::Forged));
        }
        let change = envelope.change;
        if let Some(fate) = self.passed_over(&change) {
            return Ok(fate);
        }
        let judged = self.guarded.rules.judge_each(&change);
        if judged.is_empty() {
            Ok(Fate::Ignored(unasked(&change)))
        } else {
            self.record_all(&change, judged).await
        }
    }

    /// Events that no rule is asked about.
    fn passed_over(&self, change: &Change) -> Option<Fate> {
        let Guarded { region, acting_role, .. } = &self.guarded;
        let own_session = |session: &str| session.starts_with(Session::PREFIX);
        let own_role = change.actor.role.as_deref() == Some(acting_role.as_str());
        if change.region != *region {
            Some(Fate::Ignored(Ignored::OutOfRegion))
        } else if own_role && change.actor.session.as_ref().is_some_and(|session| own_session(session.raw()))
        {
            Some(Fate::Echo)
        } else {
            None
        }
    }

    async fn record_all(&self, change: &Change, mut judged: Vec<Judged<'_>>) -> Result<Fate, EvaluateError> {
        let seen = Key::seen(&change.event.id, &change.account);
        if let Some(item) = self.desk.ledger.read(&seen).await? {
            self.ring_again(&item).await?;
            return Ok(Fate::Duplicate);
        }
        let now = self.desk.now();
        let Guarded { rules, config, .. } = &self.guarded;
        counted::count(&self.desk.ledger, &mut judged, change, now).await?;
        let (fate, result) = fate(&judged);
        let findings = match recording::finding(change, &judged, config, rules.pack(), now) {
            None => Vec::new(),
            Some(finding) => self.record(finding, change).await?,
        };
        self.remember(change, now).await?;
        let last = writes::seen(seen, result, &findings, &change.event, now);
        match self.desk.ledger.commit(&[last]).await? {
            Commit::Done => Ok(fate),
            // The same event in another batch: that one was counted.
            Commit::Refused(_) => Ok(Fate::Duplicate),
        }
    }

    /// The finding in the ledger, dispatched and rung for. Returns who takes care of the culprits.
    async fn record(
        &self,
        mut finding: model::Finding,
        change: &Change,
    ) -> Result<Vec<FindingId>, EvaluateError> {
        for culprit in &mut finding.culprits {
            culprit.prior = self.prior(change, culprit).await?;
        }
        let id = finding.id.clone();
        let now = self.desk.now();
        let cause = format!("{} {}", change.event.name, change.event.id);
        let born = writes::born(finding, &cause, now);
        let mut claims = born.finding.culprits.clone();
        for _ in 0..TRIES_MAX {
            let writes = writes::create(&born, &claims, &cause, now);
            let Commit::Refused(refused) = self.desk.ledger.commit(&writes).await? else {
                self.dispatch(born).await?;
                return Ok(vec![id]);
            };
            if refused.first().is_some_and(Refused::is_yes) {
                let there = self.desk.find(&id).await?.ok_or_else(|| EvaluateError::Busy(id.clone()))?;
                self.dispatch(there).await?;
                return Ok(vec![id]);
            }
            // Others own targets: they take care of those, this finding of the rest.
            let owned = |at: usize| refused.get(at + 2).and_then(owner);
            let owners: Vec<FindingId> = (0..claims.len()).filter_map(owned).collect();
            let free = claims.iter().enumerate().filter(|(at, _)| owned(*at).is_none());
            let free: Vec<Culprit> = free.map(|(_, culprit)| culprit.clone()).collect();
            if free.is_empty() && !owners.is_empty() {
                self.ring_for(&owners).await?;
                return Ok(owners);
            }
            claims = free;
        }
        Err(EvaluateError::Busy(id))
    }

    /// What the ledger knows that the culprit held before this change.
    async fn prior(&self, change: &Change, culprit: &Culprit) -> Result<Option<Prior>, EvaluateError> {
        let Some(key) = Key::known(&change.resource, &culprit.item) else { return Ok(None) };
        let item = self.desk.ledger.read(&key).await?;
        let known = item.as_ref().and_then(|item| crate::record::text(item, "known").ok());
        let prior = known.and_then(|known| serde_json::from_str::<Prior>(known).ok());
        Ok(prior.filter(|prior| prior.seen_at < change.event.time))
    }

    /// What the resource looks like since this change. Losing it costs precision later, never correctness.
    async fn remember(&self, change: &Change, now: Timestamp) -> Result<(), EvaluateError> {
        let mut notes = vec![writes::last_change(&change.resource, &change.event, now)];
        let known = change.items().take(writes::TARGETS_MAX);
        notes.extend(known.filter_map(|item| writes::known(&change.resource, &item, change.event.time, now)));
        for note in notes {
            self.desk.ledger.commit(&[note]).await?;
        }
        Ok(())
    }

    /// From OPEN to where it belongs, with the guards in the same transaction; then the doorbells.
    async fn dispatch(&self, mut record: FindingRecord) -> Result<(), EvaluateError> {
        for _ in 0..TRIES_MAX {
            if record.life.state != State::Open {
                self.desk.ring(&record).await?;
                return Ok(());
            }
            let now = self.desk.now();
            let breaker = self.breaker(&record, now).await?;
            let facts = self.facts(&record, breaker.open, now).await?;
            let disposition = dispatch(&facts);
            let reverts = disposition == Disposition::Revert;
            let guards = if reverts { breaker.guards(now) } else { Vec::new() };
            let input = Input::Dispatched(disposition);
            match self.desk.apply(&record, &input, Evidence::default(), "dispatch", guards).await? {
                Moved::To(moved) => {
                    if reverts && let Some(uncounted) = breaker.uncounted(now) {
                        self.desk.ledger.commit(&[uncounted]).await?;
                    }
                    record = *moved;
                }
                Moved::Overtaken | Moved::Guarded | Moved::Rejected(_) => {
                    let id = record.finding.id.clone();
                    record = self.desk.find(&id).await?.ok_or(EvaluateError::Busy(id))?;
                }
            }
        }
        Err(EvaluateError::Busy(record.finding.id))
    }

    async fn facts(
        &self,
        record: &FindingRecord,
        breaker_open: bool,
        now: Timestamp,
    ) -> Result<Facts, EvaluateError> {
        let finding = &record.finding;
        let Cause::Event(event) = &finding.cause;
        Ok(Facts {
            granted: finding.mode(),
            waived: false,
            undecided: finding.violations.is_empty(),
            holds: finding.violations.iter().any(|violation| violation.holds),
            protected: self.guarded.config.protects(&finding.resource),
            fight: false,
            breaker_open,
            kill: self.desk.kill_switch().await?,
            late: now.duration_since(event.time) > LATE_AFTER,
            returned: false,
        })
    }

    async fn breaker(&self, record: &FindingRecord, now: Timestamp) -> Result<Breaker, EvaluateError> {
        let finding = &record.finding;
        match finding.counted_under() {
            Some(violation) if finding.mode() == Mode::Revert => {
                let caps = self.guarded.config.breaker;
                let account = &finding.resource.account;
                Ok(Breaker::read(&self.desk.ledger, caps, account, &violation.rule, now).await?)
            }
            _ => Ok(Breaker::default()),
        }
    }

    /// A redelivery: the writer may have died between the ledger and the queue.
    async fn ring_again(&self, seen: &Item) -> Result<(), EvaluateError> {
        let Some(Attr::List(ids)) = seen.get("findings") else { return Ok(()) };
        let ids: Vec<FindingId> = ids.iter().filter_map(|id| id.parse().ok()).collect();
        self.ring_for(&ids).await
    }

    async fn ring_for(&self, ids: &[FindingId]) -> Result<(), EvaluateError> {
        for id in ids {
            if let Some(record) = self.desk.find(id).await? {
                self.dispatch(record).await?;
            }
        }
        Ok(())
    }
}

/// Why no rule asks for a change: a failed call and a read are asked for by few.
fn unasked(change: &Change) -> Ignored {
    match &change.outcome {
        CallOutcome::Failed { .. } => Ignored::Failed,
        CallOutcome::DryRun => Ignored::DryRun,
        CallOutcome::Done if change.read_only => Ignored::ReadOnly,
        CallOutcome::Done => Ignored::Unasked,
    }
}

/// Whose target claim stands in the way.
fn owner(refused: &Refused) -> Option<FindingId> {
    let Refused::Yes(Some(item)) = refused else { return None };
    crate::record::text(item, "finding").ok()?.parse().ok()
}

/// The worst of the verdicts, and its word in the ledger.
fn fate(judged: &[Judged<'_>]) -> (Fate, &'static str) {
    use model::Verdict;
    let any = |test: fn(&Verdict) -> bool| judged.iter().any(|judged| test(&judged.verdict));
    if any(|verdict| matches!(verdict, Verdict::Violation(_))) {
        (Fate::Violating, "violating")
    } else if any(|verdict| matches!(verdict, Verdict::Undecided { .. })) {
        (Fate::Undecided, "undecided")
    } else {
        (Fate::Quiet, "quiet")
    }
}
