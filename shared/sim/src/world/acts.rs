//! What people and tools do to groups, and when they do it at the worst of times.

use super::core::{Core, MINUTE, SECOND, Start, What};
use super::ec2::{Interval, Who};
use super::faults::Fault;
use super::queues::{Body, QueueName};
use super::script::{Act, OPENINGS, content};
use super::variant::ACCOUNTS;
use engine::FindingRecord;
use model::{Direction, GroupId, GroupRuleId, Opening, State};
use std::sync::Arc;

impl Core {
    pub(crate) fn some_group(&mut self) -> Option<GroupId> {
        let ids: Vec<GroupId> = self.ec2.groups.keys().cloned().collect();
        // Most of what happens, happens in ordinary groups.
        let plain: Vec<GroupId> =
            ids.iter().filter(|id| id.as_str().ends_with(['0', '1'])).cloned().collect();
        if self.one_in(3) { self.pick(&ids) } else { self.pick(&plain) }
    }

    pub(crate) fn some_lines(&mut self) -> Option<Vec<Opening>> {
        let must_go = OPENINGS.get(..7).unwrap_or(&OPENINGS);
        let written = if self.rng.bool() { self.pick(must_go)? } else { self.pick(&OPENINGS)? };
        let direction = if self.one_in(25) { Direction::Egress } else { Direction::Ingress };
        written
            .iter()
            .map(|(protocol, first, last, net)| content(protocol, *first, *last, net, direction))
            .collect()
    }

    fn somebody(&mut self) -> Who {
        if self.one_in(12) { Who::BreakGlass } else { Who::Developer }
    }

    /// Somebody does something.
    pub(crate) fn act(&mut self, act: Act) {
        self.tell(|_| format!("act {act:?}"));
        match act {
            Act::Open => self.act_open(),
            Act::Modify => {
                if let Some(line) = self.some_standing() {
                    self.act_touch(&line.group, &line.line);
                }
            }
            Act::Remove => {
                if let Some(Interval { group, line, .. }) = self.some_standing() {
                    self.take_away(&group, &line);
                }
            }
            Act::Readd => {
                let past: Vec<Interval> =
                    self.ec2.past.iter().filter(|one| one.to.is_some()).cloned().collect();
                let who = self.somebody();
                if let Some(Interval { group, line, .. }) = self.pick(&past) {
                    self.refusable(|core| core.authorize(&group, &[line], &who));
                }
            }
            Act::Reverse => self.act_reverse(),
            Act::DeleteGroup => {
                if let Some(group) = self.some_group().filter(|id| id.as_str().ends_with('1')) {
                    self.delete_group(&group);
                }
            }
            Act::Terraform { group, line, rounds } => self.act_terraform(group, line, rounds),
            Act::Flood => self.act_flood(),
            Act::Aside => {
                if let Some(account) = self.pick(&ACCOUNTS).and_then(|account| account.parse().ok()) {
                    self.record_aside(&account);
                }
            }
            Act::Poison => self.act_poison(),
            Act::Touch(group, rule) => {
                if let Some(line) = self.standing_line(&group, &rule) {
                    self.act_touch(&group, &line);
                }
            }
            Act::Remake(group, rule) => {
                if let Some(line) = self.standing_line(&group, &rule) {
                    self.take_away(&group, &line);
                    self.refusable(|core| core.authorize(&group, &[line], &Who::Developer));
                }
            }
            Act::Rest => {}
            person => self.starts.push(Start::Person(person)),
        }
    }

    /// EC2 may say no to people too.
    fn refusable<T>(&mut self, act: impl FnOnce(&mut Self) -> Result<T, &'static str>) {
        if let Err(code) = act(self) {
            self.say(code);
        }
    }

    fn take_away(&mut self, group: &GroupId, line: &Opening) {
        let Some(rule) = line.rule.clone() else { return };
        self.refusable(|core| core.revoke(group, &[rule], &Who::Developer));
    }

    fn standing_line(&self, group: &GroupId, rule: &GroupRuleId) -> Option<Opening> {
        self.ec2.lines(group).iter().find(|line| line.rule.as_ref() == Some(rule)).cloned()
    }

    fn some_standing(&mut self) -> Option<Interval> {
        let standing: Vec<Interval> = self.ec2.past.iter().filter(|one| one.to.is_none()).cloned().collect();
        self.pick(&standing)
    }

    fn act_open(&mut self) {
        let (Some(group), Some(lines)) = (self.some_group(), self.some_lines()) else { return };
        let who = if self.fires(Fault::ForgedEcho) { self.forger() } else { self.somebody() };
        self.refusable(|core| core.authorize(&group, &lines, &who));
    }

