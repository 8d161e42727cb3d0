//! Closes what `AuthorizeSecurityGroupIngress`, `AuthorizeSecurityGroupEgress` and `ModifySecurityGroupRules` opened.
//!
//! ## Undoes
//! The lines that the event added, or a sweep saw, and that still stand so: they are revoked, by their ids.
//! The lines that the event changed and that still stand as it left them: they hold again what they held
//! before, under the same id, when that is known from a change at most 24 hours older than the event.
//! All or nothing: one culprit whose inverse is not exact makes the whole a refusal, so that the rest of a
//! finding is not forgotten behind a plan that did a part of it.
//! ## Leaves alone
//! Lines added before or after, by whomever and with whatever content; lines of the event that no rule names;
//! lines that somebody changed since (the id stays, the content is theirs); groups tagged `gardefou:protect`.
//! ## If it runs twice
//! The second plan is a refusal: `AlreadyUndone`.
//! ## Permissions
//! `ec2:DescribeSecurityGroups`, `ec2:DescribeSecurityGroupRules`, `ec2:DescribeNetworkInterfaces` (what depends on
//! the group), `ec2:RevokeSecurityGroupIngress`, `ec2:RevokeSecurityGroupEgress`, `ec2:ModifySecurityGroupRules`; and
//! for what puts back what was taken ([`crate::put_back`]) `ec2:AuthorizeSecurityGroupIngress` and
//! `ec2:AuthorizeSecurityGroupEgress`.

use crate::by_hand::{ids, look, revoke_by_hand};
use crate::standing::{comparable, line_of, same_content};
use crate::{Reverter, Undo};
use jiff::SignedDuration;
use model::{
    Culprit, Direction, GroupRuleId, Item, Observed, Opening, Plan, Prior, Refusal, SecurityGroup, Step,
};

/// An older knowledge of what a line held says too little about what it held when the event came.
pub const PRIOR_AGE_MAX: SignedDuration = SignedDuration::from_hours(24);

#[derive(Debug, Clone, Copy)]
pub struct SecurityGroupRules;

impl Reverter for SecurityGroupRules {
    fn name(&self) -> &'static str {
        "security-group-rules"
    }

    fn permissions(&self) -> &'static [&'static str] {
        &[
            "ec2:AuthorizeSecurityGroupEgress",
            "ec2:AuthorizeSecurityGroupIngress",
            "ec2:DescribeNetworkInterfaces",
            "ec2:DescribeSecurityGroupRules",
            "ec2:DescribeSecurityGroups",
            "ec2:ModifySecurityGroupRules",
            "ec2:RevokeSecurityGroupEgress",
            "ec2:RevokeSecurityGroupIngress",
        ]
    }

    fn calls(&self) -> &'static [(&'static str, &'static str)] {
        const EC2: &str = "ec2.amazonaws.com";
        &[
            (EC2, "AuthorizeSecurityGroupEgress"),
            (EC2, "AuthorizeSecurityGroupIngress"),
            (EC2, "ModifySecurityGroupRules"),
            (EC2, "RevokeSecurityGroupEgress"),
            (EC2, "RevokeSecurityGroupIngress"),
        ]
    }

    fn plan(&self, undo: &Undo<'_>, now: &Observed) -> Result<Plan, Refusal> {
        let group = match now {
            Observed::Gone => return Err(Refusal::AlreadyUndone),
            Observed::SecurityGroup(group) => group,
            Observed::Facts(_) => {
                return Err(Refusal::Imprecise {
                    why: "what was observed is no security group".to_owned(),
                    by_hand: "compare it with what the event says".to_owned(),
                });
            }
        };
        if undo.culprits.is_empty() {
            return Err(Refusal::Imprecise {
                why: "the rule names no line of the group".to_owned(),
                by_hand: look(&group.group),
            });
        }
        let found = Found::among(undo.culprits, group);
        if found.is_empty() {
            return Err(Refusal::AlreadyUndone);
        }
        if let Some(mark) = group.protection() {
            return Err(Refusal::Protected { mark });
        }
        if found.nameless {
            return Err(Refusal::NotAddressable { by_hand: revoke_by_hand(&group.group, &found.lines()) });
        }
        match undo.event_name {
            None | Some("AuthorizeSecurityGroupIngress" | "AuthorizeSecurityGroupEgress") => {
                Ok(revoke(group, &found))
            }
            Some("ModifySecurityGroupRules") => restore(undo, group, &found),
            Some(other) => Err(Refusal::Imprecise {
                why: format!("what `{}` did to these lines is not known", printable(other)),
                by_hand: revoke_by_hand(&group.group, &found.lines()),
            }),
        }
    }
}

