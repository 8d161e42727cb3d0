//! Present state through the same rules: what violates and no finding speaks of, and findings of which nothing stands.

use super::tick::LANES;
use super::{Progress, Reach, Sweep, SweepError};
use crate::ledger::{Attr, Index};
use crate::ports::{Inventory, Observer, Retry, Sighted, TrailLog};
use crate::recording::{self, Found};
use crate::waiving::Waivers;
use crate::{Clock, EvaluateError, FindingRecord, Key, Queue, writes};
use jiff::Timestamp;
use model::{
    Cause, Culprit, Finding, FindingId, Input, Item, Mode, Observed, Resource, Severity, State, Verdict,
};
use revert::alike;
use rules::{Asking, Judged};
use std::collections::BTreeMap;
use trail::Change;

/// So often a resource is found again by sweeps alone, while its findings are kept.
const RECURRENCES_MAX: usize = 400;

/// Under which name its progress is kept.
pub(super) fn job(reach: Reach) -> &'static str {
    match reach {
        Reach::Critical => "critical",
        Reach::All => "all",
    }
}

impl<L: Index, Q: Queue, C: Clock, O: Observer, I: Inventory, T: TrailLog> Sweep<L, Q, C, O, I, T> {
    /// Looks at every resource, then at every finding that is not over. `true` when it came through; else the next
    /// call goes on where this one stopped.
    pub async fn present(&self, reach: Reach, until: Timestamp) -> Result<bool, SweepError> {
        let job = job(reach);
        let now = self.evaluate.desk.now();
        let kept = self.progress(job).await?;
        let mut progress = kept.unwrap_or_else(|| Progress { started_at: Some(now), ..Progress::default() });
        while progress.lane.is_none() {
            let Some(place) = self.places.get(progress.place) else {
                progress = Progress { lane: Some(0), after: None, ..progress };
                break;
            };
            if !self.has_time(until) {
                self.keep(job, Some(&progress)).await?;
                return Ok(false);
            }
            match self.inventory.page(&place.account, progress.after.as_ref()).await {
                Ok(page) => {
                    for sighted in &page.items {
                        let judged = self.judge(sighted, reach).await;
                        self.pass_over(judged)?;
                    }
                    progress.after = page.next;
                }
                Err(source) if source.retry() != Retry::Never => {
                    self.keep(job, Some(&progress)).await?;
                    return Err(SweepError::Inventory { account: place.account.clone(), source });
                }
                Err(source) => {
                    self.is_blind(&SweepError::Inventory { account: place.account.clone(), source });
                    progress.after = None;
                }
            }
            if progress.after.is_none() {
                progress.place += 1;
            }
        }
        self.look_after(job, progress, until).await
    }

    /// The findings that are not over: does anything of them stand?
    async fn look_after(
        &self,
        job: &str,
        mut progress: Progress,
        until: Timestamp,
    ) -> Result<bool, SweepError> {
        while let Some(lane) = progress.lane.filter(|lane| *lane < LANES) {
            if !self.has_time(until) {
                self.keep(job, Some(&progress)).await?;
                return Ok(false);
            }
            let page = self.evaluate.desk.ledger.due(lane, Timestamp::MAX, progress.after.as_ref()).await?;
            for id in &page.items {
                let sighted = self.sight(id).await;
                self.pass_over(sighted)?;
            }
            progress.after = page.next;
            if progress.after.is_none() {
                progress.lane = Some(lane + 1);
            }
        }
        self.keep(job, None).await?;
        if let Some(started) = progress.started_at {
            self.evaluate.desk.meter.time("SweepMs", started, self.evaluate.desk.now());
        }
        Ok(true)
    }

