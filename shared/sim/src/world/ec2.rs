//! Security groups of a run, as EC2 keeps them: ids are never given twice, a call by ids is all or nothing, a line that
//! is modified keeps its id, and what is read may be older than what is.

use super::calls::Call;
use super::core::{Core, Millis, SECOND, stamp};
use super::faults::Fault;
use super::variant::{ACCOUNTS, REGION, Variant};
use engine::{ObserverError, Session, Sighted};
use fastrand::Rng;
use model::{
    AccountId, Direction, GroupId, GroupRuleId, Observed, Opening, Resource, SecurityGroup, Untrusted, Uses,
};
use std::collections::BTreeMap;

/// What is read is no older than this. Two reads 30 s apart, the first 10 s after the call, are good for 40 s.
const STALE_MAX: Millis = 38 * SECOND;

/// Who changes something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Who {
    Developer,
    Terraform,
    BreakGlass,
    Attacker,
    /// Somebody who names a session as gardefou does.
    Forger(String),
    Guard(Session),
}

#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) account: AccountId,
    pub(crate) id: GroupId,
    pub(crate) name: &'static str,
    pub(crate) tags: BTreeMap<String, Untrusted>,
    pub(crate) uses: Uses,
    /// `None` since it was deleted.
    pub(crate) lines: Option<Vec<Opening>>,
    was: Vec<(Millis, Option<Vec<Opening>>)>,
}

/// From when to when a line had a content.
#[derive(Debug, Clone)]
pub(crate) struct Interval {
    pub(crate) group: GroupId,
    pub(crate) line: Opening,
    pub(crate) from: Millis,
    pub(crate) to: Option<Millis>,
    /// CloudTrail's record says what the line holds.
    pub(crate) told: bool,
}

impl Interval {
    pub(crate) fn id(&self) -> &str {
        self.line.rule.as_ref().map_or("", GroupRuleId::as_str)
    }
}

#[derive(Debug, Default)]
pub(crate) struct Ec2 {
    pub(crate) groups: BTreeMap<GroupId, Group>,
    pub(crate) past: Vec<Interval>,
    pub(crate) calls: BTreeMap<u64, Call>,
    pub(crate) made: u64,
    pub(crate) changes: u64,
    /// When somebody else last said what a line is to hold, even what it held already.
    pub(crate) said: BTreeMap<String, Millis>,
}

/// An error's code, as EC2 names it.
type Code = &'static str;

impl Ec2 {
    pub(crate) fn new(rng: &mut Rng, variant: &Variant, start: Millis) -> Self {
        let mut ec2 = Self::default();
        for (at, account) in ACCOUNTS.iter().enumerate() {
            for n in 0..5_u32 {
                if let Some(group) = group(rng, at, account, n) {
                    ec2.groups.insert(group.id.clone(), group);
                }
            }
        }
        for group in ec2.groups.values_mut() {
            let office = super::script::content("tcp", 443, 443, "198.51.100.0/24", Direction::Ingress);
            let Some(mut line) = office else { continue };
            ec2.made += 1;
            line.rule = id(ec2.made);
            ec2.past.push(Interval {
                group: group.id.clone(),
                line: line.clone(),
                from: start - 1,
                to: None,
                told: true,
            });
            group.lines = Some(vec![line]);
            group.was.push((start - 1, group.lines.clone()));
        }
        let _ = variant;
        ec2
    }

    pub(crate) fn lines(&self, group: &GroupId) -> &[Opening] {
        self.groups.get(group).and_then(|group| group.lines.as_deref()).unwrap_or_default()
    }

    /// Did a line of this id stand with this content at some time of this span?
    pub(crate) fn of<'a>(&'a self, id: &'a str) -> impl Iterator<Item = &'a Interval> {
        self.past.iter().filter(move |interval| interval.id() == id)
    }

    pub(crate) fn seen(group: &Group, lines: Vec<Opening>) -> Observed {
        Observed::SecurityGroup(SecurityGroup {
            group: group.id.clone(),
            name: Untrusted::new(group.name),
            tags: group.tags.clone(),
            lines,
            prefix_lists: BTreeMap::new(),
            uses: Some(group.uses),
        })
    }
}

