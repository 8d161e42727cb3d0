//! Rules over a change, rules over what is observed.

use crate::condition::{self, Answer};
use crate::rule::{Rule, Setting};
use crate::value::{ChangeValue, ITEMS_MAX, ObservedValue, OpeningValue, Scene};
use crate::{RuleBook, View};
use cel::Context;
use model::{Item, Observed, Opening, RuleId, SecurityGroup, Verdict};
use std::sync::Arc;
use trail::exposure::{Field, Limits};
use trail::{Change, Outcome};

/// Of a view's faults: CloudTrail's words in them may be long.
const REASON_CHARS_MAX: usize = 300;

/// What one rule says of a change.
#[derive(Debug)]
pub struct Judged<'a> {
    pub rule: &'a Rule,
    pub verdict: Verdict,
}

impl RuleBook {
    /// What every rule says that asks for the change, by the rule's id; nothing when none does.
    pub fn judge(&self, change: &Change) -> Vec<Judged<'_>> {
        self.judge_in(change, None)
    }

    /// As [`judge`](Self::judge), with what is observed now as the rest of the picture: what a prefix list holds,
    /// the half of the world that was open before, and what `holds` asks for.
    pub fn judge_with_state(&self, change: &Change, now: &Observed) -> Vec<Judged<'_>> {
        match now {
            Observed::Gone => self.judge_in(change, None),
            Observed::SecurityGroup(group) => self.judge_in(change, Some(group)),
        }
    }

    fn judge_in(&self, change: &Change, now: Option<&SecurityGroup>) -> Vec<Judged<'_>> {
        let mut asking = self
            .asking(&change.event.source, &change.event.name)
            .filter(|rule| concerns(rule, change))
            .peekable();
        let Some(first) = asking.peek() else { return Vec::new() };
        let picture = Picture::new(change, now, first.setting.limits);
        asking.map(|rule| Judged { rule, verdict: picture.judge(rule, &rule.setting) }).collect()
    }

    /// Which of a rule's culprits still stand in what is observed, and are confirmed by its `holds` condition.
    pub fn confirm(&self, rule: &RuleId, culprits: &[Item], now: &Observed) -> Verdict {
        match (self.rule(rule), now) {
            (None, _) => Verdict::Undecided { reason: format!("there is no rule `{rule}` any more") },
            (Some(_), Observed::Gone) => Verdict::Quiet,
            (Some(rule), Observed::SecurityGroup(group)) => confirm(rule, culprits, group),
        }
    }
}

/// Is the rule asked of this call at all? Failed calls changed nothing, reads neither.
fn concerns(rule: &Rule, change: &Change) -> bool {
    let done = change.outcome == Outcome::Done || (rule.failed && change.outcome != Outcome::DryRun);
    done && (!change.read_only || rule.reads)
}

/// One rule over one change under a setting that need not be the book's: for cases.
pub(crate) fn judge_alone(
    rule: &Rule,
    setting: &Setting,
    change: &Change,
    now: Option<&Observed>,
) -> Verdict {
    let asks = rule.events.get(&change.event.source).is_some_and(|names| {
        names.iter().any(|name| crate::names::undated(name) == crate::names::undated(&change.event.name))
    });
    if !asks || setting.off.is_some() || !concerns(rule, change) {
        return Verdict::Quiet;
    }
    let group = match now {
        Some(Observed::SecurityGroup(group)) => Some(group),
        Some(Observed::Gone) | None => None,
    };
    Picture::new(change, group, setting.limits).judge(rule, setting)
}

/// A change with what is known of its surroundings, made once for all rules.
struct Picture<'v> {
    scope: Context<'v, 'v>,
    scene: Result<Arc<Scene>, String>,
    state: bool,
}