    async fn sight(&self, id: &FindingId) -> Result<(), SweepError> {
        let desk = &self.evaluate.desk;
        let Some(record) = desk.find(id).await? else { return Ok(()) };
        let rests = matches!(
            record.life.state,
            State::Open | State::Awaiting(_) | State::Manual(_) | State::Acked | State::Waived
        );
        if !rests {
            return Ok(());
        }
        let compliant = match self.stands(&record).await {
            Ok(Some(stands)) => !stands,
            Ok(None) | Err(Retry::Never | Retry::Later(_)) => return Ok(()),
        };
        self.saw(&record, compliant).await
    }

    /// A sweep looked: the second time that nothing of it stands, it is over.
    pub(super) async fn saw(&self, record: &FindingRecord, compliant: bool) -> Result<(), SweepError> {
        let desk = &self.evaluate.desk;
        let input = Input::Sighted { compliant };
        match model::next(&record.life, &input, desk.now(), &desk.timing) {
            Ok(life) if life.version > record.life.version => {
                self.apply(record, &input, "two sweeps saw nothing of it").await
            }
            Ok(_) => {
                let (now, timing) = (desk.now(), desk.timing);
                let note = |record: &FindingRecord| {
                    let life = model::next(&record.life, &input, now, &timing).ok()?;
                    (life.version == record.life.version).then(|| (life, record.evidence.clone()))
                };
                Ok(desk.note(&record.finding.id, note).await?)
            }
            Err(_) => Ok(()),
        }
    }

    /// One resource through the rules; what violates and nobody takes care of becomes a finding.
    async fn judge(&self, Sighted { resource, observed }: &Sighted, reach: Reach) -> Result<(), SweepError> {
        self.remember_tags(resource, observed).await?;
        let guarded = &self.evaluate.guarded;
        let mut judged = guarded.rules.judge_sighting(observed);
        judged.retain(|judged| reach == Reach::All || judged.rule.severity == Severity::Critical);
        judged.retain(|judged| matches!(judged.verdict, Verdict::Violation(_)));
        if judged.is_empty() {
            return Ok(());
        }
        let now = self.evaluate.desk.now();
        let seen = Change::seen(resource, now);
        let tags = tags(observed);
        let asking = Asking { account: &resource.account, actor: None, tags: tags.as_ref() };
        let allowed = guarded.config.allowance.allowed(asking).mode;
        let judged = self.unclaimed(resource, judged, allowed).await?;
        let Some(mut finding) = self.finding(&seen, &judged, allowed).await? else { return Ok(()) };
        let gravity = recording::gravity(&finding, &judged);
        let waivers = Waivers::of(&self.evaluate.desk.ledger, &guarded.config, &resource.account).await?;
        waivers.mark(&mut finding, now);
        // What is wholly waived is let stand, and found here again when that ends.
        if finding.waived_until().is_some() {
            return Ok(());
        }
        let opened = self.evaluate.record(finding, gravity, "seen by a sweep").await?;
        if !opened.is_empty() {
            self.evaluate.desk.meter.count("SweepFoundNew");
        }
        Ok(())
    }

