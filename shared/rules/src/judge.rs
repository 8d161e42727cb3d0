//! Rules over a change, rules over what is observed.

mod sighting;

use crate::condition::{self, Answer};
use crate::rule::{Rule, Setting};
use crate::value::{
    ChangeValue, FieldsValue, GrantValue, ITEMS_MAX, ObservedValue, OpeningValue, Policy, Scene, ShareValue,
    StatementValue, StoreValue,
};
use crate::{RuleBook, View};
use cel::Context;
use cel::common::value::Val;
use model::{AccountId, Item, Observed, Opening, RuleId, SecurityGroup, Verdict};
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
        self.judge_in(change, Some(now))
    }

    /// Also what rules that count say of this one change: whether it is one to be counted.
    pub fn judge_each(&self, change: &Change) -> Vec<Judged<'_>> {
        judge_by(self.asking(change), change, None)
    }

    fn judge_in(&self, change: &Change, now: Option<&Observed>) -> Vec<Judged<'_>> {
        judge_by(self.asking(change).filter(|rule| rule.count.is_none()), change, now)
    }

    /// What the rules that the sweep asks say of a resource as it is now, by the rule's id; quiet ones are left out.
    pub fn judge_sighting(&self, now: &Observed) -> Vec<Judged<'_>> {
        let judged = self.rules().iter().filter(|rule| rule.off().is_none() && rule.count.is_none());
        let judged = judged.filter_map(|rule| Some(Judged { rule, verdict: sighting::judge(rule, now)? }));
        judged.filter(|judged| judged.verdict != Verdict::Quiet).collect()
    }

    /// Which of a rule's culprits still stand in what is observed, and are confirmed by its `holds` condition.
    pub fn confirm(&self, rule: &RuleId, culprits: &[Item], now: &Observed) -> Verdict {
        match (self.rule(rule), now) {
            (None, _) => Verdict::Undecided { reason: format!("there is no rule `{rule}` any more") },
            (Some(_), Observed::Gone) => Verdict::Quiet,
            (Some(rule), Observed::SecurityGroup(group)) => confirm(rule, culprits, group),
            (Some(rule), Observed::Facts(_)) => confirm_by_facts(rule, culprits, now),
        }
    }
}

fn judge_by<'b>(
    asking: impl Iterator<Item = &'b Rule>,
    change: &Change,
    now: Option<&Observed>,
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
    Picture::new(change, now, setting.limits).judge(rule, setting)
}

/// A rule that only the sweep asks, of what is observed.
pub(crate) fn judge_sighting(rule: &Rule, setting: &Setting, now: &Observed) -> Verdict {
    if setting.off.is_some() || *now == Observed::Gone {
        return Verdict::Quiet;
    }
    let mut scope = condition::scope();
    observe(&mut scope, now, setting.limits);
    scope.add_variable_as_val("params", Box::new(setting.params.clone()));
    as_a_whole(rule.ask(&scope))
}

/// An item as a condition sees it, and as a culprit.
type Asked = (Box<dyn Val>, Item);

/// A change with what is known of its surroundings, made once for all rules.
struct Picture {
    scope: Context<'static, 'static>,
    change: Arc<Change>,
    scene: Result<Arc<Scene>, String>,
    policy: Result<Arc<Policy>, String>,
    state: bool,
}

impl Picture {
    fn new(change: &Change, now: Option<&Observed>, limits: Limits) -> Self {
        let change = Arc::new(change.clone());
        let scene = bounded(change.openings()).map(|openings| {
            let field = match now {
                Some(Observed::SecurityGroup(group)) => Field::with_state(openings, group),
                _ => Field::of(openings),
            };
            Arc::new(Scene { field, limits })
        });
        let policy = bounded(change.statements()).map(|statements| {
            Arc::new(Policy { statements: statements.to_vec(), held_by: change.resource.clone() })
        });
        let mut scope = condition::scope();
        let value = ChangeValue::new(Arc::clone(&change), scene.clone(), policy.clone());
        scope.add_variable_as_val("change", Box::new(value));
        let state = now.is_some_and(|now| *now != Observed::Gone);
        if let Some(now) = now {
            observe(&mut scope, now, limits);
        }
        Self { scope, change, scene, policy, state }
    }

    fn judge(&self, rule: &Rule, setting: &Setting) -> Verdict {
        let mut scope = self.scope.new_inner_scope();
        scope.add_variable_as_val("params", Box::new(setting.params.clone()));
        let ask = |scope: &Context<'_, '_>| match rule.ask(scope) {
            Answer::Yes if self.state => rule.ask_now(scope).unwrap_or(Answer::Yes),
            answer => answer,
        };
        let Some(view) = rule.each else { return as_a_whole(ask(&scope)) };
        match self.items(view) {
            Err(reason) => Verdict::Undecided { reason },
            Ok(items) => one_by_one(items, |value| {
                scope.add_variable_as_val(view.item(), value);
                ask(&scope)
            }),
        }
    }

