//! What is covered of what was recommended, by which rules, and what is not and why.

use super::index::{controls, table};
use super::markdown::{code, text};
use super::{Entry, Page};
use rules::RuleKind;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// `docs/recommendations.yaml`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Recommendations {
    #[serde(rename = "recommendations")]
    all: Vec<Recommendation>,
    #[serde(default)]
    further: Vec<String>,
    #[serde(default)]
    guard: BTreeMap<String, Property>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Recommendation {
    line: u32,
    section: String,
    text: String,
    /// Rows of the catalogue.
    #[serde(default)]
    rules: Vec<String>,
    #[serde(default)]
    guard: Vec<String>,
    /// What no rule can see of it.
    limits: Option<String>,
}

/// Something that the guard itself is held to.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Property {
    state: State,
    text: String,
    missing: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum State {
    Built,
    Partly,
    Planned,
}

pub(super) fn page(recommendations: &Recommendations, entries: &[Entry<'_>]) -> Page {
    let served = Served::by(recommendations, entries);
    let all = &recommendations.all;
    let whole = all.iter().filter(|one| served.missing(one).is_empty()).count();
    let none = all.iter().filter(|one| served.nothing(one)).count();
    let rows: String = all.iter().map(|one| served.row(one)).collect();
    let sections = [
        format!(
            "# Coverage\n\nOf {} recommendations {whole} have all that is planned for them, {} a part, {none} nothing yet. \
             {} rules exist, {} of them are off until somebody configures what they need (°), and {} wait for a sweep \
             that can observe what they speak of (…): those see nothing yet. What is in *italics* is planned and does \
             not exist.\n\n\
             | line | section | recommendation | rules | the guard itself |\n| --- | --- | --- | --- | --- |{rows}",
            all.len(),
            all.len() - whole - none,
            entries.len(),
            entries.iter().filter(|entry| needs_words(entry)).count(),
            entries.iter().filter(|entry| waits(entry)).count(),
        ),
        format!("## The guard itself\n\n{}", served.properties()),
        format!("## Not covered, and why\n\n{}", served.not_covered()),
        format!(
            "## Controls\n\nThe parts of a rule are not listed one by one.\n\n{}",
            table("control", controls(entries, |entry| served.of_control(entry)))
        ),
    ];
    Page::new("coverage.md", &sections.join("\n\n"))
}

fn link(entry: &Entry<'_>) -> String {
    format!("[{id}](rules/{id}.md)", id = entry.rule.id)
}

/// Is it asked of nothing until somebody says what it needs?
fn needs_words(entry: &Entry<'_>) -> bool {
    entry.rule.needs().next().is_some()
}

/// Only a sweep could ask it, and none can observe what it speaks of.
fn waits(entry: &Entry<'_>) -> bool {
    entry.rule.kind == RuleKind::Sweep && !entry.rule.observed
}

/// A rule of a row of the catalogue; behind the first, only how its id goes on.
fn short_link(entry: &Entry<'_>, row: &str, first: bool) -> String {
    let id = entry.rule.id.as_str();
    let shown = if first { id } else { id.strip_prefix(row).filter(|rest| !rest.is_empty()).unwrap_or(id) };
    let mark = if waits(entry) {
        "…"
    } else if needs_words(entry) {
        "°"
    } else {
        ""
    };
    format!("[{shown}](rules/{id}.md){mark}")
}

/// What exists of what was recommended.
struct Served<'a> {
    recommendations: &'a Recommendations,
    /// Row of the catalogue → links of the rules that came of it.
    rules: BTreeMap<&'a str, Vec<String>>,
    /// Rows all of whose rules wait for the sweep.
    waiting: BTreeSet<&'a str>,
    /// Rules that came of none.
    own: Vec<String>,
}

