//! What `gardefou check` says of rule folders: each rule is understood, explained, and proven by its cases.

mod alike;
mod cases;
mod event_names;
mod patch;

use crate::asked::Events;
use crate::later::Reading;
use crate::rule::{self, Rule};
use crate::written::{self, RuleKind};
use crate::yaml::Place;
use crate::{Config, Problem, RuleBook, RuleFile, View};
use model::{Item, Observed, RuleId};
use std::collections::BTreeSet;
use trail::Change;

/// More lines than this are asked of a new field of the view.
const LINES_MAX: usize = 60;
const TITLE_WORDS_MAX: usize = 10;

/// What was found in rule folders.
#[derive(Debug, Default)]
pub struct Checked {
    /// By file and position.
    pub problems: Vec<Problem>,
    /// What is no mistake and still worth knowing.
    pub notes: Vec<String>,
    /// The cases that say what the reverter would do: rules may not know reverters, so somebody else compares.
    pub plans: Vec<PlannedCase>,
    /// The event files that some case names.
    pub events: BTreeSet<String>,
}

/// A case that says what the reverter would do.
#[derive(Debug)]
pub struct PlannedCase {
    pub rule: RuleId,
    pub change: Change,
    pub culprits: Vec<Item>,
    pub state: Option<Observed>,
    /// As `Plan` or `Refusal` is shown.
    pub plan: String,
    /// To say that it is not so.
    pub problem: Problem,
}

/// Reads the rules, runs their cases. `event` gives the text of a file under `events/`.
///
/// Cases are asked with the params that the rule itself holds, changed by what the case says, so that a
/// configuration breaks no case.
pub fn check(files: &[RuleFile], config: &Config, event: &dyn Fn(&str) -> Option<String>) -> Checked {
    let (book, problems) = RuleBook::read(files.iter().cloned(), config);
    let mut checked = Checked { problems, notes: book.notes().to_vec(), ..Checked::default() };
    checked.notes.extend(not_yet(&book));
    let mut asked = alike::Asked::default();
    for file in files {
        // What does not read is told already.
        let Ok(written) = rule::written(file) else { continue };
        lint(file, &written, &mut checked.problems);
        let Ok(rule) = Rule::read(file, &written, config, Reading::Whole) else { continue };
        lint_compiled(file, &written, &rule, &mut checked.problems);
        checked.problems.extend(asked.again(file, &written, &rule));
        cases::run(file, &written, &rule, event, &mut checked);
    }
    checked.problems.sort();
    checked
}

/// What looks covered and is not.
fn not_yet(book: &RuleBook) -> impl Iterator<Item = String> {
    let of = |what: &str, sweep: bool| {
        let unobserved = |rule: &&Rule| !rule.observed && (rule.kind == RuleKind::Sweep) == sweep;
        let ids: Vec<String> =
            book.rules().iter().filter(unobserved).map(|rule| format!("`{}`", rule.id)).collect();
        (!ids.is_empty()).then(|| format!("{} {what}: {}", ids.len(), ids.join(", ")))
    };
    let calls = of("not observed yet, so that only calls are judged", false);
    let nothing = of("asked by the sweep alone and not observed yet, so that nothing is judged", true);
    calls.into_iter().chain(nothing)
}

/// What can be said of a rule whether or not its conditions are understood.
fn lint(file: &RuleFile, written: &written::Rule, problems: &mut Vec<Problem>) {
    let path = file.rule_path();
    let id = Place::of(&written.id);
    let mut fault = |place, text: String| problems.push(Problem::new(&path, place, text));
    for (key, text) in [
        ("what", &written.what),
        ("why", &written.why),
        ("instead", &written.instead),
        ("misses", &written.misses),
    ] {
        if text.trim().is_empty() {
            fault(id, format!("the rule does not say `{key}`"));
        }
    }
    let words = written.title.value.split_whitespace().count();
    if words == 0 || words > TITLE_WORDS_MAX {
        fault(
            Place::of(&written.title),
            format!("a title has 1 to {TITLE_WORDS_MAX} words, this one {words}"),
        );
    }
    let lines = file.rule_yaml.lines().count();
    if lines > LINES_MAX {
        fault(id, format!("a rule has at most {LINES_MAX} lines, this one {lines}"));
    }
    let sweep = written.kind == RuleKind::Sweep;
    let asks = matches!(written.events, Events::Any) || written.events.names().next().is_some();
    if sweep == asks {
        let text =
            if sweep { "a rule of kind sweep asks for no events" } else { "the rule asks for no events" };
        fault(id, text.to_owned());
    }
    if sweep && written.sweeps.is_none() {
        fault(id, "a rule of kind sweep says what it `sweeps`: `AWS::RDS::DBInstance`".to_owned());
    }
    if written.sweeps.as_ref().is_some_and(|kind| !is_type(&kind.value)) {
        fault(id, "`sweeps` is a type of CloudFormation's: `AWS::RDS::DBInstance`".to_owned());
    }
    if written.count.is_some() && written.kind != RuleKind::Change {
        fault(id, "the sweep sees no repetition: a rule that counts is `kind: change`".to_owned());
    }
    for (source, name) in written.events.names() {
        if let Some(text) = event_names::unknown(source, &name.value) {
            fault(Place::of(name), text);
        }
    }
}

/// As CloudFormation and Config name types; `AWS::::Account` is what is set for an account as a whole.
fn is_type(text: &str) -> bool {
    let parts: Vec<&str> = text.split("::").collect();
    let is_word = |word: &&str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_alphanumeric());
    text == "AWS::::Account"
        || (parts.len() == 3 && parts.first() == Some(&"AWS") && parts.iter().all(is_word))
}

/// What only a rule that is understood tells.
fn lint_compiled(file: &RuleFile, written: &written::Rule, rule: &Rule, problems: &mut Vec<Problem>) {
    let path = file.rule_path();
    let mut fault = |place, text: String| problems.push(Problem::new(&path, place, text));
    let unused = |name: &str| format!("no condition reads the param `{name}`");
    for (name, default) in written.params.iter().filter(|(name, _)| !rule.uses_param(name)) {
        fault(Place::of(default), unused(name));
    }
    for name in written.needs.iter().filter(|name| !rule.uses_param(&name.value)) {
        fault(Place::of(name), unused(&name.value));
    }
    if rule.kind != RuleKind::Change && rule.speaks_of_change() && !rule.has_holds() {
        let text = "the sweep has no `change` to ask this of: say `holds`, or `kind: change`";
        fault(Place::of(&written.when), text.to_owned());
    }
    let of_groups = matches!(rule.each, Some(View::Openings));
    if rule.kind == RuleKind::Both && rule.has_holds() && rule.sweeps.is_none() && !of_groups {
        let text = "the sweep does not know what to observe: say what the rule `sweeps`";
        fault(Place::of(&written.id), text.to_owned());
    }
}

#[cfg(test)]
#[path = "check_tests.rs"]
mod tests;
