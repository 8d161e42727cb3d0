//! `gardefou check`: every rule is understood, explained and proven by its cases.

use super::Exit;
use crate::book::{self, BookArgs, Found};
use crate::streams::{Streams, WriteError, chain};
use crate::{inverse, shown};
use rules::{Checked, PlannedCase, Problem, RuleBook, RuleFile};
use serde::Deserialize;
use serde::de::IgnoredAny;
use std::fs;
use std::path::{Component, Path, PathBuf};

/// Check rules: their texts, their conditions, and their cases with what the reverters would do
#[derive(Debug, clap::Args)]
#[command(after_help = "Exit status: 0 no problem; 1 problems; 2 wrong usage")]
pub(super) struct Args {
    #[command(flatten)]
    book: BookArgs,
    /// Folder of the events that cases name; else `events/` beside the rules
    #[arg(long, value_name = "DIR")]
    events: Option<PathBuf>,
}

pub(super) fn run(args: &Args, streams: &mut Streams) -> Result<Exit, WriteError> {
    let found = match book::find(&args.book) {
        Ok(found) => found,
        Err(error) => {
            streams.complain(chain(&error));
            return Ok(Exit::Usage);
        }
    };
    let beside = || found.folders.iter().find_map(|folder| beside(folder));
    let Some(events) = args.events.clone().or_else(beside) else {
        streams.complain(
            "there is no `events/` beside the rules: --events names the folder that the cases mean",
        );
        return Ok(Exit::Usage);
    };
    let mut checked = rules::check(&found.files, &found.config, &|path| event(&events, path));
    checked.problems.extend(reverts(&found, &checked));
    checked.problems.sort();
    report(&found.files, &checked, streams)
}

fn report(files: &[RuleFile], checked: &Checked, streams: &mut Streams) -> Result<Exit, WriteError> {
    for problem in &checked.problems {
        streams.say(shown::line(&problem.to_string()))?;
    }
    for note in &checked.notes {
        streams.say(format_args!("note: {}", shown::line(note)))?;
    }
    let cases: usize = files.iter().map(cases).sum();
    let (rules, problems) = (files.len(), checked.problems.len());
    streams.say(format_args!("rules: {rules}, cases: {cases}, problems: {problems}"))?;
    Ok(if checked.problems.is_empty() { Exit::Fine } else { Exit::Found })
}

/// The nearest `events/` on the way up from the rules.
pub(super) fn beside(rules: &Path) -> Option<PathBuf> {
    let rules = fs::canonicalize(rules).ok()?;
    rules.ancestors().skip(1).map(|folder| folder.join("events")).find(|events| events.is_dir())
}

/// A case names its event by a path below the folder, and by nothing else.
fn event(events: &Path, path: &str) -> Option<String> {
    let path = Path::new(path);
    let below = path.components().all(|part| matches!(part, Component::Normal(_)));
    if below { fs::read_to_string(events.join(path)).ok() } else { None }
}

/// What only who knows the reverters can say: that they exist, and that they plan what the cases say.
fn reverts(found: &Found, checked: &Checked) -> Vec<Problem> {
    let (book, _) = RuleBook::read(found.files.iter().cloned(), &found.config);
    let unknown = found.files.iter().filter_map(unknown_reverter);
    unknown.chain(checked.plans.iter().filter_map(|case| differs(case, &book))).collect()
}

fn differs(case: &PlannedCase, book: &RuleBook) -> Option<Problem> {
    let problem = |text: String| Some(Problem { text, ..case.problem.clone() });
    let Some(reverter) = book.rule(&case.rule).and_then(|rule| rule.reverter.as_ref()) else {
        return problem("the case names a plan, and the rule no `revert`".to_owned());
    };
    let now = case.state.clone().unwrap_or_else(|| inverse::assumed(&case.change));
    let planned = inverse::in_short(&inverse::plan(reverter, &case.change, case.culprits.clone(), &now));
    if planned == case.plan { None } else { problem(format!("the plan is `{planned}`")) }
}

/// The parts of rule and case files that are looked at here; the rest is the business of `rules`.
#[derive(Deserialize)]
struct Reverting {
    revert: Option<serde_saphyr::Spanned<String>>,
}

fn unknown_reverter(file: &RuleFile) -> Option<Problem> {
    let name = serde_saphyr::from_str::<Reverting>(&file.rule_yaml).ok()?.revert?;
    // A malformed name is told by who reads the rule.
    let known = name.value.parse().map_or(true, |name| revert::reverter(&name).is_some());
    (!known).then(|| Problem {
        path: format!("{}/rule.yaml", file.path.trim_end_matches('/')),
        line: name.referenced.line().max(1),
        column: name.referenced.column().max(1),
        text: format!("there is no reverter `{}`", name.value),
    })
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Cases {
    violates: Vec<IgnoredAny>,
    quiet: Vec<IgnoredAny>,
    undecided: Vec<IgnoredAny>,
}

fn cases(file: &RuleFile) -> usize {
    let text = file.cases_yaml.as_deref().unwrap_or_default();
    let Cases { violates, quiet, undecided } = serde_saphyr::from_str(text).unwrap_or_default();
    violates.len() + quiet.len() + undecided.len()
}
