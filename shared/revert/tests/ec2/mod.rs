//! One security group with AWS's semantics, outside a default VPC: ids are unique and never given again, a
//! content stands once, a modification keeps the id and replaces the rest, every call is all or nothing.

use model::{
    Direction, GroupRuleId, Observed, Opening, Plan, SecurityGroup, Source, Step, Traffic, Untrusted,
};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    Duplicate,
    UnknownId,
    WrongGroup,
}

#[derive(Debug, Clone)]
pub(crate) struct Ec2 {
    pub(crate) lines: BTreeMap<GroupRuleId, Opening>,
    next_id: u32,
}

/// What AWS lets a group hold only once: the description is no part of it.
pub(crate) fn content(line: &Opening) -> (Direction, Traffic, &Source) {
    (line.direction, line.traffic, &line.source)
}

impl Ec2 {
    /// Every group outside EC2-Classic is born with one line: everything may go anywhere.
    pub(crate) fn with_default_egress() -> Self {
        let mut ec2 = Self { lines: BTreeMap::new(), next_id: 0 };
        let everywhere = Source::Net("0.0.0.0/0".parse().unwrap());
        let line = Opening {
            rule: None,
            direction: Direction::Egress,
            traffic: Traffic::Everything,
            source: everywhere,
            description: None,
        };
        ec2.authorize(vec![line]).unwrap();
        ec2
    }

    pub(crate) fn holds(&self, line: &Opening) -> bool {
        self.lines.values().any(|held| content(held) == content(line))
    }

    /// The line at a place, if there are so many.
    pub(crate) fn line(&self, at: usize) -> Option<Opening> {
        self.lines.values().nth(at).cloned()
    }

    /// Each source has its own id, and the answer names them.
    pub(crate) fn authorize(&mut self, lines: Vec<Opening>) -> Result<Vec<Opening>, Refused> {
        let mut held = self.lines.clone();
        let mut next_id = self.next_id;
        let mut answer = Vec::new();
        for line in lines {
            if held.values().any(|other| content(other) == content(&line)) {
                return Err(Refused::Duplicate);
            }
            next_id += 1;
            let id: GroupRuleId = format!("sgr-{next_id:08x}").parse().unwrap();
            let line = Opening { rule: Some(id.clone()), ..line };
            held.insert(id, line.clone());
            answer.push(line);
        }
        (self.lines, self.next_id) = (held, next_id);
        Ok(answer)
    }

    /// Strict where AWS is silent: a line may not take a content that another line holds as the call starts.
    pub(crate) fn modify(&mut self, lines: &[Opening]) -> Result<(), Refused> {
        let mut held = self.lines.clone();
        for line in lines {
            let id = line.rule.as_ref().ok_or(Refused::UnknownId)?;
            let now = self.lines.get(id).ok_or(Refused::UnknownId)?;
            if now.direction != line.direction {
                return Err(Refused::UnknownId);
            }
            let taken = |lines: &BTreeMap<GroupRuleId, Opening>| {
                lines.iter().any(|(other, held)| other != id && content(held) == content(line))
            };
            if taken(&self.lines) || taken(&held) {
                return Err(Refused::Duplicate);
            }
            held.insert(id.clone(), line.clone());
        }
        self.lines = held;
        Ok(())
    }

    /// One unknown id, or one of the other direction, and nothing is revoked.
    pub(crate) fn revoke(&mut self, direction: Direction, ids: &[GroupRuleId]) -> Result<(), Refused> {
        let known = |id| self.lines.get(id).is_some_and(|line| line.direction == direction);
        let named: BTreeSet<&GroupRuleId> = ids.iter().collect();
        if named.is_empty() || named.len() != ids.len() || !ids.iter().all(known) {
            return Err(Refused::UnknownId);
        }
        self.lines.retain(|id, _| !named.contains(id));
        Ok(())
    }

    pub(crate) fn execute(&mut self, plan: &Plan) -> Result<(), Refused> {
        for step in &plan.steps {
            if step.group().as_str() != "sg-0123" {
                return Err(Refused::WrongGroup);
            }
            match step {
                Step::RevokeIngress { rules, .. } => self.revoke(Direction::Ingress, rules)?,
                Step::RevokeEgress { rules, .. } => self.revoke(Direction::Egress, rules)?,
                Step::RestoreRules { lines, .. } => self.modify(lines)?,
                Step::AuthorizeIngress { .. } | Step::AuthorizeEgress { .. } => {
                    panic!("an inverse opens nothing")
                }
            }
        }
        Ok(())
    }

    pub(crate) fn observed(&self) -> Observed {
        Observed::SecurityGroup(SecurityGroup {
            group: "sg-0123".parse().unwrap(),
            name: Untrusted::default(),
            tags: BTreeMap::new(),
            lines: self.lines.values().cloned().collect(),
            prefix_lists: BTreeMap::new(),
            uses: None,
        })
    }
}
