//! What holds when a run has come to rest.

use super::channels::CHANNELS;
use super::core::{Core, MINUTE, Millis, stamp};
use super::ec2::{Ec2, resource};
use super::oracle::same_content;
use engine::{Attr, FindingRecord, Key, audit, granted_in};
use model::{Actor, Cause, Culprit, FindingId, Item, Manual, Resolution, Resource, State, Verdict, Waiver};
use std::collections::BTreeMap;

/// A timer may be overdue by this: a tick, and what it takes.
const OVERDUE: Millis = 10 * MINUTE;
/// Between two sweeps of present state, and what one takes.
const SWEEP_PERIOD: Millis = 20 * MINUTE;
/// A function that dispatches lives no longer than this, and its clock is a little off.
const DISPATCH_SECONDS_MAX: i64 = 35;

impl Core {
    pub(crate) fn is_killed(&self) -> bool {
        self.table.items.get(&Key::kill_switch()).and_then(|item| item.get("on")) == Some(&Attr::Bool(true))
    }

    /// All that is checked at the end.
    pub(crate) fn end(&mut self) {
        let records: Vec<FindingRecord> =
            self.table.findings().filter_map(|(_, item)| FindingRecord::try_from(item).ok()).collect();
        self.end_lost(&records);
        self.end_unattended();
        self.end_caps();
        self.end_histories();
        for record in &records {
            self.end_rest(record);
            self.end_told(record);
        }
    }

    /// I1: a compliant line that a call of ours ended was put back, or people know.
    fn end_lost(&mut self, records: &[FindingRecord]) {
        let mut missing = Vec::new();
        for lost in &self.oracle.lost {
            // What no record tells nobody can know.
            if !lost.was.told && !self.oracle.echoed.contains(lost.was.id()) {
                continue;
            }
            let again = self.ec2.past.iter().any(|one| {
                one.group == lost.was.group && one.from >= lost.at && same_content(&one.line, &lost.was.line)
            });
            let known = records.iter().any(|record| {
                let of = matches!(&record.finding.cause, Cause::Collateral { of } if *of == lost.finding);
                let rests = matches!(record.life.state, State::Manual(_) | State::Awaiting(_) | State::Waived | State::Acked | State::Resolved(_));
                let names = |culprit: &Culprit| matches!(&culprit.item, Item::Opening(line) if same_content(line, &lost.was.line));
                of && rests && record.finding.culprits.iter().any(names)
            });
            // Who changed the line once more, under its id, wanted that and not what was lost.
            let said = self.ec2.said.get(lost.was.id()).is_some_and(|at| *at > lost.at);
            let superseded = said || self.ec2.of(lost.was.id()).any(|one| one.from > lost.at);
            if !again && !known && !superseded {
                missing.push((lost.was.clone(), lost.finding.to_string()));
            }
        }
        for (was, finding) in missing {
            let what =
                format!("{:?} of {} was taken away for {finding} and not put back", was.line, was.group);
            self.violated("I1", what, vec![finding, was.id().to_owned()]);
        }
    }

    pub(crate) fn waivers(&self) -> Vec<Waiver> {
        let granted = self.table.items.iter().filter(|(key, _)| key.pk.starts_with("WV#"));
        let granted = granted.filter_map(|(_, item)| granted_in(item));
        self.variant.guarded.config.waivers.iter().cloned().chain(granted).collect()
    }

    /// Does a finding that put it back, and rests, speak of it? It has another id since.
    fn was_put_back(&self, resource: &Resource, item: &Item) -> bool {
        self.table.findings().filter_map(|(_, record)| FindingRecord::try_from(record).ok()).any(|record| {
            matches!(record.finding.cause, Cause::Undo { .. } | Cause::Collateral { .. })
                && !record.life.state.is_terminal()
                && record.finding.resource == *resource
                && record.finding.culprits.iter().any(|culprit| culprit.item.same_content(item))
        })
    }

    /// I6: what violates is in the hands of a finding that rests, or waived.
    fn end_unattended(&mut self) {
        // What was let stand until a moment ago is found within one sweep period.
        let (waivers, now, lately) = (self.waivers(), self.time(), stamp(self.now - SWEEP_PERIOD));
        let mut unattended = Vec::new();
        for group in self.ec2.groups.values() {
            let (Some(lines), Some(resource)) = (&group.lines, resource(group)) else { continue };
            let observed = Ec2::seen(group, lines.clone());
            for judged in self.variant.guarded.rules.judge_sighting(&observed) {
                let Verdict::Violation(items) = &judged.verdict else { continue };
                let waived =
                    |waiver: &Waiver| waiver.lets(&judged.rule.id, &resource, &Actor::unknown(), now, lately);
                if waivers.iter().any(waived) {
                    continue;
                }
                for item in items {
                    let culprit = Culprit { item: item.clone(), prior: None };
                    let claim = self.table.items.get(&Key::target(&resource, &culprit));
                    let owner = claim.and_then(|claim| match claim.get("finding") {
                        Some(Attr::S(id)) => self.record_of(&id.parse().ok()?),
                        _ => None,
                    });
                    let left = |state: State| {
                        matches!(state, State::Reverted | State::Resolved(Resolution::Compliant))
                    };
                    let attended = owner.as_ref().is_some_and(|owner| !left(owner.life.state))
                        || self.was_put_back(&resource, item);
                    if !attended {
                        let id = item.id().unwrap_or_default().to_owned();
                        unattended.push((format!("{id} of {} violates {}", group.id, judged.rule.id), id));
                    }
                }
            }
        }
        for (what, id) in unattended {
            self.violated("I6", format!("{what} and no finding that rests speaks of it"), vec![id]);
        }
    }

