//! `gardefou.yaml`: what an account allows, and what rules need to know about it.

mod allowance;
mod guards;
mod waivers;

pub use allowance::{Allowance, Allowed, Asking, Environments, Unit};
pub use guards::{BlastRadius, Breaker};

use crate::Problem;
use crate::overrides::{self, Override};
use crate::params::{self, Param, Params};
use crate::yaml::{self, Place};
use model::{AccountId, Mode, Resource, RuleId, Waiver};
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
    pub allowance: Allowance,
    pub breaker: Breaker,
    pub blast_radius: BlastRadius,
    pub waivers: Vec<Waiver>,
    /// Resource ids that are never touched.
    pub protected: Vec<String>,
    /// Folders of rules beside the shipped ones, as they are written.
    pub packs: Vec<String>,
    pub(crate) params: Params,
    pub(crate) limits: Limits,
    pub(crate) overrides: BTreeMap<RuleId, Override>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            path: PATH.to_owned(),
            allowance: Allowance::default(),
            breaker: Breaker::default(),
            blast_radius: BlastRadius::default(),
            waivers: Vec::new(),
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
        let told = |(at, text)| Problem::new(PATH, at, text);
        for role in &written.break_glass {
            allowance::check_role(role).map_err(told)?;
        }
        let waivers = waivers::read(&written.waivers).map_err(told)?;
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
            allowance: Allowance {
                mode: written.mode,
                accounts: written.accounts,
                units: written.units,
                environments: written.environments,
                break_glass: written.break_glass.into_iter().map(|role| role.value).collect(),
                sightings: written.sightings,
            },
            breaker: written.breaker,
            blast_radius: written.blast_radius,
            waivers,
            protected: written.protected.into_iter().map(|id| id.value).collect(),
            packs: written.packs.into_iter().map(|pack| pack.value).collect(),
            params,
            limits,
            overrides,
        })
    }

    /// What is allowed for this change, as far as its record tells.
    pub fn allowed_for(&self, change: &Change) -> Allowed {
        self.allowance.allowed(Asking { account: &change.account, actor: Some(&change.actor), tags: None })
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

mod wire {
    use super::{
        AccountId, BTreeMap, BlastRadius, Breaker, Deserialize, Environments, Mode, RuleId, Spanned, Unit,
        Value, overrides, waivers,
    };

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
        pub(super) units: BTreeMap<String, Unit>,
        #[serde(default)]
        pub(super) environments: Option<Environments>,
        #[serde(default = "approve")]
        pub(super) sightings: Mode,
        #[serde(default)]
        pub(super) breaker: Breaker,
        #[serde(default)]
        pub(super) blast_radius: BlastRadius,
        #[serde(default)]
        pub(super) waivers: Vec<Spanned<waivers::Written>>,
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

    fn approve() -> Mode {
        Mode::Approve
    }
}

#[cfg(test)]
#[path = "config_tests.rs"]
mod tests;
