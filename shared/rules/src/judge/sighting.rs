//! Rules over a resource as a sweep sees it: the same conditions, over the same views.

use super::{one_by_one, openings};
use crate::condition;
use crate::condition::Answer;
use crate::rule::Rule;
use crate::value::{ObservedValue, Scene};
use crate::written::{RuleKind, View};
use model::{Observed, SecurityGroup, Verdict};
use std::sync::Arc;
use trail::exposure::Field;

/// The CloudFormation type of what [`Observed::SecurityGroup`] is.
const SECURITY_GROUP: &str = "AWS::EC2::SecurityGroup";
/// Rules over these calls speak of the lines of security groups.
const LINE_CALLS: &[&str] =
    &["AuthorizeSecurityGroupIngress", "AuthorizeSecurityGroupEgress", "ModifySecurityGroupRules"];

/// `None` when the sweep does not ask the rule of such a resource.
pub(super) fn judge(rule: &Rule, now: &Observed) -> Option<Verdict> {
    match now {
        Observed::SecurityGroup(group) if is_asked(rule) => Some(of_group(rule, group)),
        Observed::SecurityGroup(_) | Observed::Gone | Observed::Facts(_) => None,
    }
}

/// Of a rule that speaks of calls and state alike the sweep asks what speaks of state: the first condition where it
/// speaks of a view alone, else the second.
fn is_asked(rule: &Rule) -> bool {
    let of_lines = rule.sweeps.as_deref() == Some(SECURITY_GROUP)
        || rule
            .events
            .get("ec2.amazonaws.com")
            .is_some_and(|names| names.iter().any(|name| LINE_CALLS.contains(&name.as_str())));
    let says = !rule.speaks_of_change() || rule.has_holds();
    rule.kind != RuleKind::Change && rule.each == Some(View::Openings) && of_lines && says
}

fn of_group(rule: &Rule, group: &SecurityGroup) -> Verdict {
    let scene = Arc::new(Scene { field: Field::of_group(group), limits: rule.setting.limits });
    let mut scope = condition::scope();
    scope.add_variable_as_val("observed", Box::new(ObservedValue::new(group, &scene)));
    scope.add_variable_as_val("params", Box::new(rule.setting.params.clone()));
    let asks_when = !rule.speaks_of_change();
    one_by_one(openings(&scene), |line| {
        scope.add_variable_as_val("opening", line);
        let first = if asks_when { rule.ask(&scope) } else { Answer::Yes };
        match first {
            Answer::Yes => rule.ask_now(&scope).unwrap_or(Answer::Yes),
            answer => answer,
        }
    })
}

#[cfg(test)]
#[path = "sighting_tests.rs"]
mod tests;