impl<'a> Served<'a> {
    fn by(recommendations: &'a Recommendations, entries: &[Entry<'_>]) -> Self {
        let named = recommendations.all.iter().flat_map(|one| &one.rules);
        let rows: BTreeSet<&str> = named.chain(&recommendations.further).map(String::as_str).collect();
        let (mut rules, mut own): (BTreeMap<&str, Vec<String>>, _) = (BTreeMap::new(), Vec::new());
        let mut waiting = rows.clone();
        for entry in entries {
            let id = entry.rule.id.as_str();
            let of = |row: &&&str| {
                id.strip_prefix(**row).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
            };
            match rows.iter().filter(of).max_by_key(|row| row.len()) {
                Some(row) => {
                    let links = rules.entry(row).or_default();
                    links.push(short_link(entry, row, links.is_empty()));
                    if !waits(entry) {
                        waiting.remove(row);
                    }
                }
                None => own.push(link(entry)),
            }
        }
        waiting.retain(|row| rules.contains_key(row));
        Self { recommendations, rules, waiting, own }
    }

    /// The row that the rule came of, by the page of its first rule; of none, the rule itself.
    fn of_control(&self, entry: &Entry<'_>) -> String {
        let id = entry.rule.id.as_str();
        let of =
            |row: &&&str| id.strip_prefix(**row).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'));
        let row = self.rules.keys().filter(of).max_by_key(|row| row.len());
        row.and_then(|row| self.rules.get(row)?.first().cloned()).unwrap_or_else(|| link(entry))
    }

    fn state(&self, property: &str) -> State {
        self.recommendations.guard.get(property).map_or(State::Planned, |property| property.state)
    }

    /// What is planned for it and does not exist, or not as a whole.
    fn missing<'r>(&self, one: &'r Recommendation) -> Vec<&'r str> {
        let lacks = |row: &str| !self.rules.contains_key(row) || self.waiting.contains(row);
        let rules = one.rules.iter().filter(|row| lacks(row));
        let guard = one.guard.iter().filter(|name| self.state(name) != State::Built);
        rules.chain(guard).map(String::as_str).collect()
    }

    fn nothing(&self, one: &Recommendation) -> bool {
        let rule = one.rules.iter().any(|row| self.rules.contains_key(row.as_str()));
        !rule && one.guard.iter().all(|name| self.state(name) == State::Planned)
    }

    fn row(&self, one: &Recommendation) -> String {
        let rule = |row: &String| {
            self.rules.get(row.as_str()).map_or_else(|| format!("*{}*", text(row)), |links| links.join(", "))
        };
        let rules: Vec<String> = one.rules.iter().map(rule).collect();
        let property = |name: &String| match self.state(name) {
            State::Built => text(name),
            State::Partly => format!("{} (partly)", text(name)),
            State::Planned => format!("*{}*", text(name)),
        };
        let guard: Vec<String> = one.guard.iter().map(property).collect();
        let (section, words) = (text(&one.section), text(&one.text));
        format!("\n| {} | {section} | {words} | {} | {} |", one.line, rules.join(", "), guard.join(", "))
    }

    fn properties(&self) -> String {
        let row = |(name, property): (&String, &Property)| {
            let state = match property.state {
                State::Built => "built",
                State::Partly => "partly built",
                State::Planned => "planned",
            };
            let missing = property.missing.as_deref().map(text).unwrap_or_default();
            format!("\n| {} | {state} | {} | {missing} |", text(name), text(&property.text))
        };
        let rows: String = self.recommendations.guard.iter().map(row).collect();
        format!("| property | state | what | what is missing |\n| --- | --- | --- | --- |{rows}")
    }

    fn not_covered(&self) -> String {
        let all = &self.recommendations.all;
        let limits = all.iter().filter_map(|one| {
            Some(format!("\n- {} (line {}): {}", text(&one.text), one.line, text(one.limits.as_ref()?)))
        });
        let empty = all.iter().filter(|one| self.nothing(one));
        let empty = empty.map(|one| {
            let names: Vec<String> = self.missing(one).into_iter().map(code).collect();
            format!("\n- {} (line {}): {} planned", text(&one.text), one.line, names.join(", "))
        });
        let further =
            self.recommendations.further.iter().filter(|row| !self.rules.contains_key(row.as_str()));
        let further: Vec<String> = further.map(|row| code(row)).collect();
        let waiting: Vec<String> = self.waiting.iter().map(|row| code(row)).collect();
        let list =
            |lines: Vec<String>| if lines.is_empty() { "\n- nothing".to_owned() } else { lines.concat() };
        format!(
            "What no rule can see:\n{}\n\nOf what nothing exists yet:\n{}\n\n\
             Of these every rule waits for the sweep: {}.\n\n\
             Planned beside what was recommended: {}.\n\nRules that nobody recommended: {}.",
            list(limits.collect()),
            list(empty.collect()),
            if waiting.is_empty() { "none".to_owned() } else { waiting.join(", ") },
            if further.is_empty() { "nothing".to_owned() } else { further.join(", ") },
            if self.own.is_empty() { "none".to_owned() } else { self.own.join(", ") },
        )
    }
}
