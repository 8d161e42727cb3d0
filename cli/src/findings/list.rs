//! Findings as a table and as JSON.

use crate::shown;
use crate::when;
use comfy_table::{Attribute, Cell, Color, ColumnConstraint, ContentArrangement, Table, presets};
use engine::FindingRecord;
use jiff::Timestamp;
use model::{AccountId, Mode, Severity, StateName};
use serde::Serialize;
use std::cmp::Reverse;
use std::collections::BTreeMap;
use wildmatch::WildMatch;

/// Which findings are wanted; empty wants all.
#[derive(Debug, Default)]
pub(crate) struct Filter {
    pub(crate) states: Vec<StateName>,
    pub(crate) account: Option<AccountId>,
    pub(crate) severity: Option<Severity>,
    pub(crate) rule: Option<String>,
    pub(crate) resource: Option<String>,
    pub(crate) since: Option<Timestamp>,
}

impl Filter {
    pub(crate) fn wants(&self, FindingRecord { finding, life, .. }: &FindingRecord) -> bool {
        let rules = || {
            let violated = finding.violations.iter().map(|violation| &violation.rule);
            violated.chain(finding.undecided.iter().map(|undecided| &undecided.rule))
        };
        let any_rule = |pattern: &String| {
            let pattern = WildMatch::new(pattern);
            rules().any(|rule| pattern.matches(rule.as_str()))
        };
        (self.states.is_empty() || self.states.contains(&life.state.name()))
            && self.account.as_ref().is_none_or(|account| *account == finding.resource.account)
            && self.severity.is_none_or(|least| finding.severity() >= least)
            && self.rule.as_ref().is_none_or(any_rule)
            && self.resource.as_ref().is_none_or(|id| WildMatch::new(id).matches(finding.resource.id.raw()))
            && self.since.is_none_or(|since| finding.happened_at() >= since)
    }
}

/// One finding in one line. The names of the fields are a promise to readers of the JSON.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    pub(crate) finding: String,
    pub(crate) severity: Severity,
    pub(crate) state: String,
    pub(crate) mode: Mode,
    pub(crate) version: u64,
    pub(crate) time: String,
    pub(crate) due: Option<String>,
    pub(crate) account: String,
    pub(crate) region: String,
    pub(crate) resource: String,
    pub(crate) title: String,
    pub(crate) rules: Vec<String>,
    pub(crate) actor: String,
    #[serde(skip)]
    happened: Timestamp,
    #[serde(skip)]
    due_at: Option<Timestamp>,
    #[serde(skip)]
    short: String,
    #[serde(skip)]
    state_name: StateName,
}

/// The worst first, of these the oldest.
pub(crate) fn rows(records: &[FindingRecord]) -> Vec<Row> {
    let ids: Vec<&str> = records.iter().map(|record| record.finding.id.as_str()).collect();
    let mut rows: Vec<Row> = records.iter().map(|record| Row::of(record, &ids)).collect();
    rows.sort_by_key(|row| (Reverse(row.severity), row.happened, row.finding.clone()));
    rows
}

impl Row {
    fn of(record: &FindingRecord, ids: &[&str]) -> Self {
        let FindingRecord { finding, life, .. } = record;
        let title = finding.violations.first().map(|violation| violation.title.clone());
        let undecided = finding.undecided.first().map(|one| format!("{} could not be answered", one.rule));
        let rules = finding.violations.iter().map(|violation| violation.rule.to_string());
        Self {
            finding: finding.id.to_string(),
            severity: finding.severity(),
            state: life.state.label(),
            mode: finding.mode(life),
            version: life.version,
            time: when::stamp(finding.happened_at()),
            due: life.due_at.map(when::stamp),
            account: finding.resource.account.to_string(),
            region: finding.resource.region.to_string(),
            resource: finding.resource.id.raw().to_owned(),
            title: title.or(undecided).unwrap_or_else(|| cause(record).to_owned()),
            rules: rules.chain(finding.undecided.iter().map(|one| one.rule.to_string())).collect(),
            actor: finding.actor.name.raw().to_owned(),
            happened: finding.happened_at(),
            due_at: life.due_at,
            short: short_id(finding.id.as_str(), ids).to_owned(),
            state_name: life.state.name(),
        }
    }

