//! What `replay` says of a change, as JSON and as a table.

use crate::shown;
use comfy_table::{Attribute, Cell, Color, ContentArrangement, Table, presets};
use model::{Mode, Severity, Untrusted, Verdict, granted};
use rules::Judged;
use serde::Serialize;
use std::cmp::Reverse;
use std::collections::BTreeMap;
use trail::Change;

/// What one rule says of one change. The names of the fields are a promise to readers of the JSON.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    pub(crate) event_id: String,
    pub(crate) rule: String,
    pub(crate) severity: Severity,
    pub(crate) action: Mode,
    pub(crate) resource: String,
    pub(crate) account: String,
    pub(crate) region: String,
    pub(crate) time: String,
    pub(crate) actor: String,
    pub(crate) message: String,
    pub(crate) verdict: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
    pub(crate) event: String,
    pub(crate) file: String,
    pub(crate) record: usize,
}

impl Row {
    /// Nothing for what is quiet.
    pub(crate) fn of(
        change: &Change,
        judged: &Judged<'_>,
        allowed: Option<Mode>,
        place: &(String, usize),
    ) -> Option<Self> {
        let rule = judged.rule;
        let (message, reason) = match &judged.verdict {
            Verdict::Quiet => return None,
            Verdict::Violation(culprits) => (rule.message(change, culprits), None),
            Verdict::Undecided { reason } => (Untrusted::new(rule.title.clone()), Some(reason.clone())),
        };
        Some(Self {
            event_id: change.event.id.to_string(),
            rule: rule.id.to_string(),
            severity: rule.severity,
            action: allowed.map_or(rule.mode, |allowed| granted(rule.mode, allowed)),
            resource: change.resource.id.raw().to_owned(),
            account: change.account.to_string(),
            region: change.region.to_string(),
            time: change.event.time.to_string(),
            actor: change.actor.name.raw().to_owned(),
            message: message.raw().to_owned(),
            verdict: if reason.is_none() { "violation" } else { "undecided" },
            reason,
            event: change.event.name.clone(),
            file: place.0.clone(),
            record: place.1,
        })
    }

    /// Fit to be shown; `undecided` stands where an action would be taken for granted.
    fn shown(&self) -> [String; 9] {
        let (action, message) = match &self.reason {
            None => (self.action.to_string(), shown::text(&self.message)),
            Some(reason) => ("undecided".to_owned(), format!("{}: {}", self.message, shown::text(reason))),
        };
        [
            self.severity.to_string(),
            self.rule.clone(),
            shown::text(&self.resource),
            self.account.clone(),
            self.region.clone(),
            self.time.clone(),
            shown::text(&self.actor),
            action,
            message,
        ]
    }
}

/// For a terminal: fitted to its width, the worst first, what one rule says together below its name.
pub(crate) fn fitted(rows: &[Row]) -> String {
    let mut table = Table::new();
    table.load_style(presets::UTF8_HORIZONTAL_ONLY);
    table.set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(["severity", "what", "where", "who and when"]);
    let mut groups: BTreeMap<(Reverse<Severity>, &str), Vec<&Row>> = BTreeMap::new();
    for row in rows {
        groups.entry((Reverse(row.severity), &row.rule)).or_default().push(row);
    }
    for ((Reverse(severity), rule), rows) in &groups {
        let name = if rows.len() == 1 { (*rule).to_owned() } else { format!("{rule} ({})", rows.len()) };
        table.add_row([
            Cell::new(severity.to_string()).fg(colour(*severity)).add_attribute(Attribute::Bold),
            Cell::new(name).add_attribute(Attribute::Bold),
        ]);
        for row in rows {
            let [_, _, resource, account, region, time, actor, action, message] = row.shown();
            table.add_row([
                Cell::new(action),
                Cell::new(message),
                Cell::new(format!("{resource}\n{account}\n{region}")),
                Cell::new(format!("{actor}\n{time}")),
            ]);
        }
    }
    table.trim_fmt()
}

/// For a pipe: each row one line, however long.
pub(crate) fn wide(rows: &[Row]) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_content_arrangement(ContentArrangement::Disabled);
    table.set_header([
        "severity", "rule", "resource", "account", "region", "time", "actor", "action", "message",
    ]);
    table.add_rows(rows.iter().map(Row::shown));
    table.trim_fmt()
}

fn colour(severity: Severity) -> Color {
    match severity {
        Severity::Critical => Color::Red,
        Severity::High => Color::DarkRed,
        Severity::Medium => Color::Yellow,
        Severity::Low => Color::Grey,
    }
}