    /// What a view holds, each as a condition sees it and as a culprit.
    fn items(&self, view: View) -> Result<Vec<Asked>, String> {
        Ok(match view {
            View::Openings => openings(self.scene.as_ref().map_err(Clone::clone)?),
            View::Statements => {
                let policy = self.policy.as_ref().map_err(Clone::clone)?;
                let value = |at| Box::new(StatementValue::new(policy, at)) as Box<dyn Val>;
                let items = policy.statements.iter().cloned().map(Item::Statement);
                items.enumerate().map(|(at, item)| (value(at), item)).collect()
            }
            View::Grants => self.valued(bounded(self.change.grants())?, Item::Grant),
            View::Shares => self.valued(bounded(self.change.shares())?, Item::Share),
            View::Encryption => self.valued(bounded(self.change.stores())?, Item::Store),
        })
    }

    fn valued<T: Clone>(&self, items: &[T], of: fn(T) -> Item) -> Vec<Asked> {
        let items = items.iter().cloned().map(of);
        items.filter_map(|item| Some((by_itself(&item, &self.change.account)?, item))).collect()
    }
}

/// An item that is judged without others.
fn by_itself(item: &Item, account: &AccountId) -> Option<Box<dyn Val>> {
    Some(match item {
        Item::Grant(grant) => Box::new(GrantValue(grant.clone())),
        Item::Share(share) => Box::new(ShareValue(share.clone(), account.clone())),
        Item::Store(store) => Box::new(StoreValue(store.clone())),
        Item::Opening(_) | Item::Statement(_) => return None,
    })
}

fn openings(scene: &Arc<Scene>) -> Vec<Asked> {
    let value = |at| Box::new(OpeningValue::new(scene, at)) as Box<dyn Val>;
    let items = scene.field.asked().cloned().map(Item::Opening);
    items.enumerate().map(|(at, item)| (value(at), item)).collect()
}

fn bounded<'c, T>(items: Result<&'c [T], &ShapeError>) -> Result<&'c [T], String> {
    match items {
        Ok(items) if items.len() > ITEMS_MAX => Err(format!("more than {ITEMS_MAX} of them in one call")),
        Ok(items) => Ok(items),
        Err(error) => Err(in_short(error)),
    }
}

/// Gives a scope what is observed.
fn observe(scope: &mut Context<'_, '_>, now: &Observed, limits: Limits) {
    match now {
        Observed::Gone => {}
        Observed::SecurityGroup(group) => {
            let lines = Arc::new(Scene { field: Field::of_group(group), limits });
            scope.add_variable_as_val("observed", Box::new(ObservedValue::new(group, &lines)));
        }
        Observed::Facts(facts) => {
            let facts = FieldsValue::Observed(Arc::new(facts.clone()));
            scope.add_variable_as_val("observed", Box::new(facts));
        }
    }
}

fn as_a_whole(answer: Answer) -> Verdict {
    match answer {
        Answer::Yes => Verdict::Violation(Vec::new()),
        Answer::No => Verdict::Quiet,
        Answer::Unknown(reason) => Verdict::Undecided { reason },
    }
}

/// Each item by itself, so that the culprits are known and one odd item hides no other.
fn one_by_one(
    items: impl IntoIterator<Item = Asked>,
    mut ask: impl FnMut(Box<dyn Val>) -> Answer,
) -> Verdict {
    let (mut culprits, mut doubt) = (Vec::new(), None);
    for (value, item) in items {
        match ask(value) {
            Answer::Yes => culprits.push(item),
            Answer::Unknown(reason) => doubt = doubt.or(Some(reason)),
            Answer::No => {}
        }
    }
    match (culprits.is_empty(), doubt) {
        (false, _) => Verdict::Violation(culprits),
        (true, Some(reason)) => Verdict::Undecided { reason },
        (true, None) => Verdict::Quiet,
    }
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
    let ask = |scope: &Context<'_, '_>| rule.ask_now(scope).unwrap_or(Answer::Yes);
    match rule.each {
        None => as_a_whole(ask(&scope)),
        Some(View::Openings) => {
            let line = |culprit: &Item| {
                let Item::Opening(culprit) = culprit else { return None };
                openings(&scene).into_iter().nth(standing(culprit, now)?)
            };
            one_by_one(culprits.iter().filter_map(line), |value| {
                scope.add_variable_as_val("opening", value);
                ask(&scope)
            })
        }
        Some(_) => Verdict::Undecided { reason: "a security group has no such view".to_owned() },
    }
}

/// Facts tell of the resource as a whole: all culprits stand, or none does.
fn confirm_by_facts(rule: &Rule, culprits: &[Item], now: &Observed) -> Verdict {
    let mut scope = condition::scope();
    observe(&mut scope, now, rule.setting.limits);
    scope.add_variable_as_val("params", Box::new(rule.setting.params.clone()));
    match rule.ask_now(&scope).unwrap_or(Answer::Yes) {
        Answer::Yes => Verdict::Violation(culprits.to_vec()),
        answer => as_a_whole(answer),
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
