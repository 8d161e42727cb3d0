//! Who knows what really was: checks what each step promises, and keeps what the end is compared with.

use super::calls::Call;
use super::core::{Core, Millis, SECOND};
use super::ec2::Interval;
use engine::{Attr, Fate, FindingRecord, History, Key, Session};
use model::{
    Cause, Culprit, FindingId, GroupRuleId, Item, Mode, Observed, Opening, Resolution, SecurityGroup, State,
    Step, Work,
};
use rules::Asking;
use std::collections::{BTreeMap, BTreeSet};

/// Reads that settled are as old as this, at most: the reads' distance from each other and how stale they are.
const SETTLED: Millis = 110 * SECOND;

#[derive(Debug, Default)]
pub(crate) struct Oracle {
    /// Moves that were seen: from, to, and the first word of why.
    pub(crate) moves: BTreeSet<(String, String, String)>,
    /// How often a call of ours took effect.
    pub(crate) reverts: u64,
    /// Compliant lines that a call of ours ended.
    pub(crate) lost: Vec<Lost>,
    /// Reverts that dispatch queued: account, rule, the worker's time.
    pub(crate) queued: Vec<(String, String, i64)>,
    /// Findings that a call of ours took effect for.
    pub(crate) effective: BTreeSet<FindingId>,
    /// Lines of which the record of our own Revoke told the content.
    pub(crate) echoed: BTreeSet<String>,
    ended: BTreeMap<(FindingId, String), Millis>,
}

#[derive(Debug)]
pub(crate) struct Lost {
    pub(crate) finding: FindingId,
    pub(crate) was: Interval,
    pub(crate) at: Millis,
}

impl Core {
    pub(crate) fn record_of(&self, finding: &FindingId) -> Option<FindingRecord> {
        FindingRecord::try_from(self.table.items.get(&Key::finding(finding))?).ok()
    }

    /// A line of history was written, with the finding before it.
    pub(crate) fn moved(&mut self, key: &Key) {
        let Some((line, ..)) = self.table.items.get(key).and_then(History::of) else { return };
        let Some(id) = key.pk.strip_prefix("F#").and_then(|id| id.parse::<FindingId>().ok()) else { return };
        let History { from, to, cause, at, version, .. } = line;
        self.tell(|_| format!("{id} version {version}: {from} -> {to} ({cause})"));
        self.mix(&to);
        let why: String = cause.chars().take(16).collect();
        let Some(record) = self.record_of(&id) else { return };
        if from == "OPEN"
            && to == "QUEUED revert"
            && let Some(violation) = record.finding.counted_under(&record.life)
        {
            let account = record.finding.resource.account.to_string();
            self.oracle.queued.push((account, violation.rule.to_string(), at.as_second()));
        }
        self.oracle.moves.insert((from, to, why.clone()));
        if matches!(record.life.state, State::Reverted | State::Resolved(Resolution::Compliant)) {
            self.closed(&record, &why);
        }
        self.meddle(&record);
    }

    /// I4: what was closed did not stand all the time since it could be seen.
    fn closed(&mut self, record: &FindingRecord, why: &str) {
        if matches!(record.finding.cause, Cause::Collateral { .. } | Cause::Undo { .. }) {
            return;
        }
        for (at, culprit) in record.finding.culprits.iter().enumerate() {
            if !self.is_taken_back(record, at, culprit, why) {
                continue;
            }
            let Item::Opening(line) = &culprit.item else { continue };
            let Some(stood) = self.stood_all_the_time(record, line) else { continue };
            let about = vec![record.finding.id.to_string(), stood];
            let what = format!("{} is {} and {line:?} stands", record.finding.id, record.life.state.label());
            self.violated("I4", what, about);
        }
    }

    /// Is this culprit one that the finding's end speaks of? What a second condition lets stand is not.
    fn is_taken_back(&self, record: &FindingRecord, at: usize, culprit: &Culprit, why: &str) -> bool {
        let FindingRecord { finding, life, .. } = record;
        let naming = finding.violations.iter().filter(|violation| violation.culprits.contains(&at));
        let plain =
            naming.filter(|violation| !violation.holds).map(|violation| violation.granted_in(life)).max();
        let Some(plain) = plain else { return false };
        // Seen by sweeps to be gone, or at the end of a waiver: all of it.
        if why.starts_with("two sweeps") || why.starts_with("the time") {
            return true;
        }
        let tags = self.group_of(finding.resource.id.raw()).map(|group| &group.tags);
        let actor = match finding.cause {
            Cause::Sighting { .. } => None,
            _ => Some(&finding.actor),
        };
        let asking = Asking { account: &finding.resource.account, actor, tags };
        let allowed = self.variant.guarded.config.allowance.allowed(asking).mode;
        let approved =
            life.approval.as_ref().is_some_and(|approval| approval.of.contains(&culprit.item.content()));
        let granted = plain.min(allowed);
        granted == Mode::Revert || (granted == Mode::Approve && approved)
    }