    fn shown(&self, now: Timestamp) -> [String; 9] {
        [
            self.short.clone(),
            self.severity.to_string(),
            self.state.clone(),
            when::short(now.duration_since(self.happened)),
            self.due_at.map_or_else(|| "-".to_owned(), |due| when::due(due, now)),
            self.account.clone(),
            shown::text(&self.resource),
            shown::text(&self.title),
            shown::text(&self.actor),
        ]
    }
}

/// What a finding is about that no rule names.
pub(crate) fn cause(record: &FindingRecord) -> &'static str {
    match record.finding.cause {
        model::Cause::Event(_) => "a change",
        model::Cause::Sighting { .. } => "seen by a sweep",
        model::Cause::Collateral { .. } => "something compliant was taken back with the rest",
        model::Cause::Undo { .. } => "a revert is undone",
    }
}

/// At least six characters, and as many as tell it from the others.
fn short_id<'a>(id: &'a str, all: &[&str]) -> &'a str {
    let alone = |length: &usize| {
        let short = id.get(..*length).unwrap_or(id);
        all.iter().filter(|other| other.starts_with(short)).count() <= 1
    };
    let length = (6..id.len()).find(alone).unwrap_or(id.len());
    id.get(..length).unwrap_or(id)
}

const HEADER: [&str; 9] = ["id", "severity", "state", "age", "due", "account", "resource", "title", "who"];

/// For a terminal: fitted to its width, two lines each, ids whole so that they can be copied.
pub(crate) fn fitted(rows: &[Row], now: Timestamp, width: Option<u16>) -> String {
    let mut table = Table::new();
    table.load_style(presets::UTF8_HORIZONTAL_ONLY);
    table.set_content_arrangement(ContentArrangement::Dynamic);
    if let Some(width) = width {
        table.set_width(width);
    }
    table.set_header(["id", "severity", "state, due", "where", "what, who, age"]);
    for at in 0..2 {
        if let Some(column) = table.column_mut(at) {
            column.set_constraint(ColumnConstraint::ContentWidth);
        }
    }
    for row in rows {
        let [id, severity, state, age, due, account, resource, title, who] = row.shown(now);
        table.add_row([
            Cell::new(id).add_attribute(Attribute::Bold),
            Cell::new(severity).fg(severity_colour(row.severity)).add_attribute(Attribute::Bold),
            Cell::new(format!("{state}\n{due}")).fg(state_colour(row.state_name)),
            Cell::new(format!("{resource}\n{account}")),
            Cell::new(format!("{title}\n{who}, {age} ago")),
        ]);
    }
    table.trim_fmt()
}

/// For a pipe: each finding one line, however long.
pub(crate) fn wide(rows: &[Row], now: Timestamp) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(HEADER);
    table.add_rows(rows.iter().map(|row| row.shown(now)));
    table.trim_fmt()
}

/// `3 findings: 2 critical, 1 low; 1 awaiting, 2 manual`.
pub(crate) fn counts(rows: &[Row]) -> String {
    let mut severities: BTreeMap<Reverse<Severity>, usize> = BTreeMap::new();
    let mut states: BTreeMap<StateName, usize> = BTreeMap::new();
    for row in rows {
        *severities.entry(Reverse(row.severity)).or_default() += 1;
        *states.entry(row.state_name).or_default() += 1;
    }
    let severities = severities.iter().map(|(Reverse(severity), count)| format!("{count} {severity}"));
    let states = states.iter().map(|(state, count)| format!("{count} {}", state.as_str().to_lowercase()));
    let (severities, states): (Vec<String>, Vec<String>) = (severities.collect(), states.collect());
    match rows.len() {
        0 => "no findings".to_owned(),
        1 => format!("1 finding: {}; {}", severities.join(", "), states.join(", ")),
        count => format!("{count} findings: {}; {}", severities.join(", "), states.join(", ")),
    }
}

fn severity_colour(severity: Severity) -> Color {
    match severity {
        Severity::Critical => Color::Red,
        Severity::High => Color::DarkRed,
        Severity::Medium => Color::Yellow,
        Severity::Low => Color::Grey,
    }
}

/// What waits for a person stands out.
fn state_colour(state: StateName) -> Color {
    match state {
        StateName::Awaiting => Color::Yellow,
        StateName::Manual => Color::Red,
        StateName::Reverted | StateName::Resolved => Color::Green,
        _ => Color::Reset,
    }
}
