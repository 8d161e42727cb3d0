//! All rules, and which of them ask for a change.

use crate::asked::Only;
use crate::chapter::{Chapter, Read};
use crate::later::Reading;
use crate::names::undated;
use crate::rule::Rule;
use crate::written::RuleKind;
use crate::{Config, Problem, RuleFile};
use model::RuleId;
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use trail::Change;

/// The rules that are sound, by id.
#[derive(Debug, Default)]
pub struct RuleBook {
    rules: Vec<Rule>,
    /// `eventSource` → `eventName` without its date → positions in `rules`.
    asked: HashMap<String, HashMap<String, Vec<usize>>>,
    /// Of the rules over every call, the positions in `rules`.
    any: Vec<usize>,
    notes: Vec<String>,
    pack: String,
}

impl RuleBook {
    /// Keeps every rule that is sound and reports every one that is not.
    pub fn read(files: impl IntoIterator<Item = RuleFile>, config: &Config) -> (Self, Vec<Problem>) {
        Self::bound([Chapter::read(files, config)], config)
    }

    /// As [`read`](Self::read), of rules that were understood before: a condition is compiled when it is first asked,
    /// so that a function starts in little time. One that is not understood after all is undecided.
    pub fn trust(files: impl IntoIterator<Item = RuleFile>, config: &Config) -> (Self, Vec<Problem>) {
        Self::bound([Chapter::reading(files, config, Reading::Trusting)], config)
    }

    /// The chapters that were read with this configuration, in one.
    pub fn bound(chapters: impl IntoIterator<Item = Chapter>, config: &Config) -> (Self, Vec<Problem>) {
        let (mut rules, mut problems) = (BTreeMap::<RuleId, Rule>::new(), Vec::new());
        let (mut named, mut texts) = (BTreeSet::new(), BTreeSet::new());
        for chapter in chapters {
            named.extend(chapter.named);
            texts.extend(chapter.texts);
            problems.extend(chapter.problems);
            for Read { rule, path, place } in chapter.rules {
                if rules.contains_key(&rule.id) {
                    problems.push(Problem::new(&path, place, format!("there is another rule `{}`", rule.id)));
                } else {
                    rules.insert(rule.id.clone(), rule);
                }
            }
        }
        problems.extend(config.idle(&named, &rules));
        (Self { pack: pack(&texts), ..Self::of(rules.into_values().collect(), config) }, problems)
    }

    fn of(rules: Vec<Rule>, config: &Config) -> Self {
        let mut asked: HashMap<String, HashMap<String, Vec<usize>>> = HashMap::new();
        let on = |rule: &Rule| rule.off().is_none() && rule.kind != RuleKind::Sweep;
        let mut any = Vec::new();
        for (at, rule) in rules.iter().enumerate().filter(|(_, rule)| on(rule)) {
            if rule.only.is_some() {
                any.push(at);
            }
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
        let idle = config.params.keys().filter(|name| !rules.iter().any(|rule| rule.declares(name)));
        let mut notes = off(&rules);
        notes.extend(idle.map(|name| format!("no rule reads the param `{name}`")));
        let changed = |rule: &'_ Rule| {
            rule.changes.iter().map(|change| format!("`{}`: {change}", rule.id)).collect::<Vec<_>>()
        };
        notes.extend(rules.iter().flat_map(changed));
        Self { rules, asked, any, notes, pack: String::new() }
    }

    /// Every rule, by id, also those that are off.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    pub fn rule(&self, id: &RuleId) -> Option<&Rule> {
        self.rules.binary_search_by(|rule| rule.id.cmp(id)).ok().and_then(|at| self.rules.get(at))
    }

    /// Which rules these are: twelve hexadecimal digits of a hash over the texts of all, sound or not. The
    /// configuration and the cases are no part of it.
    pub fn pack(&self) -> &str {
        &self.pack
    }

    /// What is no mistake and still worth knowing: which rules are off and why.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// Does any rule name this call? A rule over every call names none.
    pub fn asks_for(&self, event_source: &str, event_name: &str) -> bool {
        !self.positions(event_source, event_name).is_empty()
    }

    /// Is there a rule for this change? Those that count are for [`judge_counting`](Self::judge_counting).
    pub fn asks(&self, change: &Change) -> bool {
        self.asking(change).any(|rule| rule.count.is_none())
    }

    /// Is there perhaps a rule, one that counts or not, for the record in these bytes? Answered without parsing it.
    pub fn may_ask(&self, event_source: &str, event_name: &str, bytes: &[u8]) -> bool {
        self.asks_for(event_source, event_name) || self.over_every_call().any(|(_, only)| only.may_let(bytes))
    }

    fn over_every_call(&self) -> impl Iterator<Item = (&Rule, &Only)> {
        let rules = self.any.iter().filter_map(|at| self.rules.get(*at));
        rules.filter_map(|rule| Some((rule, rule.only.as_ref()?)))
    }

    fn positions(&self, event_source: &str, event_name: &str) -> &[usize] {
        let of_source = self.asked.get(event_source);
        of_source.and_then(|names| names.get(undated(event_name))).map_or(&[], Vec::as_slice)
    }

    /// The rules for this change: those that name the call, then those over every call.
    pub fn asking(&self, change: &Change) -> impl Iterator<Item = &Rule> {
        let named = self.positions(&change.event.source, &change.event.name).iter();
        let over = self.over_every_call().filter(|(_, only)| only.lets(change)).map(|(rule, _)| rule);
        named.filter_map(|at| self.rules.get(*at)).chain(over)
    }
}

/// Which rules are off, together where it is for one reason.
fn off(rules: &[Rule]) -> Vec<String> {
    let mut reasons: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for rule in rules {
        if let Some(reason) = rule.off() {
            reasons.entry(reason).or_default().push(format!("`{}`", rule.id));
        }
    }
    let note = |(reason, ids): (String, Vec<String>)| {
        format!("{} {} off: {reason}", ids.join(", "), if ids.len() == 1 { "is" } else { "are" })
    };
    reasons.into_iter().map(note).collect()
}

fn pack(texts: &BTreeSet<(String, Vec<u8>)>) -> String {
    let mut hash = Sha256::new();
    for (folder, text) in texts {
        hash.update(format!("{folder}\n"));
        hash.update(text);
    }
    let mut pack = data_encoding::HEXLOWER.encode(&hash.finalize());
    pack.truncate(12);
    pack
}