/// The culprits that stand, each with its line as it is now.
#[derive(Default)]
struct Found<'a> {
    standing: Vec<(&'a Culprit, &'a Opening)>,
    /// AWS did not name at least one of them.
    nameless: bool,
}

impl<'a> Found<'a> {
    fn among(culprits: &'a [Culprit], group: &'a SecurityGroup) -> Self {
        let mut found = Self::default();
        for culprit in culprits {
            let Item::Opening(opening) = &culprit.item else {
                found.nameless = true;
                continue;
            };
            let line = line_of(group, opening);
            found.nameless |= opening.rule.is_none() && (line.is_some() || !comparable(opening));
            if let Some(line) = line
                && !found.standing.iter().any(|(_, known)| std::ptr::eq(*known, line))
            {
                found.standing.push((culprit, line));
            }
        }
        found
    }

    fn is_empty(&self) -> bool {
        self.standing.is_empty() && !self.nameless
    }

    fn lines(&self) -> Vec<&'a Opening> {
        self.standing.iter().map(|(_, line)| *line).collect()
    }
}

fn revoke(group: &SecurityGroup, found: &Found<'_>) -> Plan {
    let lines = found.lines();
    let ingress = ids(&lines, Direction::Ingress);
    let egress = ids(&lines, Direction::Egress);
    let group = &group.group;
    let mut steps = Vec::new();
    if !ingress.is_empty() {
        steps.push(Step::RevokeIngress { group: group.clone(), rules: ingress });
    }
    if !egress.is_empty() {
        steps.push(Step::RevokeEgress { group: group.clone(), rules: egress });
    }
    Plan { steps, takes_back: lines.into_iter().cloned().map(Item::Opening).collect() }
}

fn restore(undo: &Undo<'_>, group: &SecurityGroup, found: &Found<'_>) -> Result<Plan, Refusal> {
    let (mut lines, mut takes_back, mut inexact) = (Vec::new(), Vec::new(), Vec::new());
    for (culprit, line) in &found.standing {
        match before(culprit, line, undo) {
            // The event changed nothing that a rule asks about: the fault is older than it.
            Ok(prior) if same_content(&prior, line) => {}
            Ok(prior) if taken(group, &lines, &prior) => {
                inexact.push((*line, "another line of the group holds what it held before"));
            }
            Ok(prior) => {
                takes_back.push(Item::Opening((*line).clone()));
                lines.push(prior);
            }
            Err(why) => inexact.push((*line, why)),
        }
    }
    if !inexact.is_empty() {
        let why: Vec<String> = inexact.iter().map(|(line, why)| format!("{}: {why}", name(line))).collect();
        let lines: Vec<&Opening> = inexact.iter().map(|(line, _)| *line).collect();
        let by_hand = format!(
            "{}; or put back what they held: aws ec2 modify-security-group-rules --group-id {}",
            revoke_by_hand(&group.group, &lines),
            group.group
        );
        return Err(Refusal::Imprecise { why: why.join("; "), by_hand });
    }
    if lines.is_empty() {
        return Err(Refusal::AlreadyUndone);
    }
    Ok(Plan { steps: vec![Step::RestoreRules { group: group.group.clone(), lines }], takes_back })
}

/// What the line held before the event, under the id it has now.
fn before(culprit: &Culprit, line: &Opening, undo: &Undo<'_>) -> Result<Opening, &'static str> {
    let Some(Prior { item: Item::Opening(prior), seen_at }) = &culprit.prior else {
        return Err("what it held before is not known");
    };
    if *seen_at >= undo.event_time {
        return Err("what is known of it is not older than the event");
    }
    if undo.event_time.duration_since(*seen_at) > PRIOR_AGE_MAX {
        return Err("what is known of it is more than 24 hours older than the event");
    }
    if prior.direction != line.direction || (prior.rule.is_some() && prior.rule != line.rule) {
        return Err("what is known of it is about another line");
    }
    Ok(Opening { rule: line.rule.clone(), ..prior.clone() })
}

/// AWS refuses a call that would make two lines of the same content; whether it minds lines that the same call
/// changes away is not documented, so they count too.
fn taken(group: &SecurityGroup, planned: &[Opening], prior: &Opening) -> bool {
    let others = group.lines.iter().chain(planned);
    others.filter(|other| other.rule != prior.rule).any(|other| same_content(other, prior))
}

fn name(line: &Opening) -> &str {
    line.rule.as_ref().map_or("a line without an id", GroupRuleId::as_str)
}

/// An event's name comes from outside; AWS's are letters, digits and `_`.
fn printable(name: &str) -> String {
    name.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_').take(80).collect()
}

#[cfg(test)]
#[path = "security_group_rules_tests.rs"]
mod tests;
