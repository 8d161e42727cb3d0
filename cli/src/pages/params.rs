//! What the rules can be told, with what holds when nobody tells them.

use super::markdown::{code, text};
use super::{Entry, Page};
use rules::Param;
use std::collections::BTreeMap;

/// A longer list is shown by its first entries.
const SHOWN_MAX: usize = 6;

#[derive(Default)]
struct Told<'a> {
    default: Option<&'a Param>,
    needed: Vec<String>,
    used: Vec<String>,
}

pub(super) fn page(entries: &[Entry<'_>]) -> Page {
    let mut params: BTreeMap<&str, Told<'_>> = BTreeMap::new();
    for entry in entries {
        let link = format!("[{id}](rules/{id}.md)", id = entry.rule.id);
        for (name, default) in entry.rule.params() {
            let told = params.entry(name).or_default();
            if entry.rule.needs().any(|needed| needed == name) {
                told.needed.push(link.clone());
            } else {
                told.default = told.default.or(Some(default));
                told.used.push(link.clone());
            }
        }
    }
    let row = |(name, told): (&&str, &Told<'_>)| {
        let default = told.default.map_or_else(|| "not configured".to_owned(), shown);
        let needed = if told.needed.is_empty() { "–".to_owned() } else { told.needed.join(", ") };
        format!("\n| {} | {default} | {needed} | {} |", code(name), told.used.join(", "))
    };
    let rows: String = params.iter().map(row).collect();
    Page::new(
        "params.md",
        &format!(
            "# Params\n\nWhat `params` of `gardefou.yaml` may say: for all rules that read it, or under `rules` for one. \
             An empty list or text is not configured: the rules that need it are off, and `gardefou check` says so. \
             Names that end in `_cidrs` hold networks, in `_ports` ports; a tag is written `key=value` or `key`, and \
             texts may have `*`.\n\n| param | by default | without it these are off | read by |\n\
             | --- | --- | --- | --- |{rows}"
        ),
    )
}

fn shown(param: &Param) -> String {
    let list = |items: Vec<String>| match items.len() {
        0 => "none".to_owned(),
        count if count > SHOWN_MAX => {
            format!(
                "{} and {} more",
                items.get(..SHOWN_MAX).unwrap_or_default().join(", "),
                count - SHOWN_MAX
            )
        }
        _ => items.join(", "),
    };
    match param {
        Param::Cidrs(networks) => list(networks.iter().map(|network| code(&network.to_string())).collect()),
        Param::Ports(ports) => list(ports.iter().map(ToString::to_string).collect()),
        Param::Texts(texts) => list(texts.iter().map(|text| code(text)).collect()),
        Param::Text(words) if words.is_empty() => "none".to_owned(),
        Param::Text(words) => code(words),
        Param::Number(number) => text(&number.to_string()),
        Param::Flag(flag) => if *flag { "yes" } else { "no" }.to_owned(),
    }
}
