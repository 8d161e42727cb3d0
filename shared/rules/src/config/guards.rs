//! How much may be reverted, and what is too much to touch without a person.

use model::{SecurityGroup, Uses};
use serde::Deserialize;

/// How many findings may be reverted without a person, in fixed windows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Breaker {
    /// Of one rule in one account.
    pub rule_per_10_minutes: u32,
    pub account_per_hour: u32,
    pub overall_per_hour: u32,
}

impl Default for Breaker {
    fn default() -> Self {
        Self { rule_per_10_minutes: 10, account_per_hour: 30, overall_per_hour: 100 }
    }
}

/// On what so much depends that a person is asked before it is touched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BlastRadius {
    /// More network interfaces than this are in the group.
    pub interfaces: u32,
    /// More load balancers' interfaces than this are.
    pub load_balancers: u32,
    /// More other groups than this name it in their lines.
    pub references: u32,
    /// Is a VPC's default group touched without a person?
    pub default_groups: bool,
}

impl Default for BlastRadius {
    fn default() -> Self {
        Self { interfaces: 20, load_balancers: 0, references: 5, default_groups: false }
    }
}

impl BlastRadius {
    /// Why a person is asked; `None` when the group may be touched. What nobody counted stops nothing here.
    pub fn exceeded(&self, group: &SecurityGroup) -> Option<String> {
        if group.name.raw() == "default" && !self.default_groups {
            return Some("it is the default group of its VPC".to_owned());
        }
        let Uses { interfaces, load_balancers, references } = group.uses?;
        let counted = [
            (load_balancers, self.load_balancers, "interfaces of load balancers are in it"),
            (interfaces, self.interfaces, "network interfaces are in it"),
            (references, self.references, "other groups name it"),
        ];
        let exceeded = counted.into_iter().find(|(count, most, _)| count > most);
        exceeded.map(|(count, most, what)| format!("{count} {what}, more than {most}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(name: &str, uses: Option<Uses>) -> SecurityGroup {
        SecurityGroup {
            group: "sg-0a".parse().unwrap(),
            name: name.into(),
            tags: std::collections::BTreeMap::new(),
            lines: Vec::new(),
            prefix_lists: std::collections::BTreeMap::new(),
            uses,
        }
    }

    #[test]
    fn a_person_is_asked_when_more_depends_on_a_group_than_the_limit_and_not_at_the_limit() {
        let limits = BlastRadius { interfaces: 2, load_balancers: 1, references: 3, default_groups: false };
        let asked = |interfaces, load_balancers, references| {
            limits.exceeded(&group("web", Some(Uses { interfaces, load_balancers, references })))
        };
        assert_eq!(asked(2, 1, 3), None);
        assert_eq!(asked(3, 1, 3).unwrap(), "3 network interfaces are in it, more than 2");
        assert_eq!(asked(2, 2, 3).unwrap(), "2 interfaces of load balancers are in it, more than 1");
        assert_eq!(asked(2, 1, 4).unwrap(), "4 other groups name it, more than 3");
        assert_eq!(limits.exceeded(&group("web", None)), None);
    }

    #[test]
    fn a_default_group_is_touched_only_where_somebody_said_so() {
        let shipped = BlastRadius::default();
        assert!(shipped.exceeded(&group("default", None)).is_some());
        assert_eq!(BlastRadius { default_groups: true, ..shipped }.exceeded(&group("default", None)), None);
    }
}