    pub(crate) fn group_of(&self, id: &str) -> Option<&super::ec2::Group> {
        self.ec2.groups.get(&id.parse().ok()?)
    }

    /// The line's id, when it has stood with this content at each moment since it was opened, as far back as a read
    /// that settled can be.
    fn stood_all_the_time(&self, record: &FindingRecord, line: &Opening) -> Option<String> {
        let now = self.now;
        let id = line.rule.as_ref()?;
        let mut same: Vec<&Interval> =
            self.ec2.of(id.as_str()).filter(|one| same_content(&one.line, line)).collect();
        same.sort_by_key(|one| one.from);
        let last = same.last()?;
        if last.to.is_some() {
            return None;
        }
        let first = same.first()?.from;
        let since = (now - SETTLED).max(first);
        let _ = record;
        (last.from <= since).then(|| id.to_string())
    }

    /// What a call of ours may do: before it is applied.
    pub(crate) fn allowed(&mut self, call: &Call) {
        let Some(record) = self.record_of(&call.session.finding) else {
            self.violated(
                "I9",
                format!("a call for {}, which there is not", call.session.finding),
                Vec::new(),
            );
            return;
        };
        let about = vec![record.finding.id.to_string()];
        let finding = &record.finding;
        let own =
            finding.resource.id.raw() == call.step.group().as_str() && finding.resource == call.resource;
        let culprits: Vec<&Opening> =
            openings(finding.culprits.iter().map(|culprit| &culprit.item)).collect();
        let named = |rule: &GroupRuleId| self.names(&record, rule.as_str()).is_some();
        let planned = match &call.step {
            Step::RevokeIngress { rules, .. } | Step::RevokeEgress { rules, .. } => rules.iter().all(named),
            Step::RestoreRules { lines, .. } => lines.iter().filter_map(|line| line.rule.as_ref()).all(named),
            Step::AuthorizeIngress { lines, .. } | Step::AuthorizeEgress { lines, .. } => {
                lines.iter().all(|line| culprits.iter().any(|own| same_content(own, line)))
            }
        };
        if !own || !planned {
            self.violated("I9", format!("{} is not of {}", call.step, finding.id), about.clone());
        }
        let puts_back = matches!(record.life.work, Work::Restore | Work::Undo);
        if !puts_back && (record.life.state == State::Waived || record.life.cancel) {
            let what =
                format!("{} is {} and {} is applied", finding.id, record.life.state.label(), call.step);
            self.violated("I2", what, about.clone());
        }
        if record.life.epoch != call.session.epoch {
            let (now, was) = (record.life.epoch, call.session.epoch);
            let what = format!("{} is in epoch {now}, and a call of epoch {was} is applied", finding.id);
            self.violated("I3", what, about);
        }
    }

    /// A call of ours ended these.
    pub(crate) fn took_effect(&mut self, session: &Session, ended: &[Interval]) {
        if ended.is_empty() {
            return;
        }
        let Some(record) = self.record_of(&session.finding) else { return };
        let id = record.finding.id.clone();
        self.oracle.effective.insert(id.clone());
        let puts_back = matches!(record.life.work, Work::Restore | Work::Undo);
        for was in ended {
            self.oracle.reverts += u64::from(!puts_back);
            let about = vec![id.to_string(), was.id().to_owned()];
            let Some(own) = self.names(&record, was.id()) else {
                self.violated(
                    "I9",
                    format!("{} of {} is not {id}'s and was taken away", was.id(), was.group),
                    about,
                );
                continue;
            };
            // Who undoes takes it upon themselves what is put back over what.
            if !puts_back && !same_content(&own, &was.line) && self.is_compliant(&was.line) {
                self.tell(|_| format!("compliant {:?} was taken away for {id}", was.line));
                self.oracle.lost.push(Lost { finding: id.clone(), was: was.clone(), at: self.now });
            }
            let content = Item::Opening(was.line.clone()).content();
            let key = (id.clone(), format!("{} {content}", was.id()));
            if let Some(before) = self.oracle.ended.insert(key, self.now)
                && was.from <= before
            {
                self.violated("I3", format!("{} was taken back twice for {id}", was.id()), about);
            }
        }
    }

