//! Rules over a change, rules over what is observed.

use crate::condition::{self, Answer};
use crate::rule::{Rule, Setting};
use crate::value::{ChangeValue, ITEMS_MAX, ObservedValue, OpeningValue, Policy, Scene, StatementValue};
use crate::{RuleBook, View};
use cel::Context;
use model::{Item, Observed, Opening, RuleId, SecurityGroup, Verdict};
use std::sync::Arc;
use trail::exposure::{Field, Limits};
use trail::{Change, Outcome, ShapeError};

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

    /// Also what rules that count say of this one change.
    pub(crate) fn judge_all(&self, change: &Change) -> Vec<Judged<'_>> {
        judge_by(self.asking(change), change, None)
    }

    fn judge_in(&self, change: &Change, now: Option<&SecurityGroup>) -> Vec<Judged<'_>> {
        judge_by(self.asking(change).filter(|rule| rule.count.is_none()), change, now)
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

fn judge_by<'b>(
    asking: impl Iterator<Item = &'b Rule>,
    change: &Change,
    now: Option<&SecurityGroup>,
) -> Vec<Judged<'b>> {
    let mut asking = asking.filter(|rule| concerns(rule, change)).peekable();
    let Some(first) = asking.peek() else { return Vec::new() };
    let picture = Picture::new(change, now, first.setting.limits);
    asking.map(|rule| Judged { rule, verdict: picture.judge(rule, &rule.setting) }).collect()
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
    if !rule.asks_for(change) || setting.off.is_some() || !concerns(rule, change) {
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
    policy: Result<Arc<Policy>, String>,
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
            Err(error) => Err(in_short(error)),
        };
        let policy = match change.statements() {
            Ok(statements) if statements.len() > ITEMS_MAX => {
                Err(format!("more than {ITEMS_MAX} statements in one policy"))
            }
            Ok(statements) => {
                let held_by = change.resource.clone();
                Ok(Arc::new(Policy { statements: statements.to_vec(), held_by }))
            }
            Err(error) => Err(in_short(error)),
        };
        let mut scope = condition::scope();
        scope
            .add_variable_as_val("change", Box::new(ChangeValue::new(change, scene.clone(), policy.clone())));
        if let Some(now) = now {
            let lines = Arc::new(Scene { field: Field::of_group(now), limits });
            scope.add_variable_as_val("observed", Box::new(ObservedValue::new(now, &lines)));
        }
        Self { scope, scene, policy, state: now.is_some() }
    }

    fn judge(&self, rule: &Rule, setting: &Setting) -> Verdict {
        let mut scope = self.scope.new_inner_scope();
        scope.add_variable_as_val("params", Box::new(setting.params.clone()));
        let ask = |scope: &Context<'_, '_>| match (rule.when.ask(scope), &rule.holds) {
            (Answer::Yes, Some(holds)) if self.state => holds.ask(scope),
            (answer, _) => answer,
        };
        match rule.each {
            None => match ask(&scope) {
                Answer::Yes => Verdict::Violation(Vec::new()),
                Answer::No => Verdict::Quiet,
                Answer::Unknown(reason) => Verdict::Undecided { reason },
            },
            Some(View::Openings) => match &self.scene {
                Err(reason) => Verdict::Undecided { reason: reason.clone() },
                Ok(scene) => one_by_one(0..scene.field.asked().len(), |at| {
                    scope.add_variable_as_val("opening", Box::new(OpeningValue::new(scene, at)));
                    (ask(&scope), opening(scene, at))
                }),
            },
            Some(View::Statements) => match &self.policy {
                Err(reason) => Verdict::Undecided { reason: reason.clone() },
                Ok(policy) => one_by_one(0..policy.statements.len(), |at| {
                    scope.add_variable_as_val("statement", Box::new(StatementValue::new(policy, at)));
                    (ask(&scope), policy.statements.get(at).cloned().map(Item::Statement))
                }),
            },
        }
    }
}

/// Each item by itself, so that the culprits are known and one odd item hides no other.
fn one_by_one(
    positions: impl IntoIterator<Item = usize>,
    mut ask: impl FnMut(usize) -> (Answer, Option<Item>),
) -> Verdict {
    let (mut culprits, mut doubt) = (Vec::new(), None);
    for at in positions {
        match ask(at) {
            (Answer::Yes, Some(item)) => culprits.push(item),
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

fn opening(scene: &Scene, at: usize) -> Option<Item> {
    scene.field.asked().nth(at).cloned().map(Item::Opening)
}

fn in_short(error: &ShapeError) -> String {
    error.to_string().chars().take(REASON_CHARS_MAX).collect()
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
            let standing = culprits.iter().filter_map(|culprit| match culprit {
                Item::Opening(culprit) => standing(culprit, now),
                Item::Statement(_) => None,
            });
            one_by_one(standing, |at| {
                scope.add_variable_as_val("opening", Box::new(OpeningValue::new(&scene, at)));
                (ask(&scope), opening(&scene, at))
            })
        }
        Some(View::Statements) => {
            Verdict::Undecided { reason: "what a policy says now is not observed".to_owned() }
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
