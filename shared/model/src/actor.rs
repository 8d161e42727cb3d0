//! Who made a change.

use crate::{AccountId, Untrusted};
use serde::{Deserialize, Serialize};

/// CloudTrail's `userIdentity.type`, as far as rules tell them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ActorKind {
    Root,
    User,
    /// A role's session, whoever stands behind it.
    Role,
    Federated,
    /// Another account, of which no more is said.
    Account,
    /// An AWS service on its own account.
    Service,
    IdentityCenter,
    /// CloudTrail's `Unknown`, a type that is new, or no `userIdentity` at all.
    Unknown,
}

/// Who made a change. All texts are as CloudTrail wrote them; only the ARNs are checked by AWS.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    pub kind: ActorKind,
    /// What people call it: user name, role and session, `root`, a service.
    pub name: Untrusted,
    /// The caller's account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<AccountId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arn: Option<String>,
    /// The role whose session it is (`sessionContext.sessionIssuer.arn`): what allow lists name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// The session's name, chosen by who assumed the role.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<Untrusted>,
    /// Kept along a chain of roles, set by who started it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_identity: Option<Untrusted>,
    /// A service acted for the actor: `cloudformation.amazonaws.com`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invoked_by: Option<Untrusted>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<Untrusted>,
    /// Was the session made with a second factor; absent where CloudTrail does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mfa: Option<bool>,
}

/// Tools that make the world as a text says, by what their user agents contain, and how people write them.
const TOOLS: &[(&str, &str)] = &[
    ("terraform", "Terraform"),
    ("opentofu", "OpenTofu"),
    ("pulumi", "Pulumi"),
    ("aws-cdk", "AWS CDK"),
    ("crossplane", "Crossplane"),
    ("ansible", "Ansible"),
    ("cloudformation.amazonaws.com", "CloudFormation"),
];

/// What acts because a person or a pipeline told it to, with their rights.
const ON_BEHALF: &[&str] = &[
    "cloudformation.amazonaws.com",
    "cloudshell.amazonaws.com",
    "proton.amazonaws.com",
    "servicecatalog.amazonaws.com",
    "signin.amazonaws.com",
    "ssm.amazonaws.com",
];

impl Actor {
    /// The tool that puts back what its code says, whoever takes it away.
    pub fn tool(&self) -> Option<&'static str> {
        let texts = [&self.invoked_by, &self.user_agent]
            .map(|text| text.as_ref().map(|text| text.raw().to_ascii_lowercase()).unwrap_or_default());
        TOOLS.iter().find(|(mark, _)| texts.iter().any(|text| text.contains(mark))).map(|(_, name)| *name)
    }

    /// Is it an AWS service on its own: its principal, a service-linked role, or what a service does with a role that
    /// it was given? Not so of CloudFormation, the console and their like, which do what somebody asks for.
    pub fn is_automatic(&self) -> bool {
        let service = |name: &Untrusted| {
            let name = name.raw();
            name.ends_with(".amazonaws.com") && !ON_BEHALF.contains(&name)
        };
        let linked = |role: &String| role.contains(":role/aws-service-role/");
        self.kind == ActorKind::Service
            || self.role.as_ref().is_some_and(linked)
            || self.invoked_by.as_ref().is_some_and(service)
    }

    /// An actor of whom nothing is known.
    pub fn unknown() -> Self {
        Self {
            kind: ActorKind::Unknown,
            name: Untrusted::new("unknown"),
            account: None,
            arn: None,
            role: None,
            session: None,
            source_identity: None,
            invoked_by: None,
            user_agent: None,
            mfa: None,
        }
    }
}
