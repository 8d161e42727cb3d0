//! Rules that ask the same: one of them is a copy that nobody finished.

use crate::rule::Rule;
use crate::written;
use crate::yaml::Place;
use crate::{Problem, RuleFile};
use model::RuleId;
use std::collections::BTreeMap;

/// What rules ask, without the way it is written, and who asked it first.
#[derive(Debug, Default)]
pub(super) struct Asked(BTreeMap<String, RuleId>);

impl Asked {
    /// The problem with a rule that asks what another one asks already.
    pub(super) fn again(&mut self, file: &RuleFile, written: &written::Rule, rule: &Rule) -> Option<Problem> {
        let mut events = rule.events.clone();
        for names in events.values_mut() {
            names.sort();
        }
        let Rule { only, each, failed, reads, count, .. } = rule;
        let when = squeezed(&written.when.value);
        let holds = written.holds.as_ref().map(|holds| squeezed(&holds.value));
        let params: BTreeMap<_, _> =
            written.params.iter().map(|(name, value)| (name, &value.value)).collect();
        let asks =
            format!("{events:?} {only:?} {each:?} {failed} {reads} {count:?} {when} {holds:?} {params:?}");
        match self.0.get(&asks) {
            // That there are two rules of this name is told already.
            Some(first) if *first == rule.id => None,
            Some(first) => {
                let text = format!("the rule asks the same as `{first}`");
                Some(Problem::new(&file.rule_path(), Place::of(&written.when), text))
            }
            None => {
                self.0.insert(asks, rule.id.clone());
                None
            }
        }
    }
}

/// Without the spaces that are not in a text.
fn squeezed(condition: &str) -> String {
    let mut quote = None;
    let mut keep = |c: &char| {
        match quote {
            Some(open) if open == *c => quote = None,
            None if matches!(c, '\'' | '"') => quote = Some(*c),
            _ => {}
        }
        quote.is_some() || !c.is_whitespace()
    };
    condition.chars().filter(|c| keep(c)).map(|c| if c == '"' { '\'' } else { c }).collect()
}
