//! What would be done to an account, and why nothing is.

use crate::{GroupId, GroupRuleId, Item, Opening, Untrusted};
use serde::{Deserialize, Serialize};

/// One call to an account. Closed: what is not a `Step` cannot be done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "do")]
pub enum Step {
    /// `ec2:RevokeSecurityGroupIngress` by rule id.
    RevokeIngress { group: GroupId, rules: Vec<GroupRuleId> },
    /// `ec2:RevokeSecurityGroupEgress` by rule id.
    RevokeEgress { group: GroupId, rules: Vec<GroupRuleId> },
    /// `ec2:ModifySecurityGroupRules`: each line, named by its id, holds again what it held.
    RestoreRules { group: GroupId, lines: Vec<Opening> },
    /// `ec2:AuthorizeSecurityGroupIngress`: lines that were removed are made again, under new ids.
    AuthorizeIngress { group: GroupId, lines: Vec<Opening> },
    /// `ec2:AuthorizeSecurityGroupEgress`.
    AuthorizeEgress { group: GroupId, lines: Vec<Opening> },
}

/// What will be done, in this order. Made by a pure function; carried out without a decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    pub steps: Vec<Step>,
    /// The culprits as they stood when the plan was made: the pre-image, with which the plan can be undone.
    pub takes_back: Vec<Item>,
}

impl Step {
    /// The group that it touches.
    pub fn group(&self) -> &GroupId {
        match self {
            Self::RevokeIngress { group, .. }
            | Self::RevokeEgress { group, .. }
            | Self::RestoreRules { group, .. }
            | Self::AuthorizeIngress { group, .. }
            | Self::AuthorizeEgress { group, .. } => group,
        }
    }
}

/// Why there is no plan. A value that is recorded, never an error.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "because")]
pub enum Refusal {
    /// Somebody marked the resource as not to be touched.
    Protected { mark: Untrusted },
    /// Nothing that the change added stands any more.
    AlreadyUndone,
    /// The inverse is not known exactly; `by_hand` says what a person can do.
    Imprecise { why: String, by_hand: String },
    /// AWS did not say what the change is called, so nothing can be named in a call.
    NotAddressable { by_hand: String },
}

impl std::fmt::Display for Step {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let join = |ids: Vec<&str>| ids.join(", ");
        match self {
            Self::RevokeIngress { group, rules } => {
                write!(f, "revoke {} from {group}", join(rules.iter().map(GroupRuleId::as_str).collect()))
            }
            Self::RevokeEgress { group, rules } => {
                write!(
                    f,
                    "revoke egress {} from {group}",
                    join(rules.iter().map(GroupRuleId::as_str).collect())
                )
            }
            Self::RestoreRules { group, lines } => {
                let ids =
                    lines.iter().filter_map(|line| line.rule.as_ref()).map(GroupRuleId::as_str).collect();
                write!(f, "restore {} of {group}", join(ids))
            }
            Self::AuthorizeIngress { group, lines } => {
                write!(f, "put {} lines back into {group}", lines.len())
            }
            Self::AuthorizeEgress { group, lines } => {
                write!(f, "put {} egress lines back into {group}", lines.len())
            }
        }
    }
}

impl std::fmt::Display for Plan {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let steps: Vec<String> = self.steps.iter().map(Step::to_string).collect();
        f.write_str(&steps.join("; "))
    }
}
