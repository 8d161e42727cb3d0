//! What `gardefou.yaml` says of a rule, so that nobody has to copy the rule.

use crate::params::{Param, Params};
use crate::rule::Rule;
use crate::yaml::Place;
use crate::{Config, Problem};
use model::{Mode, RuleId, Severity};
use serde::Deserialize;
use serde_json::Value;
use serde_saphyr::Spanned;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use trail::exposure::Limits;

/// As people write it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Written {
    mode: Option<Mode>,
    severity: Option<Severity>,
    #[serde(default)]
    params: BTreeMap<String, Spanned<Value>>,
    #[serde(default)]
    off: bool,
    because: Option<String>,
}

/// What is to differ from the rule as it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Override {
    place: Place,
    pub(crate) mode: Option<Mode>,
    pub(crate) severity: Option<Severity>,
    params: BTreeMap<String, (Place, Param)>,
    off: bool,
    because: Option<String>,
}

impl Override {
    /// `Err` says what is wrong with it, and where.
    pub(crate) fn read(written: &Spanned<Written>, limits: Limits) -> Result<Self, (Place, String)> {
        let Written { mode, severity, params, off, because } = &written.value;
        let because = because.as_deref().map(str::trim).filter(|because| !because.is_empty());
        if *off && because.is_none() {
            return Err((Place::of(written), "a rule that is off says `because`".to_owned()));
        }
        let mut read = BTreeMap::new();
        for (name, value) in params {
            let at = |text: String| (Place::of(value), text);
            if name == "max_public_prefix" {
                return Err(at("`max_public_prefix` is the same for all rules".to_owned()));
            }
            read.insert(
                name.clone(),
                (Place::of(value), Param::read(name, &value.value, limits).map_err(at)?),
            );
        }
        Ok(Self {
            place: Place::of(written),
            mode: *mode,
            severity: *severity,
            params: read,
            off: *off,
            because: because.map(str::to_owned),
        })
    }

    /// Why the rule is asked of nothing.
    pub(crate) fn off(&self) -> Option<&str> {
        self.because.as_deref().filter(|_| self.off)
    }

    /// What becomes of the rule's mode and severity, in words.
    pub(crate) fn changes(&self, mode: Mode, severity: Severity) -> Vec<String> {
        let because = self.because.as_ref().map(|because| format!(": {because}")).unwrap_or_default();
        let way = |lower: bool| if lower { "lowered" } else { "raised" };
        let mode = self
            .mode
            .filter(|own| *own != mode)
            .map(|own| format!("mode {} from {mode} to {own}{because}", way(own < mode)));
        let severity = self
            .severity
            .filter(|own| *own != severity)
            .map(|own| format!("severity {} from {severity} to {own}{because}", way(own < severity)));
        mode.into_iter().chain(severity).collect()
    }
}

impl Config {
    /// With what is said of this rule alone.
    pub(crate) fn of_rule(&self, own: Option<&Override>) -> Cow<'_, Self> {
        match own {
            Some(own) if !own.params.is_empty() => {
                let mut params: Params = self.params.clone();
                params.extend(own.params.iter().map(|(name, (_, param))| (name.clone(), param.clone())));
                Cow::Owned(Self { params, ..self.clone() })
            }
            _ => Cow::Borrowed(self),
        }
    }

    pub(crate) fn own(&self, rule: &RuleId) -> Option<&Override> {
        self.overrides.get(rule)
    }

    /// What is said of rules that there are not, or of params that they do not read. Of rules that are not sound,
    /// enough is said already.
    pub(crate) fn idle(&self, named: &BTreeSet<RuleId>, rules: &BTreeMap<RuleId, Rule>) -> Vec<Problem> {
        let mut problems = Vec::new();
        for (id, own) in &self.overrides {
            let mut fault = |place, text| problems.push(Problem::new(&self.path, place, text));
            if !named.contains(id) {
                fault(own.place, format!("there is no rule `{id}`"));
            }
            let Some(rule) = rules.get(id) else { continue };
            for (name, (place, _)) in own.params.iter().filter(|(name, _)| !rule.declares(name)) {
                fault(*place, format!("the rule `{id}` has no param `{name}`"));
            }
            if own.mode.is_some_and(|mode| mode >= Mode::Approve) && rule.reverter.is_none() {
                fault(own.place, format!("the rule `{id}` names no `revert`: at most it can notify"));
            }
        }
        problems
    }
}

#[cfg(test)]
#[path = "overrides_tests.rs"]
mod tests;