    /// The session is named as ours are, after a finding that there is.
    fn forger(&mut self) -> Who {
        let ids: Vec<String> = self
            .table
            .findings()
            .filter_map(|(key, _)| Some(key.pk.strip_prefix("F#")?.to_owned()))
            .collect();
        let id = self.pick(&ids).unwrap_or_else(|| "aaaaaaaaaaaaaaaaaaaaaaaaaa".to_owned());
        Who::Forger(format!("gardefou-{id}-1"))
    }

    /// Other content under the same id.
    fn act_touch(&mut self, group: &GroupId, line: &Opening) {
        if line.direction == Direction::Egress {
            return;
        }
        let narrow = ["198.51.100.7/32", "198.51.100.0/24", "10.0.0.0/8", "198.51.100.128/25"];
        let wide = ["0.0.0.0/0", "0.0.0.0/1", "203.0.113.0/24"];
        let port = self.pick(&[22_u16, 22, 443, 3389]).unwrap_or(22);
        let net = if self.one_in(3) { self.pick(&wide) } else { self.pick(&narrow) };
        let changed = net.and_then(|net| content("tcp", port, port, net, Direction::Ingress));
        let who = self.somebody();
        if let Some(changed) = changed {
            let changed = Opening { rule: line.rule.clone(), ..changed };
            self.refusable(|core| core.modify(group, &[changed], &who));
        }
    }

    /// A line that was modified holds again what it held before: back and forth.
    fn act_reverse(&mut self) {
        let Some(Interval { group, line, from, .. }) = self.some_standing() else { return };
        let before = self.ec2.of(line.rule.as_ref().map_or("", GroupRuleId::as_str));
        let before = before.filter(|one| one.to == Some(from)).map(|one| one.line.clone()).last();
        if let Some(before) = before.filter(|one| one.direction == Direction::Ingress) {
            self.refusable(|core| core.modify(&group, &[before], &Who::Developer));
        }
    }

    fn act_terraform(&mut self, group: GroupId, line: Opening, rounds: u32) {
        self.refusable(|core| core.authorize(&group, std::slice::from_ref(&line), &Who::Terraform));
        if rounds > 0 {
            self.after(5 * MINUTE, What::Act(Act::Terraform { group, line, rounds: rounds - 1 }));
        }
    }

    fn act_flood(&mut self) {
        let Some(group) = self.some_group() else { return };
        let many = self.rng.u16(8..20);
        for at in 0..many {
            let line = content("tcp", 22, 22 + at, "0.0.0.0/0", Direction::Ingress);
            if let Some(line) = line {
                self.refusable(|core| core.authorize(&group, &[line], &Who::Attacker));
            }
        }
    }

    fn act_poison(&mut self) {
        if self.fires(Fault::Poison) {
            let garbage = Arc::new(br#"{"detail-type": "AWS API Call via CloudTrail", "detail": {"#.to_vec());
            self.send(QueueName::Events, &Body::Event(garbage, None), 0);
        }
    }

    /// A finding moved: somebody may meddle with it at the worst of times.
    pub(crate) fn meddle(&mut self, record: &FindingRecord) {
        if self.calm {
            return;
        }
        let (racy, hasty) = (self.script.racy, self.script.hasty);
        let soon = match record.life.state {
            State::Reverting(_) => 400,
            State::Queued(_) => 4 * SECOND,
            State::Verifying { .. } => 45 * SECOND,
            State::Reverted => 4 * MINUTE,
            _ => 10 * MINUTE,
        };
        let (one, two) = (self.rng.i64(0..soon), self.rng.i64(0..soon));
        let id = record.finding.id.clone();
        if racy > 0 && self.one_in(racy) {
            let culprits = record.finding.culprits.clone();
            let rule = self.pick(&culprits).and_then(|culprit| culprit.item.id()?.parse().ok());
            let group: Option<GroupId> = record.finding.resource.id.raw().parse().ok();
            if let (Some(group), Some(rule)) = (group, rule) {
                let act = if self.one_in(3) { Act::Remake(group, rule) } else { Act::Touch(group, rule) };
                self.after(one, What::Act(act));
            }
        }
        if hasty > 0 && self.one_in(hasty) {
            let act = match record.life.state {
                State::Reverted => Act::Undo(Some(id)),
                State::Awaiting(_) | State::Manual(_) => Act::Approve { finding: Some(id), stale: false },
                State::Queued(_) | State::Reverting(_) | State::Verifying { .. } => Act::Waive(Some(id)),
                _ => Act::Rest,
            };
            self.after(two, What::Act(act));
        }
    }
}
