//! `gardefou.yaml`: what an account allows, and what rules need to know about it.

use crate::Problem;
use crate::overrides::{self, Override};
use crate::params::{self, Param, Params};
use crate::yaml::{self, Place};
use model::{AccountId, Mode, Resource, RuleId};
use serde::Deserialize;
use serde_json::Value;
use serde_saphyr::Spanned;
use std::collections::BTreeMap;
use trail::Change;
use trail::exposure::Limits;

const PATH: &str = "gardefou.yaml";

/// What the owner of the accounts allows. The default observes, and has nothing configured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Where it is written: problems name it.
    pub path: String,
    /// For accounts that are not named.
    pub mode: Mode,
    pub accounts: BTreeMap<AccountId, Mode>,
    pub breaker: Breaker,
    /// Role ARNs: what these do is told and never taken back.
    pub break_glass: Vec<String>,
    /// Resource ids that are never touched.
    pub protected: Vec<String>,
    /// Folders of rules beside the shipped ones, as they are written.
    pub packs: Vec<String>,
    pub(crate) params: Params,
    pub(crate) limits: Limits,
    pub(crate) overrides: BTreeMap<RuleId, Override>,
}

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

impl Default for Config {
    fn default() -> Self {
        Self {
            path: PATH.to_owned(),
            mode: Mode::Observe,
            accounts: BTreeMap::new(),
            breaker: Breaker::default(),
            break_glass: Vec::new(),
            protected: Vec::new(),
            packs: Vec::new(),
            params: Params::new(),
            limits: Limits::default(),
            overrides: BTreeMap::new(),
        }
    }
}

impl Config {
    /// The problem names `gardefou.yaml`; who read the file under another name says so.
    pub fn read(text: &str) -> Result<Self, Problem> {
        let written: wire::Config = yaml::read(PATH, text)?;
        let (params, limits) =
            read_params(&written.params).map_err(|(at, text)| Problem::new(PATH, at, text))?;
        for role in &written.break_glass {
            if !is_role_arn(&role.value) {
                let text = format!("`{}` is no role's ARN: arn:aws:iam::111122223333:role/NAME", role.value);
                return Err(Problem::new(PATH, Place::of(role), text));
            }
        }
        for id in &written.protected {
            if id.value.is_empty() || id.value.contains(['*', ' ']) {
                let text = format!("`{}` is no resource id: each is named in full", id.value);
                return Err(Problem::new(PATH, Place::of(id), text));
            }
        }
        if let Some(pack) = written.packs.iter().find(|pack| pack.value.trim().is_empty()) {
            return Err(Problem::new(PATH, Place::of(pack), "a pack is a folder's path"));
        }
        let mut overrides = BTreeMap::new();
        for (id, own) in &written.rules {
            let own = Override::read(own, limits).map_err(|(at, text)| Problem::new(PATH, at, text))?;
            overrides.insert(id.clone(), own);
        }
        Ok(Self {
            path: PATH.to_owned(),
            mode: written.mode,
            accounts: written.accounts,
            breaker: written.breaker,
            break_glass: written.break_glass.into_iter().map(|role| role.value).collect(),
            protected: written.protected.into_iter().map(|id| id.value).collect(),
            packs: written.packs.into_iter().map(|pack| pack.value).collect(),
            params,
            limits,
            overrides,
        })
    }

    pub fn allowed(&self, account: &AccountId) -> Mode {
        self.accounts.get(account).copied().unwrap_or(self.mode)
    }

    /// What the account allows for this change. Break-glass suppresses the revert, not the finding (REL-10).
    pub fn allowed_for(&self, change: &Change) -> Mode {
        let allowed = self.allowed(&change.account);
        let breaks_glass = |role: &str| self.break_glass.iter().any(|glass| glass == role);
        let broken = change.actor.role.as_deref().is_some_and(breaks_glass);
        if broken { allowed.min(Mode::Notify) } else { allowed }
    }

    /// Is this resource never to be touched?
    pub fn protects(&self, resource: &Resource) -> bool {
        self.protected.iter().any(|id| id == resource.id.raw())
    }

    pub fn param(&self, name: &str) -> Option<&Param> {
        self.params.get(name)
    }

    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// The default, with these params: what a case of a rule says it takes for granted.
    pub(crate) fn with_params(written: &BTreeMap<String, Spanned<Value>>) -> Result<Self, (Place, String)> {
        let (params, limits) = read_params(written)?;
        Ok(Self { params, limits, ..Self::default() })
    }
}

fn read_params(written: &BTreeMap<String, Spanned<Value>>) -> Result<(Params, Limits), (Place, String)> {
    let (mut params, mut limits) = (Params::new(), Limits::default());
    if let Some(value) = written.get("max_public_prefix") {
        limits = params::limits(&value.value).map_err(|text| (Place::of(value), text))?;
    }
    for (name, value) in written.iter().filter(|(name, _)| *name != "max_public_prefix") {
        let param = Param::read(name, &value.value, limits).map_err(|text| (Place::of(value), text))?;
        params.insert(name.clone(), param);
    }
    Ok((params, limits))
}

fn is_role_arn(text: &str) -> bool {
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    matches!(parts.as_slice(), ["arn", partition, "iam", "", account, name]
        if partition.starts_with("aws") && account.parse::<AccountId>().is_ok()
            && name.strip_prefix("role/").is_some_and(|name| !name.is_empty() && !name.contains('*')))
}

mod wire {
    use super::{AccountId, BTreeMap, Breaker, Deserialize, Mode, RuleId, Spanned, Value, overrides};

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    pub(super) struct Config {
        #[serde(default = "observe")]
        pub(super) mode: Mode,
        #[serde(default)]
        pub(super) accounts: BTreeMap<AccountId, Mode>,
        #[serde(default)]
        pub(super) params: BTreeMap<String, Spanned<Value>>,
        #[serde(default)]
        pub(super) breaker: Breaker,
        #[serde(default)]
        pub(super) break_glass: Vec<Spanned<String>>,
        #[serde(default)]
        pub(super) protected: Vec<Spanned<String>>,
        #[serde(default)]
        pub(super) packs: Vec<Spanned<String>>,
        #[serde(default)]
        pub(super) rules: BTreeMap<RuleId, Spanned<overrides::Written>>,
    }

    fn observe() -> Mode {
        Mode::Observe
    }
}

#[cfg(test)]
#[path = "config_tests.rs"]
mod tests;
