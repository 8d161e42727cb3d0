//! What a person can run where a plan can't be exact.

use model::{Direction, GroupId, GroupRuleId, Opening};

pub(crate) fn ids(lines: &[&Opening], direction: Direction) -> Vec<GroupRuleId> {
    lines.iter().filter(|line| line.direction == direction).filter_map(|line| line.rule.clone()).collect()
}

pub(crate) fn look(group: &GroupId) -> String {
    format!("aws ec2 describe-security-group-rules --filters Name=group-id,Values={group}")
}

/// The commands a person can run; where not even observing gave an id, the one that shows the lines.
pub fn revoke_by_hand(group: &GroupId, lines: &[&Opening]) -> String {
    let command = |way, direction| {
        let ids = ids(lines, direction);
        let ids: Vec<&str> = ids.iter().map(GroupRuleId::as_str).collect();
        let call =
            format!("aws ec2 revoke-security-group-{way} --group-id {group} --security-group-rule-ids");
        (!ids.is_empty()).then(|| format!("{call} {}", ids.join(" ")))
    };
    let commands = [command("ingress", Direction::Ingress), command("egress", Direction::Egress)];
    let commands: Vec<String> = commands.into_iter().flatten().collect();
    if commands.is_empty() { look(group) } else { commands.join("; ") }
}