    /// I7: no window let through more than its cap.
    fn end_caps(&mut self) {
        let caps = self.variant.guarded.config.breaker;
        let mut windows: BTreeMap<(String, i64, i64), (u32, u32)> = BTreeMap::new();
        for (account, rule, at) in &self.oracle.queued {
            for (of, seconds) in [(format!("{account} {rule}"), 600), (account.clone(), 3_600)] {
                let start = at.div_euclid(seconds) * seconds;
                let (count, early) = windows.entry((of, seconds, start)).or_default();
                *count += 1;
                *early += u32::from(at - start < DISPATCH_SECONDS_MAX);
            }
        }
        for ((of, seconds, start), (count, early)) in &windows {
            let cap = if *seconds == 600 { caps.rule_per_10_minutes } else { caps.account_per_hour };
            // The window is that of when dispatch began, and what is known is when it was over.
            let before = windows.get(&(of.clone(), *seconds, start - seconds)).map_or(0, |(count, _)| *count);
            let slack = cap.saturating_sub(before).min(*early);
            if *count > cap + slack {
                let what = format!("{count} reverts of {of} in the window of {start}, and the cap is {cap}");
                self.violated("I7", what, vec![of.clone()]);
            }
        }
    }

    /// I8: no gap, no break in the chain.
    fn end_histories(&mut self) {
        let mut broken = Vec::new();
        for (key, item) in self.table.findings() {
            let faults = audit(item, &self.table.partition(&key.pk, "H#"));
            if !faults.is_empty() {
                broken.push((key.pk.clone(), format!("{faults:?}")));
            }
        }
        for (finding, faults) in broken {
            self.violated("I8", format!("history of {finding}: {faults}"), vec![finding]);
        }
    }

    /// I11: nobody holds it, nothing is due. I12: nothing is left to tell.
    fn end_rest(&mut self, record: &FindingRecord) {
        let (id, life) = (record.finding.id.to_string(), &record.life);
        let label = life.state.label();
        let works = matches!(
            life.state,
            State::Open | State::Queued(_) | State::Reverting(_) | State::Verifying { .. }
        );
        let due = life.due_at.filter(|_| !life.state.is_terminal());
        let late = due.is_some_and(|due| due.as_millisecond() + OVERDUE < self.now);
        if works || late || life.lease.is_some() {
            let what = format!("{id} is {label}, due {due:?}, lease {:?}", life.lease);
            self.violated("I11", what, vec![id.clone()]);
        }
        if let Some(tell) = life.tell {
            self.violated("I12", format!("version {tell} of {id} ({label}) was not told"), vec![id]);
        }
    }

    /// I10: each channel heard of it, and no more often than something went wrong.
    fn end_told(&mut self, record: &FindingRecord) {
        let (id, life) = (&record.finding.id, &record.life);
        let label = life.state.label();
        let account = &record.finding.resource.account;
        let digested = self.channels.digests.iter().any(|(of, _)| of == account);
        let hushed = life.hushed || matches!(life.state, State::Manual(Manual::Expired));
        for channel in CHANNELS {
            let heard = self.heard(id, channel);
            let newest = heard.iter().map(|(version, _)| *version).max().unwrap_or_default();
            let allowed = 1 + self.channels.disturbed.get(id).copied().unwrap_or_default();
            if let Some((version, times)) = heard.iter().find(|(_, times)| *times > allowed) {
                let what =
                    format!("{channel} heard version {version} of {id} {times} times, at most {allowed}");
                self.violated("I10", what, vec![id.to_string()]);
            }
            if newest < life.loud && !(hushed && digested) && !self.was_hushed(id) {
                let what =
                    format!("{channel} heard version {newest} of {id} ({label}) and should {}", life.loud);
                self.violated("I10", what, vec![id.to_string()]);
            }
            let acted = self.oracle.effective.contains(id) && life.state == State::Reverted;
            if acted && heard.is_empty() {
                let what = format!("{id} was taken back, and {channel} never heard of it");
                self.violated("I10", what, vec![id.to_string()]);
            }
        }
    }

    /// Did it wait because of the breaker? A digest told of it.
    fn was_hushed(&self, id: &FindingId) -> bool {
        let lines = self.table.partition(&Key::finding(id).pk, "H#");
        lines.iter().any(|(_, item)| item.get("to") == Some(&Attr::S("AWAITING breaker".to_owned())))
    }

    fn heard(&self, id: &FindingId, channel: &'static str) -> Vec<(u64, u32)> {
        let of = self.channels.heard.iter().filter(|((of, name, _), _)| of == id && *name == channel);
        of.map(|((_, _, version), times)| (*version, *times)).collect()
    }
}
