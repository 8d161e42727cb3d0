//! CloudTrail's records of our own calls: proof of what was really done.
//!
//! A call is ours when the role is ours *and* the session is named as we name sessions. Anybody can name a session,
//! so a name alone proves nothing: such a call is judged like every other, and counted.

use crate::evaluate::known;
use crate::ledger::{self, Attr};
use crate::writes;
use crate::{Clock, Evaluate, EvaluateError, FindingRecord, Key, Ledger, Queue, Session, recording};
use jiff::Timestamp;
use model::planted::{self, Bug};
use model::{Cause, EventId, FindingId, Input, Item, Life, Work, next};
use revert::alike;
use trail::Change;

impl<L: Ledger, Q: Queue, C: Clock> Evaluate<L, Q, C> {
    /// The session of ours that made the call.
    pub(crate) fn own_session(&self, change: &Change) -> Option<String> {
        let session = change.actor.session.as_ref()?.raw();
        if !session.starts_with(Session::PREFIX) {
            return None;
        }
        let role = change.actor.role.as_deref();
        if role.is_some_and(|role| self.guarded.is_acting_role(role, &change.account)) {
            return Some(session.to_owned());
        }
        self.desk.meter.count("EchoForged");
        None
    }

    /// Notes the echo on its finding, and puts back what went with the rest and should not have.
    pub(crate) async fn echo(&self, change: &Change, session: &str) -> Result<(), EvaluateError> {
        let Some((finding, _)) = Session::parse(session) else { return Ok(()) };
        let record = self.desk.find(&finding).await?;
        let ours = record.filter(|record| record.finding.resource.account == change.account);
        let Some(record) = ours else {
            self.desk.meter.count("EchoUnknown");
            return Ok(());
        };
        let mut collateral = self.collateral(&record, change).await?;
        collateral.retain(|item| self.guarded.is_compliant(item));
        if !collateral.is_empty() {
            self.put_back(&record, &collateral).await?;
        }
        self.note_echo(&finding, &change.event.id).await
    }

    async fn note_echo(&self, finding: &FindingId, event: &EventId) -> Result<(), EvaluateError> {
        let (now, timing) = (self.desk.now(), self.desk.timing);
        let note = |record: &FindingRecord| {
            let heard = record.evidence.echoes.contains(event);
            let life = next(&record.life, &Input::EchoSettled, now, &timing);
            if heard && life.is_err() {
                return None;
            }
            let mut evidence = record.evidence.clone();
            if !heard {
                evidence.echoes.push(event.clone());
            }
            Some((life.unwrap_or_else(|_| record.life.clone()), evidence))
        };
        Ok(self.desk.note(finding, note).await?)
    }

    /// What our call removed, that was not as it was planned. The record names the lines with their content; where it
    /// does not, what an event told of a line between our look and our call is what went.
    async fn collateral(&self, record: &FindingRecord, change: &Change) -> Result<Vec<Item>, EvaluateError> {
        let Some(plan) = &record.evidence.plan else { return Ok(Vec::new()) };
        if planted::is(Bug::AnswerOnlyCompensation) {
            return Ok(Vec::new());
        }
        let told: Vec<Item> = change.revoked().into_iter().map(Item::Opening).collect();
        let mut collateral = Vec::new();
        for planned in &plan.takes_back {
            let told = told.iter().find(|line| line.id() == planned.id());
            let went = match told {
                Some(line) => Some(line.clone()),
                None => self.untold(record, planned, change).await?,
            };
            collateral.extend(went.filter(|went| !alike(went, planned)));
        }
        Ok(collateral)
    }

