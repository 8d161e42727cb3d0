//! The index of the rules: by service, severity and mode; by recommendation and control, the coverage has it.

use super::markdown::{code, text};
use super::{Entry, Page, framework};
use model::{Mode, Severity};
use rules::RuleKind;
use std::collections::BTreeMap;

pub(super) fn page(entries: &[Entry<'_>]) -> Page {
    let row = |entry: &Entry<'_>| {
        let rule = entry.rule;
        format!(
            "| {} | {} | {} | {} | {} |",
            entry.link(),
            text(&rule.title),
            rule.severity,
            rule.mode,
            entry.pack
        )
    };
    let rows: Vec<String> = entries.iter().map(row).collect();
    let sections = [
        format!(
            "# Rules\n\n{} rules. By recommendation and by control: [coverage](../coverage.md). What they can be told: \
             [params](../params.md).\n\n\
             | rule | title | severity | asks for | pack |\n| --- | --- | --- | --- | --- |\n{}",
            entries.len(),
            rows.join("\n")
        ),
        format!("## By service\n\n{}", table("service", services(entries))),
        format!("## By severity\n\n{}", table("severity", severities(entries))),
        format!("## By mode\n\n{}", table("asks for", modes(entries))),
    ];
    Page::new("rules/README.md", &sections.join("\n\n"))
}

/// Key → links.
pub(super) type Table = Vec<(String, Vec<String>)>;

pub(super) fn table(head: &str, rows: Table) -> String {
    let row = |(key, links): (String, Vec<String>)| format!("\n| {key} | {} |", links.join(", "));
    let rows: String = rows.into_iter().map(row).collect();
    format!("| {head} | rules |\n| --- | --- |{rows}")
}

fn services(entries: &[Entry<'_>]) -> Table {
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for entry in entries {
        for source in entry.rule.events.keys() {
            found.entry(code(source)).or_default().push(entry.link());
        }
        let further = match (&entry.rule.only, entry.rule.kind) {
            (Some(_), _) => Some("every service"),
            (None, RuleKind::Sweep) => Some("what stands, whatever the call"),
            _ => None,
        };
        if let Some(further) = further {
            found.entry(further.to_owned()).or_default().push(entry.link());
        }
    }
    found.into_iter().collect()
}

fn severities(entries: &[Entry<'_>]) -> Table {
    let mut found: BTreeMap<Severity, Vec<String>> = BTreeMap::new();
    for entry in entries {
        found.entry(entry.rule.severity).or_default().push(entry.link());
    }
    found.into_iter().rev().map(|(severity, links)| (severity.to_string(), links)).collect()
}

fn modes(entries: &[Entry<'_>]) -> Table {
    let mut found: BTreeMap<Mode, Vec<String>> = BTreeMap::new();
    for entry in entries {
        found.entry(entry.rule.mode).or_default().push(entry.link());
    }
    found.into_iter().rev().map(|(mode, links)| (mode.to_string(), links)).collect()
}

/// By framework, then by control, numbers in them by their value.
pub(super) fn controls<'a>(entries: &[Entry<'a>], link: impl Fn(&Entry<'a>) -> String) -> Table {
    let mut found: BTreeMap<_, Vec<String>> = BTreeMap::new();
    for entry in entries {
        for (of, controls) in &entry.rule.frameworks {
            for control in controls {
                let links = found.entry((*of, natural(control), control)).or_default();
                let link = link(entry);
                if !links.contains(&link) {
                    links.push(link);
                }
            }
        }
    }
    let named = |of, control: &str| format!("{} {}", framework(of), text(control));
    found.into_iter().map(|((of, _, control), links)| (named(of, control), links)).collect()
}

/// `5.10` behind `5.9`.
fn natural(text: &str) -> Vec<(u64, String)> {
    let parts = text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|part| !part.is_empty());
    let part = |part: &str| {
        part.parse().map_or_else(|_| (u64::MAX, part.to_owned()), |number| (number, String::new()))
    };
    parts.map(part).collect()
}
