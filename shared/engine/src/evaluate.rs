//! From a message of the `events` queue to a finding in the ledger and a doorbell in a queue.

use crate::counted;
use crate::ledger::{self, Attr, Commit, Refused};
use crate::recording::{self, Found};
use crate::tally::{Fate, Ignored};
use crate::waiving::Waivers;
use crate::writes::{self, Claim};
use crate::{Clock, Desk, Key, Ledger, LedgerError, MoveError, Queue, Retry};
use jiff::Timestamp;
use model::planted::{self, Bug};
use model::{
    AccountId, Cause, Culprit, Finding, FindingId, Gravity, GroupId, Item, Life, Mode, Observed, Prior,
    Region, SecurityGroup, State, Untrusted, Verdict,
};
use rules::{Asking, Config, Judged, RuleBook};
use std::collections::BTreeMap;
use std::sync::Arc;
use trail::{Change, Outcome as CallOutcome, ParseError, parse_envelope};

/// Other writers were faster so often that something is wrong.
pub(crate) const TRIES_MAX: usize = 5;

/// What the guard knows of itself.
#[derive(Debug)]
pub struct Guarded {
    pub rules: RuleBook,
    pub config: Config,
    pub region: Region,
    /// The role whose sessions touch accounts: `arn:aws:iam::…:role/…`.
    pub acting_role: String,
}

impl Guarded {
    /// The acting role has the same name in every guarded account.
    pub(crate) fn is_acting_role(&self, role: &str, account: &AccountId) -> bool {
        let own: Vec<&str> = self.acting_role.splitn(6, ':').collect();
        let theirs: Vec<&str> = role.splitn(6, ':').collect();
        match (own.as_slice(), theirs.as_slice()) {
            ([own @ .., _, name], [theirs @ .., of, named]) => {
                own == theirs && name == named && *of == account.as_str()
            }
            _ => false,
        }
    }

    /// May this stand, by itself, as far as the rules of present state say? What they would take back is no loss.
    pub(crate) fn is_compliant(&self, item: &Item) -> bool {
        let Item::Opening(line) = item else { return true };
        let group = SecurityGroup {
            group: GroupId::nobody(),
            name: Untrusted::default(),
            tags: BTreeMap::new(),
            lines: vec![line.clone()],
            prefix_lists: BTreeMap::new(),
            uses: None,
        };
        let judged = self.rules.judge_sighting(&Observed::SecurityGroup(group));
        !judged.iter().any(|judged| judged.rule.mode >= Mode::Approve && judged.rule.reverter.is_some())
    }
}