/// By its number: plain, plain with an environment, default, protected, in use everywhere.
fn group(rng: &mut Rng, at: usize, account: &str, n: u32) -> Option<Group> {
    let tag = |key: &str, value: &str| BTreeMap::from([(key.to_owned(), Untrusted::new(value))]);
    let (name, tags, interfaces) = match n {
        0 => ("web", BTreeMap::new(), 2),
        1 => ("jobs", tag("env", if rng.bool() { "prod" } else { "lab" }), 0),
        2 => ("default", BTreeMap::new(), 1),
        3 => ("legacy", tag("gardefou:protect", "team-a"), 1),
        _ => ("everywhere", BTreeMap::new(), 40),
    };
    Some(Group {
        account: account.parse().ok()?,
        id: format!("sg-{:x}{n:016x}", at + 1).parse().ok()?,
        name,
        tags,
        uses: Uses { interfaces, load_balancers: 0, references: 0 },
        lines: None,
        was: Vec::new(),
    })
}

fn id(made: u64) -> Option<GroupRuleId> {
    format!("sgr-{:017x}", 0xabc_0000_0000 + made).parse().ok()
}

impl Core {
    pub(crate) fn authorize(
        &mut self,
        group: &GroupId,
        lines: &[Opening],
        who: &Who,
    ) -> Result<Vec<Opening>, Code> {
        let standing = self.ec2.groups.get(group).and_then(|group| group.lines.clone());
        let mut standing = standing.ok_or("InvalidGroup.NotFound")?;
        let mut added = Vec::new();
        for line in lines {
            if standing.iter().any(|own| own.same_content(line)) {
                return Err("InvalidPermission.Duplicate");
            }
            self.ec2.made += 1;
            let line = Opening { rule: id(self.ec2.made), ..line.clone() };
            standing.push(line.clone());
            added.push(line);
        }
        self.replaced(group, Some(standing), who);
        self.record_authorize(group, &added, who);
        Ok(added)
    }

    pub(crate) fn modify(&mut self, group: &GroupId, lines: &[Opening], who: &Who) -> Result<(), Code> {
        let standing = self.ec2.groups.get(group).and_then(|group| group.lines.clone());
        let mut standing = standing.ok_or("InvalidGroup.NotFound")?;
        for wanted in lines {
            // Records have whole seconds: which of two changes in one second was the last, no record tells.
            let last = self.ec2.groups.get(group).and_then(|group| group.was.last()).map_or(0, |(at, _)| *at);
            let second = |at: Millis| at.div_euclid(SECOND);
            if second(last) == second(self.now) && !matches!(who, Who::Guard(_)) {
                return Err("RequestLimitExceeded");
            }
            if standing.iter().any(|own| own.rule != wanted.rule && own.same_content(wanted)) {
                return Err("InvalidPermission.Duplicate");
            }
            let line = standing.iter_mut().find(|line| line.rule == wanted.rule);
            let line = line.ok_or("InvalidSecurityGroupRuleId.NotFound")?;
            if let (Some(rule), false) = (&wanted.rule, matches!(who, Who::Guard(_))) {
                self.ec2.said.insert(rule.to_string(), self.now);
            }
            *line = Opening { direction: line.direction, ..wanted.clone() };
        }
        self.replaced(group, Some(standing), who);
        self.record_modify(group, lines, who);
        Ok(())
    }

    pub(crate) fn revoke(
        &mut self,
        group: &GroupId,
        ids: &[GroupRuleId],
        who: &Who,
    ) -> Result<Vec<Opening>, Code> {
        let standing = self.ec2.groups.get(group).and_then(|group| group.lines.clone());
        let standing = standing.ok_or("InvalidGroup.NotFound")?;
        let named = |line: &Opening| line.rule.as_ref().is_some_and(|id| ids.contains(id));
        let (gone, left): (Vec<Opening>, Vec<Opening>) = standing.into_iter().partition(named);
        if gone.len() != ids.len() {
            return Err("InvalidSecurityGroupRuleId.NotFound");
        }
        self.replaced(group, Some(left), who);
        self.record_revoke(group, &gone, who);
        Ok(gone)
    }

    pub(crate) fn delete_group(&mut self, group: &GroupId) {
        self.replaced(group, None, &Who::Developer);
    }

