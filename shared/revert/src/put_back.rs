//! Puts back what was taken: for a person who wants it, and for what went with the rest and should not have.
//!
//! ## Undoes
//! Our own steps: a line that was revoked is made again, with its content and description, under a new id; a line
//! that was changed holds again what it held, under its id.
//! ## Leaves alone
//! Lines that stand already with the same content, under whatever id; every other line of the group.
//! ## If it runs twice
//! The second plan is a refusal: `AlreadyUndone`.
//! ## Permissions
//! `ec2:AuthorizeSecurityGroupIngress`, `ec2:AuthorizeSecurityGroupEgress`, `ec2:ModifySecurityGroupRules`.

use crate::by_hand::look;
use crate::standing::same_content;
use model::{Culprit, Direction, Item, Observed, Opening, Plan, Refusal, SecurityGroup, Step};

/// The items that do not stand, by content: what is still to be put back. `None`: there is nothing to put them into.
pub fn missing(items: &[Culprit], now: &Observed) -> Option<Vec<Item>> {
    match now {
        Observed::SecurityGroup(group) => {
            let gone = |item: &&Item| match item {
                Item::Opening(line) => !group.lines.iter().any(|other| same_content(line, other)),
                _ => true,
            };
            Some(items.iter().map(|culprit| &culprit.item).filter(gone).cloned().collect())
        }
        Observed::Gone | Observed::Facts(_) => None,
    }
}

/// The steps that put back what does not stand.
pub fn put_back(items: &[Culprit], now: &Observed) -> Result<Plan, Refusal> {
    let imprecise = |why: &str, by_hand: String| Refusal::Imprecise { why: why.to_owned(), by_hand };
    let (Observed::SecurityGroup(group), Some(missing)) = (now, missing(items, now)) else {
        return Err(imprecise(
            "what it was part of is not there any more",
            "make it again from its code".to_owned(),
        ));
    };
    let mut lines = Vec::new();
    for item in missing {
        let Item::Opening(line) = item else {
            return Err(imprecise("it is no line of a security group", look(&group.group)));
        };
        lines.push(line);
    }
    if lines.is_empty() {
        return Err(Refusal::AlreadyUndone);
    }
    Ok(Plan { steps: steps(group, lines), takes_back: Vec::new() })
}

fn steps(group: &SecurityGroup, lines: Vec<Opening>) -> Vec<Step> {
    let stands =
        |line: &Opening| line.rule.is_some() && group.lines.iter().any(|other| other.rule == line.rule);
    let (changed, gone): (Vec<Opening>, Vec<Opening>) = lines.into_iter().partition(stands);
    let (ingress, egress): (Vec<Opening>, Vec<Opening>) =
        gone.into_iter().partition(|line| line.direction == Direction::Ingress);
    let id = || group.group.clone();
    let mut steps = Vec::new();
    if !changed.is_empty() {
        steps.push(Step::RestoreRules { group: id(), lines: changed });
    }
    if !ingress.is_empty() {
        steps.push(Step::AuthorizeIngress { group: id(), lines: ingress });
    }
    if !egress.is_empty() {
        steps.push(Step::AuthorizeEgress { group: id(), lines: egress });
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{GroupRuleId, Ports, Source, Traffic};

    fn line(id: &str, direction: Direction, port: u16) -> Opening {
        Opening {
            rule: Some(id.parse().unwrap()),
            direction,
            traffic: Traffic::Tcp(Ports::new(port, port).unwrap()),
            source: Source::Net("0.0.0.0/0".parse().unwrap()),
            description: Some("office".into()),
        }
    }

    fn group(lines: Vec<Opening>) -> SecurityGroup {
        SecurityGroup {
            group: "sg-0a".parse().unwrap(),
            name: "web".into(),
            tags: std::collections::BTreeMap::new(),
            lines,
            prefix_lists: std::collections::BTreeMap::new(),
            uses: None,
        }
    }

    fn taken() -> Vec<Culprit> {
        let lines = [
            line("sgr-01", Direction::Ingress, 22),
            line("sgr-02", Direction::Egress, 25),
            line("sgr-03", Direction::Ingress, 80),
        ];
        lines.map(|line| Culprit { item: Item::Opening(line), prior: None }).to_vec()
    }

    /// As EC2 would: what is made has a new id.
    fn carried_out(plan: &Plan, mut group: SecurityGroup) -> SecurityGroup {
        let mut fresh = (0x99..).map(|n| format!("sgr-{n:x}").parse::<GroupRuleId>().unwrap());
        for step in &plan.steps {
            match step {
                Step::RestoreRules { lines, .. } => {
                    for line in lines {
                        let own = group.lines.iter_mut().find(|own| own.rule == line.rule).unwrap();
                        *own = line.clone();
                    }
                }
                Step::AuthorizeIngress { lines, .. } | Step::AuthorizeEgress { lines, .. } => group
                    .lines
                    .extend(lines.iter().map(|line| Opening { rule: fresh.next(), ..line.clone() })),
                other => panic!("{other:?} puts nothing back"),
            }
        }
        group
    }

    #[test]
    fn what_was_revoked_is_made_again_and_what_was_changed_holds_again_what_it_held() {
        let now =
            group(vec![line("sgr-03", Direction::Ingress, 8080), line("sgr-0f", Direction::Ingress, 443)]);
        let plan = put_back(&taken(), &Observed::SecurityGroup(now.clone())).unwrap();
        let kinds: Vec<String> = plan.steps.iter().map(Step::to_string).collect();
        assert_eq!(
            kinds,
            ["restore sgr-03 of sg-0a", "put 1 lines back into sg-0a", "put 1 egress lines back into sg-0a"]
        );
        let after = carried_out(&plan, now);
        assert_eq!(missing(&taken(), &Observed::SecurityGroup(after.clone())), Some(Vec::new()));
        assert!(after.lines.contains(&line("sgr-0f", Direction::Ingress, 443)));
        assert_eq!(after.lines.len(), 4);
    }

    #[test]
    fn what_stands_is_not_made_twice_whatever_its_id() {
        let all = vec![
            line("sgr-91", Direction::Ingress, 22),
            line("sgr-92", Direction::Egress, 25),
            line("sgr-93", Direction::Ingress, 80),
        ];
        let now = Observed::SecurityGroup(group(all));
        assert_eq!(put_back(&taken(), &now), Err(Refusal::AlreadyUndone));
    }

    #[test]
    fn into_a_group_that_is_gone_nothing_can_be_put_back() {
        assert!(matches!(put_back(&taken(), &Observed::Gone), Err(Refusal::Imprecise { .. })));
        assert_eq!(missing(&taken(), &Observed::Gone), None);
    }
}