/// The `evaluate` function.
#[derive(Debug, Clone)]
pub struct Evaluate<L, Q, C> {
    pub desk: Desk<L, Q, C>,
    pub guarded: Arc<Guarded>,
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
        let now = self.desk.now();
        self.desk.meter.time("EventAgeMs", envelope.change.event.time, now);
        self.change(&envelope.change).await
    }

    /// One change, whoever told of it: EventBridge, or the trail itself when an event was lost.
    pub async fn change(&self, change: &Change) -> Result<Fate, EvaluateError> {
        if change.region != self.guarded.region {
            return Ok(Fate::Ignored(Ignored::OutOfRegion));
        }
        if let Some(session) = self.own_session(change) {
            self.echo(change, &session).await?;
            return Ok(Fate::Echo);
        }
        let judged = self.guarded.rules.judge_each(change);
        if judged.is_empty() {
            Ok(Fate::Ignored(unasked(change)))
        } else {
            self.record_all(change, judged).await
        }
    }

    async fn record_all(&self, change: &Change, mut judged: Vec<Judged<'_>>) -> Result<Fate, EvaluateError> {
        let seen = Key::seen(&change.event.id, &change.account);
        if let Some(item) = self.desk.ledger.read(&seen).await? {
            self.ring_again(&item).await?;
            return Ok(Fate::Duplicate);
        }
        let now = self.desk.now();
        let Guarded { rules, config, .. } = &*self.guarded;
        counted::count(&self.desk.ledger, &mut judged, change, now).await?;
        let (fate, result) = fate(&judged);
        let tags = self.known_tags(change).await?;
        let asking = Asking { account: &change.account, actor: Some(&change.actor), tags: tags.as_ref() };
        let allowed = config.allowance.allowed(asking).mode;
        let findings = match recording::finding(Found::Change(change), &judged, allowed, rules.pack(), now) {
            None => Vec::new(),
            Some(mut finding) => {
                for culprit in &mut finding.culprits {
                    culprit.prior = self.prior(change, culprit).await?;
                }
                let gravity = recording::gravity(&finding, &judged);
                let cause = format!("{} {}", change.event.name, change.event.id);
                if planted::is(Bug::SeenFirst) {
                    let promised = [finding.id.clone()];
                    let first = writes::seen(seen.clone(), result, &promised, &change.event, now);
                    self.desk.ledger.commit(&[first]).await?;
                }
                self.record(finding, gravity, &cause).await?
            }
        };
        self.remember(change, now).await?;
        let last = writes::seen(seen, result, &findings, &change.event, now);
        match self.desk.ledger.commit(&[last]).await? {
            Commit::Done => Ok(fate),
            Commit::Refused(_) if planted::is(Bug::SeenFirst) => Ok(fate),
            // The same event in another batch: that one was counted.
            Commit::Refused(_) => Ok(Fate::Duplicate),
        }
    }

    /// The finding in the ledger, dispatched and rung for. Returns who takes care of the culprits.
    pub(crate) async fn record(
        &self,
        mut finding: Finding,
        gravity: Gravity,
        cause: &str,
    ) -> Result<Vec<FindingId>, EvaluateError> {
        let now = self.desk.now();
        if !finding.violations.is_empty() {
            let account = &finding.resource.account;
            let waivers = Waivers::of(&self.desk.ledger, &self.guarded.config, account).await?;
            waivers.mark(&mut finding, now);
        }
        let id = finding.id.clone();
        let born = writes::born(finding, Life::born(now, gravity), cause, now);
        let mut claims: Vec<Claim> = born.finding.culprits.iter().map(Claim::of).collect();
        for _ in 0..TRIES_MAX {
            let writes = writes::create(&born, &claims, cause, now);
            let Commit::Refused(refused) = self.desk.ledger.commit(&writes).await? else {
                self.desk.meter.count("FindingsOpened");
                self.dispatch(born).await?;
                return Ok(vec![id]);
            };
            if refused.first().is_some_and(Refused::is_yes) {
                let there = self.desk.find(&id).await?.ok_or_else(|| EvaluateError::Busy(id.clone()))?;
                self.dispatch(there).await?;
                return Ok(vec![id]);
            }
            // Others own targets: they take care of those, this finding of the rest.
            let (kept, owners) = self.unowned(claims, &refused, &born.finding).await?;
            if kept.is_empty() && !owners.is_empty() {
                self.ring_for(&owners).await?;
                return Ok(owners);
            }
            claims = kept;
        }
        Err(EvaluateError::Busy(id))
    }

    /// The claims that nobody else has, and who has the others. What ended without being taken back, and is there
    /// again, is a recurrence: it is the new finding's.
    async fn unowned(
        &self,
        claims: Vec<Claim>,
        refused: &[Refused],
        finding: &Finding,
    ) -> Result<(Vec<Claim>, Vec<FindingId>), EvaluateError> {
        let (mut kept, mut owners) = (Vec::new(), Vec::new());
        for (at, claim) in claims.into_iter().enumerate() {
            let Some(owner) = refused.get(at + 2).and_then(owner) else {
                kept.push(claim);
                continue;
            };
            let record = self.desk.find(&owner).await?;
            if record.is_none_or(|record| yields(&record.finding, record.life.state, finding)) {
                kept.push(Claim { from: Some(owner), ..claim });
            } else if !owners.contains(&owner) {
                owners.push(owner);
            }
        }
        Ok((kept, owners))
    }

    /// What the ledger knows that the culprit held before this change.
    async fn prior(&self, change: &Change, culprit: &Culprit) -> Result<Option<Prior>, EvaluateError> {
        let Some(key) = Key::known(&change.resource, &culprit.item) else { return Ok(None) };
        let prior = self.desk.ledger.read(&key).await?.as_ref().and_then(known);
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
        self.compare_taken(change).await
    }

    /// A redelivery: the writer may have died between the ledger and the queue.
    async fn ring_again(&self, seen: &ledger::Item) -> Result<(), EvaluateError> {
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

/// What the ledger knows that an item held.
pub(crate) fn known(item: &ledger::Item) -> Option<Prior> {
    serde_json::from_str(crate::record::text(item, "known").ok()?).ok()
}

/// Does `other` leave its culprits to this finding? When it ended before this was found, though they were left where
/// they are; and when a sweep was faster than the event that tells who did it, and nobody has decided yet.
fn yields(other: &Finding, state: State, finding: &Finding) -> bool {
    let by_an_event = matches!(finding.cause, Cause::Event(_));
    let recurred = state.is_terminal() && finding.happened_at() > other.happened_at();
    let only_seen = matches!(other.cause, Cause::Sighting { .. })
        && matches!(state, State::Open | State::Awaiting(_) | State::Manual(_));
    by_an_event && (recurred || only_seen)
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
    let any = |test: fn(&Verdict) -> bool| judged.iter().any(|judged| test(&judged.verdict));
    if any(|verdict| matches!(verdict, Verdict::Violation(_))) {
        (Fate::Violating, "violating")
    } else if any(|verdict| matches!(verdict, Verdict::Undecided { .. })) {
        (Fate::Undecided, "undecided")
    } else {
        (Fate::Quiet, "quiet")
    }
}