    /// The group has these lines from now on; what had another content before ends.
    fn replaced(&mut self, id: &GroupId, lines: Option<Vec<Opening>>, who: &Who) {
        let now = self.now;
        self.ec2.changes += 1;
        let new = lines.as_deref().unwrap_or_default();
        let mut ended = Vec::new();
        for interval in self.ec2.past.iter_mut().filter(|past| past.group == *id && past.to.is_none()) {
            let stays =
                new.iter().any(|line| line.rule == interval.line.rule && line.same_content(&interval.line));
            if !stays {
                interval.to = Some(now);
                ended.push(interval.clone());
            }
        }
        let standing = |line: &Opening, past: &[Interval]| {
            past.iter().any(|old| old.to.is_none() && old.group == *id && old.line.rule == line.rule)
        };
        for line in new {
            if !standing(line, &self.ec2.past) {
                self.ec2.past.push(Interval {
                    group: id.clone(),
                    line: line.clone(),
                    from: now,
                    to: None,
                    told: true,
                });
            }
        }
        if let Some(group) = self.ec2.groups.get_mut(id) {
            group.lines.clone_from(&lines);
            group.was.push((now, lines));
        }
        self.mix(id.as_str());
        if let Who::Guard(session) = who {
            self.took_effect(session, &ended);
        }
    }

    /// The lines as a read shows them.
    fn shown(&mut self, id: &GroupId) -> Option<Vec<Opening>> {
        let age = self.rng.i64(0..STALE_MAX);
        let now = self.now;
        let group = self.ec2.groups.get(id)?;
        let of = |at: Millis| group.was.iter().rev().find(|(since, _)| *since <= at);
        let (fresh, stale) = (group.lines.clone(), of(now - age).map(|(_, lines)| lines.clone()));
        if self.fires(Fault::StaleRead) { stale.unwrap_or(fresh) } else { fresh }
    }

    fn may_read(&mut self, account: &AccountId) -> Result<(), ObserverError> {
        if self.in_episode(Fault::Ec2Denied, account.as_str()) {
            return Err(ObserverError::Denied("UnauthorizedOperation".into()));
        }
        if self.in_episode(Fault::Ec2Storm, account.as_str()) || self.fires(Fault::Ec2Throttle) {
            return Err(ObserverError::Throttled("RequestLimitExceeded".into()));
        }
        if self.fires(Fault::Ec2Nonsense) {
            return Err(ObserverError::Nonsense("a line has no source".to_owned()));
        }
        Ok(())
    }

    pub(crate) fn observed(&mut self, resource: &Resource) -> Result<Observed, ObserverError> {
        self.may_read(&resource.account)?;
        let Ok(id) = resource.id.raw().parse::<GroupId>() else { return Ok(Observed::Gone) };
        let lines = self.shown(&id);
        let group = self.ec2.groups.get(&id).filter(|group| group.account == resource.account);
        Ok(match (group, lines) {
            (Some(group), Some(lines)) => Ec2::seen(group, lines),
            _ => Observed::Gone,
        })
    }

    pub(crate) fn inventory(&mut self, account: &AccountId) -> Result<Vec<Sighted>, ObserverError> {
        self.may_read(account)?;
        let of = self.ec2.groups.values().filter(|group| group.account == *account);
        let ids: Vec<GroupId> = of.map(|group| group.id.clone()).collect();
        let mut sighted = Vec::new();
        for id in ids {
            let Some(lines) = self.shown(&id) else { continue };
            let Some(group) = self.ec2.groups.get(&id) else { continue };
            let Some(resource) = resource(group) else { continue };
            sighted.push(Sighted { resource, observed: Ec2::seen(group, lines) });
        }
        Ok(sighted)
    }
}

pub(crate) fn resource(group: &Group) -> Option<Resource> {
    Some(Resource {
        account: group.account.clone(),
        region: REGION.parse().ok()?,
        service: "ec2".parse().ok()?,
        id: group.id.as_str().into(),
    })
}

/// When an event says it happened: whole seconds.
pub(crate) fn event_time(at: Millis) -> jiff::Timestamp {
    stamp(at.div_euclid(SECOND) * SECOND)
}