    /// The culprit that has this id. What was put back has the content it had and another id: it is known by that.
    fn names(&self, record: &FindingRecord, id: &str) -> Option<Opening> {
        let culprits = || openings(record.finding.culprits.iter().map(|one| &one.item));
        let by_id = culprits().find(|line| line.rule.as_ref().is_some_and(|rule| rule.as_str() == id));
        let put_back = matches!(record.finding.cause, Cause::Collateral { .. } | Cause::Undo { .. });
        let by_content = || {
            let had = |line: &&Opening| self.ec2.of(id).any(|one| same_content(&one.line, line));
            culprits().find(had).filter(|_| put_back)
        };
        by_id.or_else(by_content).cloned()
    }

    /// By itself, as far as rules of present state say.
    pub(crate) fn is_compliant(&self, line: &Opening) -> bool {
        let Some(group) = self.ec2.groups.values().next() else { return true };
        let group = SecurityGroup {
            group: group.id.clone(),
            name: "web".into(),
            tags: BTreeMap::new(),
            lines: vec![line.clone()],
            prefix_lists: BTreeMap::new(),
            uses: None,
        };
        let judged = self.variant.guarded.rules.judge_sighting(&Observed::SecurityGroup(group));
        !judged.iter().any(|judged| judged.rule.mode >= Mode::Approve && judged.rule.reverter.is_some())
    }

    /// `evaluate` is through with an event.
    pub(crate) fn fate(&mut self, record: Option<usize>, fate: Option<Fate>) {
        let Some(record) = record.and_then(|at| self.trail.records.get_mut(at)) else { return };
        record.answered |= fate.is_some();
        if matches!(fate, Some(Fate::Violating | Fate::Undecided | Fate::Quiet)) {
            record.counted += 1;
        }
        if record.counted > 1 {
            let (what, about) = (
                format!("event {} was counted {} times", record.event, record.counted),
                record.event.to_string(),
            );
            self.violated("I5", what, vec![about]);
        }
    }

    /// I5, when all queues are empty and nothing was recovered yet.
    pub(crate) fn balance(&mut self) {
        let mut missing = Vec::new();
        let dead: Vec<usize> = self
            .queues
            .dead
            .iter()
            .filter_map(|(_, body)| match body {
                super::queues::Body::Event(_, at) => *at,
                super::queues::Body::Bell(_) => None,
            })
            .collect();
        for (at, record) in self.trail.records.iter().enumerate() {
            let seen = Key::seen(&record.event, &record.account);
            let noted = record.own.as_ref().is_some_and(|own| {
                self.record_of(own).is_none_or(|own| own.evidence.echoes.contains(&record.event))
            });
            let kept = self.table.items.contains_key(&seen) || noted || dead.contains(&at);
            let ignored = record.answered
                && record.own.is_none()
                && !record.name.starts_with("Auth")
                && !record.name.starts_with("Modify");
            if record.delivered && !kept && !ignored {
                missing.push((record.event.to_string(), record.name));
            }
        }
        for (event, name) in missing {
            self.violated(
                "I5",
                format!("{name} {event} was delivered, and nothing is known of it"),
                vec![event],
            );
        }
        self.promised();
    }

    /// Of the findings that `EV#` names each is there.
    fn promised(&mut self) {
        let events = self.table.items.iter().filter(|(key, _)| key.pk.starts_with("EV#"));
        let mut missing = Vec::new();
        for (key, item) in events {
            let Some(Attr::List(findings)) = item.get("findings") else { continue };
            for finding in findings {
                let there = finding.parse().is_ok_and(|id| self.table.items.contains_key(&Key::finding(&id)));
                if !there {
                    missing.push((key.pk.clone(), finding.clone()));
                }
            }
        }
        for (event, finding) in missing {
            self.violated(
                "I5",
                format!("{event} names finding {finding}, which there is not"),
                vec![event, finding],
            );
        }
    }
}

pub(crate) fn openings<'a>(items: impl Iterator<Item = &'a Item>) -> impl Iterator<Item = &'a Opening> {
    items.filter_map(|item| match item {
        Item::Opening(line) => Some(line),
        _ => None,
    })
}

pub(crate) fn same_content(one: &Opening, two: &Opening) -> bool {
    one.same_content(two)
}
