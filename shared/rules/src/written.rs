//! `rule.yaml` and `cases.yaml` as people write them. No key that is not here is accepted.

use crate::asked::Events;
use crate::counted;
use model::{Mode, Severity};
use serde::Deserialize;
use serde_json::Value;
use serde_saphyr::Spanned;
use std::collections::BTreeMap;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rule {
    pub(crate) id: Spanned<String>,
    pub(crate) title: Spanned<String>,
    pub(crate) severity: Severity,
    pub(crate) mode: Spanned<Mode>,
    pub(crate) revert: Option<Spanned<String>>,
    #[serde(default)]
    pub(crate) what: String,
    #[serde(default)]
    pub(crate) why: String,
    #[serde(default)]
    pub(crate) instead: String,
    #[serde(default)]
    pub(crate) misses: String,
    #[serde(default)]
    pub(crate) frameworks: BTreeMap<Framework, Vec<String>>,
    #[serde(default)]
    pub(crate) kind: RuleKind,
    #[serde(default = "yes")]
    pub(crate) observed: bool,
    #[serde(default)]
    pub(crate) failed: bool,
    #[serde(default)]
    pub(crate) reads: bool,
    #[serde(default)]
    pub(crate) params: BTreeMap<String, Spanned<Value>>,
    #[serde(default)]
    pub(crate) needs: Vec<Spanned<String>>,
    #[serde(default)]
    pub(crate) events: Events,
    pub(crate) only: Option<Spanned<BTreeMap<String, Vec<Value>>>>,
    pub(crate) count: Option<counted::Written>,
    /// The CloudFormation type of the resources that the sweep asks it of.
    pub(crate) sweeps: Option<Spanned<String>>,
    pub(crate) each: Option<View>,
    pub(crate) when: Spanned<String>,
    pub(crate) holds: Option<Spanned<String>>,
    pub(crate) message: Spanned<String>,
}

fn yes() -> bool {
    true
}

/// By whom a rule is asked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RuleKind {
    /// Of changes only: nothing is left to be seen afterwards.
    Change,
    /// Of changes, and of present state by the sweep.
    #[default]
    Both,
    /// Of present state only.
    Sweep,
}

/// The views whose items a rule may be asked of, one by one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum View {
    Openings,
    Statements,
    Grants,
    Shares,
    Encryption,
}

impl View {
    /// What one of its items is called.
    pub fn item(self) -> &'static str {
        match self {
            Self::Openings => "opening",
            Self::Statements => "statement",
            Self::Grants => "grant",
            Self::Shares => "share",
            Self::Encryption => "store",
        }
    }
}

/// The frameworks that a rule may serve.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
pub enum Framework {
    #[serde(rename = "cis-aws")]
    CisAws,
    #[serde(rename = "fsbp")]
    Fsbp,
    #[serde(rename = "gdpr")]
    Gdpr,
    #[serde(rename = "iso27001")]
    Iso27001,
    #[serde(rename = "nist-800-53-r5")]
    Nist80053R5,
    #[serde(rename = "pci-dss-4.0")]
    PciDss40,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Cases {
    #[serde(default)]
    pub(crate) violates: Vec<Spanned<Case>>,
    #[serde(default)]
    pub(crate) quiet: Vec<Spanned<Case>>,
    #[serde(default)]
    pub(crate) undecided: Vec<Spanned<Case>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Case {
    /// A path under `events/`; none of a case that only the sweep sees.
    pub(crate) event: Option<Spanned<String>>,
    /// A JSON merge patch over the event, or over what is observed where there is no event.
    pub(crate) but: Option<Value>,
    /// What is observed: a path under `events/`, or the thing itself.
    pub(crate) state: Option<Spanned<Value>>,
    /// Params that differ from the rule's own.
    #[serde(default)]
    pub(crate) config: BTreeMap<String, Spanned<Value>>,
    /// What the reverter would do; compared by who knows the reverters.
    pub(crate) plan: Option<Spanned<String>>,
    /// The culprits, each by its id, or by what it permits where it has none.
    pub(crate) culprits: Option<Vec<String>>,
    pub(crate) because: Option<String>,
}