    /// What was known of it, where the record of our call does not tell. Noted before it is read: whichever of this and
    /// a late event comes second sees the other.
    async fn untold(
        &self,
        record: &FindingRecord,
        planned: &Item,
        change: &Change,
    ) -> Result<Option<Item>, EvaluateError> {
        let named = planned.id().is_some_and(|id| change.request.to_string().contains(id));
        let Some(key) = Key::known(&record.finding.resource, planned).filter(|_| named) else {
            return Ok(None);
        };
        let taken = writes::taken(key.clone(), &record.finding.id, change.event.time, self.desk.now());
        self.desk.ledger.commit(&[taken]).await?;
        let item = self.desk.ledger.read(&key).await?;
        Ok(item.as_ref().and_then(|item| changed_meanwhile(record, item, change.event.time)))
    }

    /// Events come in any order: what this one tells of a line that our call took away before it came is compared now.
    pub(crate) async fn compare_taken(&self, change: &Change) -> Result<(), EvaluateError> {
        for item in change.items().take(writes::TARGETS_MAX) {
            let Some(key) = Key::known(&change.resource, &item) else { continue };
            let Some(known) = self.desk.ledger.read(&key).await? else { continue };
            let taken = crate::record::text(&known, "taken_by").ok().and_then(|id| id.parse().ok());
            let Some(taken): Option<FindingId> = taken else { continue };
            let Some(record) = self.desk.find(&taken).await? else { continue };
            let at = match known.get("taken_at") {
                Some(Attr::N(at)) => Timestamp::from_millisecond(*at).unwrap_or(Timestamp::UNIX_EPOCH),
                _ => continue,
            };
            let plan = record.evidence.plan.iter().flat_map(|plan| &plan.takes_back);
            let planned = plan.into_iter().find(|planned| planned.id() == item.id());
            let went = changed_meanwhile(&record, &known, at)
                .filter(|went| planned.is_some_and(|planned| !alike(went, planned)))
                .filter(|went| self.guarded.is_compliant(went));
            if let Some(went) = went {
                self.put_back(&record, &[went]).await?;
            }
        }
        Ok(())
    }
}

/// What an event told of an item between our look and our call.
fn changed_meanwhile(record: &FindingRecord, item: &ledger::Item, at: Timestamp) -> Option<Item> {
    let found = record.finding.happened_at();
    known(item).filter(|known| known.seen_at > found && known.seen_at <= at).map(|known| known.item)
}

impl<L: Ledger, Q: Queue, C: Clock> crate::Desk<L, Q, C> {
    /// Opens the finding that puts these items back, unless it is open. Whoever notices computes the same one.
    pub(crate) async fn open_collateral(
        &self,
        record: &FindingRecord,
        items: &[Item],
    ) -> Result<(), crate::MoveError> {
        let of = record.finding.id.clone();
        let now = self.now();
        let actor = record.finding.actor.clone();
        let mut linked =
            recording::putting_back(&record.finding, Cause::Collateral { of }, items, actor, now);
        // What came to light after the rest is a loss of its own.
        let known = self.find(&linked.id).await?;
        let has = |there: &FindingRecord, item: &Item| {
            there.finding.culprits.iter().any(|culprit| alike(&culprit.item, item))
        };
        if let (Some(there), Some(first)) = (known, items.first())
            && !items.iter().all(|item| has(&there, item))
        {
            let word = format!("collateral {} {}", record.finding.id, first.content());
            linked.id = FindingId::of(&linked.resource, &word);
        }
        let life = Life::born_queued(now, Work::Restore, None, &self.timing);
        let id = linked.id.clone();
        let cause = format!("finding {} removed it as well", record.finding.id);
        let born = writes::born(linked, life, &cause, now);
        self.ledger.commit(&writes::create(&born, &[], &cause, now)).await?;
        self.meter.count("Collateral");
        // It may have been there: whoever wrote it may have died before ringing.
        if let Some(there) = self.find(&id).await? {
            self.ring(&there).await?;
        }
        Ok(())
    }
}

impl<L: Ledger, Q: Queue, C: Clock> Evaluate<L, Q, C> {
    async fn put_back(&self, record: &FindingRecord, items: &[Item]) -> Result<(), EvaluateError> {
        Ok(self.desk.open_collateral(record, items).await?)
    }
}