impl<'v> Picture<'v> {
    fn new(change: &'v Change, now: Option<&'v SecurityGroup>, limits: Limits) -> Self {
        let scene = match change.openings() {
            Ok(openings) if openings.len() > ITEMS_MAX => {
                Err(format!("more than {ITEMS_MAX} openings in one call"))
            }
            Ok(openings) => {
                let field = now.map_or_else(|| Field::of(openings), |now| Field::with_state(openings, now));
                Ok(Arc::new(Scene { field, limits }))
            }
            Err(error) => Err(error.to_string().chars().take(REASON_CHARS_MAX).collect()),
        };
        let mut scope = condition::scope();
        scope.add_variable_as_val("change", Box::new(ChangeValue::new(change, scene.clone())));
        if let Some(now) = now {
            let lines = Arc::new(Scene { field: Field::of_group(now), limits });
            scope.add_variable_as_val("observed", Box::new(ObservedValue::new(now, &lines)));
        }
        Self { scope, scene, state: now.is_some() }
    }

    fn judge(&self, rule: &Rule, setting: &Setting) -> Verdict {
        let mut scope = self.scope.new_inner_scope();
        scope.add_variable_as_val("params", Box::new(setting.params.clone()));
        let ask = |scope: &Context<'_, '_>| match (rule.when.ask(scope), &rule.holds) {
            (Answer::Yes, Some(holds)) if self.state => holds.ask(scope),
            (answer, _) => answer,
        };
        match (rule.each, &self.scene) {
            (None, _) => match ask(&scope) {
                Answer::Yes => Verdict::Violation(Vec::new()),
                Answer::No => Verdict::Quiet,
                Answer::Unknown(reason) => Verdict::Undecided { reason },
            },
            (Some(View::Openings), Err(reason)) => Verdict::Undecided { reason: reason.clone() },
            (Some(View::Openings), Ok(scene)) => {
                let positions = 0..scene.field.asked().len();
                one_by_one(scene, positions, &mut scope, ask)
            }
        }
    }
}

/// Each item by itself, so that the culprits are known and one odd item hides no other.
fn one_by_one<'p, 'v>(
    scene: &Arc<Scene>,
    positions: impl IntoIterator<Item = usize>,
    scope: &mut Context<'p, 'v>,
    ask: impl Fn(&Context<'p, 'v>) -> Answer,
) -> Verdict {
    let (mut culprits, mut doubt) = (Vec::new(), None);
    for at in positions {
        scope.add_variable_as_val("opening", Box::new(OpeningValue::new(scene, at)));
        match (ask(scope), scene.field.asked().nth(at)) {
            (Answer::Yes, Some(opening)) => culprits.push(Item::Opening(opening.clone())),
            (Answer::Unknown(reason), _) => doubt = doubt.or(Some(reason)),
            (Answer::Yes | Answer::No, _) => {}
        }
    }
    match (culprits.is_empty(), doubt) {
        (false, _) => Verdict::Violation(culprits),
        (true, Some(reason)) => Verdict::Undecided { reason },
        (true, None) => Verdict::Quiet,
    }
}

fn confirm(rule: &Rule, culprits: &[Item], now: &SecurityGroup) -> Verdict {
    let limits = rule.setting.limits;
    let scene = Arc::new(Scene { field: Field::of_group(now), limits });
    let mut scope = condition::scope();
    scope.add_variable_as_val("observed", Box::new(ObservedValue::new(now, &scene)));
    scope.add_variable_as_val("params", Box::new(rule.setting.params.clone()));
    let ask = |scope: &Context<'_, '_>| rule.holds.as_ref().map_or(Answer::Yes, |holds| holds.ask(scope));
    match rule.each {
        None => match ask(&scope) {
            Answer::Yes => Verdict::Violation(Vec::new()),
            Answer::No => Verdict::Quiet,
            Answer::Unknown(reason) => Verdict::Undecided { reason },
        },
        Some(View::Openings) => {
            let standing = culprits.iter().filter_map(|Item::Opening(culprit)| standing(culprit, now));
            one_by_one(&scene, standing, &mut scope, ask)
        }
    }
}

/// Where a culprit stands now with the same content: under its id where it has one, else wherever.
fn standing(culprit: &Opening, now: &SecurityGroup) -> Option<usize> {
    let same =
        |line: &Opening| line.same_content(culprit) && (culprit.rule.is_none() || culprit.rule == line.rule);
    now.lines.iter().position(same)
}

#[cfg(test)]
#[path = "judge_tests.rs"]
mod tests;