    /// What is known of a resource is forgotten sooner than its findings are: from one that is over, on to the next.
    async fn finding(
        &self,
        seen: &Change,
        judged: &[Judged<'_>],
        allowed: Mode,
    ) -> Result<Option<Finding>, SweepError> {
        let desk = &self.evaluate.desk;
        let mut last = self.last_finding(&seen.resource).await?;
        for _ in 0..RECURRENCES_MAX {
            let found = Found::Sighting { seen, after: last.as_ref() };
            let pack = self.evaluate.guarded.rules.pack();
            let Some(finding) = recording::finding(found, judged, allowed, pack, desk.now()) else { break };
            match desk.find(&finding.id).await? {
                Some(over) if over.life.state.is_terminal() => last = Some(over.finding.id),
                _ => return Ok(Some(finding)),
            }
        }
        Ok(None)
    }

    /// Without the culprits that another finding takes care of. One that was only observed does not, once more is
    /// allowed.
    async fn unclaimed<'r>(
        &self,
        resource: &Resource,
        judged: Vec<Judged<'r>>,
        allowed: Mode,
    ) -> Result<Vec<Judged<'r>>, SweepError> {
        let mut left = Vec::new();
        let put_back = self.put_back(resource).await?;
        for Judged { rule, verdict } in judged {
            let Verdict::Violation(items) = verdict else { continue };
            let mut free = Vec::new();
            for item in items.into_iter().filter(|item| !put_back.iter().any(|back| alike(back, item))) {
                let culprit = Culprit { item, prior: None };
                if !self.is_taken_care_of(resource, &culprit, rule.mode.min(allowed)).await? {
                    free.push(culprit.item);
                }
            }
            if !free.is_empty() {
                left.push(Judged { rule, verdict: Verdict::Violation(free) });
            }
        }
        Ok(left)
    }

    /// What the last finding put back has another id than it had when it was found: its content names it.
    async fn put_back(&self, resource: &Resource) -> Result<Vec<Item>, SweepError> {
        let Some(last) = self.last_finding(resource).await? else { return Ok(Vec::new()) };
        let record = self.evaluate.desk.find(&last).await?;
        let puts_back = |record: &FindingRecord| {
            let back = matches!(record.finding.cause, Cause::Undo { .. } | Cause::Collateral { .. });
            back && !record.life.state.is_terminal()
        };
        let culprits = record.filter(puts_back).map(|record| record.finding.culprits).unwrap_or_default();
        Ok(culprits.into_iter().map(|culprit| culprit.item).collect())
    }

    async fn is_taken_care_of(
        &self,
        resource: &Resource,
        culprit: &Culprit,
        granted: Mode,
    ) -> Result<bool, SweepError> {
        let desk = &self.evaluate.desk;
        let key = Key::target(resource, culprit);
        let Some(item) = desk.ledger.read(&key).await? else { return Ok(false) };
        let owner = crate::record::text(&item, "finding").ok().and_then(|id| id.parse().ok());
        let Some(owner): Option<FindingId> = owner else { return Ok(false) };
        let Some(record) = desk.find(&owner).await? else {
            desk.ledger.commit(&[writes::released_from(key, &owner)]).await?;
            return Ok(false);
        };
        let outgrown = matches!(record.life.state, State::Observed { .. }) && granted > Mode::Observe;
        if outgrown {
            desk.ledger.commit(&[writes::released_from(key, &owner)]).await?;
        }
        Ok(!outgrown)
    }

    async fn last_finding(&self, resource: &Resource) -> Result<Option<FindingId>, SweepError> {
        let item = self.evaluate.desk.ledger.read(&Key::resource(resource)).await?;
        let last = item.as_ref().and_then(|item| crate::record::text(item, "last_finding").ok());
        Ok(last.and_then(|id| id.parse().ok()))
    }

    /// What an event does not say and the configuration asks for: the tag that names the environment.
    async fn remember_tags(&self, resource: &Resource, observed: &Observed) -> Result<(), SweepError> {
        let environments = self.evaluate.guarded.config.allowance.environments.as_ref();
        let (Some(environments), Some(tags)) = (environments, tags(observed)) else { return Ok(()) };
        let of_environment: BTreeMap<_, _> =
            tags.into_iter().filter(|(key, _)| *key == environments.tag).collect();
        let text = crate::record::to_json(&of_environment);
        let desk = &self.evaluate.desk;
        let known = desk.ledger.read(&Key::resource(resource)).await.map_err(EvaluateError::from)?;
        if known.and_then(|item| item.get("tags").cloned()) != Some(Attr::S(text.clone())) {
            desk.ledger.commit(&[writes::tagged(resource, text, desk.now())]).await?;
        }
        Ok(())
    }
}

fn tags(observed: &Observed) -> Option<BTreeMap<String, model::Untrusted>> {
    match observed {
        Observed::SecurityGroup(group) => Some(group.tags.clone()),
        Observed::Gone | Observed::Facts(_) => None,
    }
}
