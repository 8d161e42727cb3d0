//! All rules, and which of them ask for a change.

use crate::names::undated;
use crate::rule::{self, Rule};
use crate::written::RuleKind;
use crate::{Config, Problem, RuleFile};
use model::RuleId;
use std::collections::{BTreeMap, HashMap};

/// The rules that are sound, by id.
#[derive(Debug, Default)]
pub struct RuleBook {
    rules: Vec<Rule>,
    /// `eventSource` → `eventName` without its date → positions in `rules`.
    asked: HashMap<String, HashMap<String, Vec<usize>>>,
    notes: Vec<String>,
}

impl RuleBook {
    /// Keeps every rule that is sound and reports every one that is not.
    pub fn read(files: impl IntoIterator<Item = RuleFile>, config: &Config) -> (Self, Vec<Problem>) {
        let (mut rules, mut problems) = (BTreeMap::<RuleId, Rule>::new(), Vec::new());
        for file in files {
            let read = rule::written(&file).map_err(|problem| vec![problem]);
            match read.and_then(|written| Ok((Rule::read(&file, &written, config)?, written))) {
                Ok((rule, written)) if rules.contains_key(&rule.id) => {
                    let place = crate::yaml::Place::of(&written.id);
                    problems.push(Problem::new(
                        &file.rule_path(),
                        place,
                        format!("there is another rule `{}`", rule.id),
                    ));
                }
                Ok((rule, _)) => drop(rules.insert(rule.id.clone(), rule)),
                Err(found) => problems.extend(found),
            }
        }
        (Self::of(rules.into_values().collect(), config), problems)
    }

    fn of(rules: Vec<Rule>, config: &Config) -> Self {
        let mut asked: HashMap<String, HashMap<String, Vec<usize>>> = HashMap::new();
        let on = |rule: &Rule| rule.off().is_none() && rule.kind != RuleKind::Sweep;
        for (at, rule) in rules.iter().enumerate().filter(|(_, rule)| on(rule)) {
            for (source, names) in &rule.events {
                let of_source = asked.entry(source.clone()).or_default();
                for name in names {
                    let positions = of_source.entry(undated(name).to_owned()).or_default();
                    if positions.last() != Some(&at) {
                        positions.push(at);
                    }
                }
            }
        }
        let off = |rule: &Rule| Some(format!("`{}` is off: `{}` is not configured", rule.id, rule.off()?));
        let idle = config.params.keys().filter(|name| !rules.iter().any(|rule| rule.declares(name)));
        let mut notes: Vec<String> = rules.iter().filter_map(off).collect();
        notes.extend(idle.map(|name| format!("no rule reads the param `{name}`")));
        Self { rules, asked, notes }
    }

    /// Every rule, by id, also those that are off.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    pub fn rule(&self, id: &RuleId) -> Option<&Rule> {
        self.rules.binary_search_by(|rule| rule.id.cmp(id)).ok().and_then(|at| self.rules.get(at))
    }

    /// What is no mistake and still worth knowing: which rules are off and why.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// Does any rule ask for this call?
    pub fn asks_for(&self, event_source: &str, event_name: &str) -> bool {
        !self.positions(event_source, event_name).is_empty()
    }

    fn positions(&self, event_source: &str, event_name: &str) -> &[usize] {
        let of_source = self.asked.get(event_source);
        of_source.and_then(|names| names.get(undated(event_name))).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn asking(&self, event_source: &str, event_name: &str) -> impl Iterator<Item = &Rule> {
        self.positions(event_source, event_name).iter().filter_map(|at| self.rules.get(*at))
    }
}
