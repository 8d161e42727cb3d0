//! The page of one rule.

use super::markdown::{code, text};
use super::{Entry, Page, framework};
use model::Mode;
use rules::{By, Count, Param, Rule, RuleKind};

pub(super) fn page(entry: &Entry<'_>) -> Page {
    let rule = entry.rule;
    let sections = [
        format!("# {}\n\n{}\n\n{}", text(&rule.title), facts(entry), text(&rule.what)),
        format!("## Why it matters\n\n{}", text(&rule.why)),
        format!("## How it is detected\n\n{}", detected(rule)),
        format!("## What it does not see\n\n{}", text(&rule.misses)),
        format!("## What is done\n\n{}", done(rule)),
        format!("## How to fix it by hand\n\n{}", text(&rule.instead)),
        format!("## How to let it stand\n\n{}", standing(rule)),
        params(rule),
        frameworks(rule),
    ];
    let sections: Vec<String> = sections.into_iter().filter(|section| !section.is_empty()).collect();
    Page::new(format!("rules/{}.md", rule.id), &sections.join("\n\n"))
}

fn facts(entry: &Entry<'_>) -> String {
    let Entry { rule, pack } = entry;
    let source = if pack.is_empty() {
        String::new()
    } else {
        format!(" · [rule and cases](../../rules/{pack}/{})", rule.id)
    };
    format!(
        "{} · severity **{}** · asks for **{}**{source}",
        code(rule.id.as_str()),
        rule.severity,
        rule.mode
    )
}

fn detected(rule: &Rule) -> String {
    let mut lines = Vec::new();
    if let Some(only) = &rule.only {
        let shown = |value: &serde_json::Value| match value.get("wildcard").and_then(|like| like.as_str()) {
            Some(like) => code(like),
            None => code(value.to_string().trim_matches('"')),
        };
        let field = |(path, values): (&str, &[serde_json::Value])| {
            let values: Vec<String> = values.iter().map(shown).collect();
            format!("{} is {}", code(path), values.join(" or "))
        };
        lines.push(format!(
            "Asked of every call whose {}.",
            only.paths().map(field).collect::<Vec<_>>().join(" and ")
        ));
    } else if rule.kind != RuleKind::Sweep {
        lines.push("Asked of these calls, as CloudTrail records them:\n".to_owned());
        for (source, names) in &rule.events {
            let names: Vec<String> = names.iter().map(|name| code(name)).collect();
            lines.push(format!("- {}: {}", code(source), names.join(", ")));
        }
        lines.push(String::new());
    }
    lines.extend(rule.count.as_ref().map(counted));
    if rule.each.is_some() {
        lines.push(
            "What a call did is asked item by item: those that violate are told, the others are left."
                .to_owned(),
        );
    }
    let outcomes = match (rule.failed, rule.reads) {
        (false, false) => "Calls that failed and calls that only read are not asked.",
        (true, false) => "Calls that failed are asked too; those that only read are not.",
        (false, true) => {
            "Calls that only read are asked too, where their delivery is turned on; failed ones are not."
        }
        (true, true) => {
            "Calls that failed and, where their delivery is turned on, calls that only read are asked too."
        }
    };
    if rule.kind != RuleKind::Sweep {
        lines.push(outcomes.to_owned());
    }
    let state = match rule.kind {
        RuleKind::Change => "Nothing is left to be seen afterwards: an event that is lost is not made good.",
        RuleKind::Both => "The same can be seen in what stands; a sweep that looks there is planned.",
        RuleKind::Sweep => "Asked of what stands, not of calls: by the sweep, which is planned.",
    };
    lines.push(state.to_owned());
    if rule.has_holds() {
        lines.push(
            "Before anything is said or done it is confirmed on the resource as it is then.".to_owned(),
        );
    }
    if let Some(kind) = &rule.sweeps {
        lines.push(format!("What is looked at: {}.", code(kind)));
    }
    match (rule.observed, rule.kind) {
        (true, _) | (_, RuleKind::Change) => {}
        (false, RuleKind::Both) => lines
            .push("**What stands cannot be observed yet for this rule:** only calls are judged.".to_owned()),
        (false, RuleKind::Sweep) => lines.push(
            "**It cannot be observed yet, so that nothing asks this rule:** it finds nothing.".to_owned(),
        ),
    }
    lines.join("\n")
}

fn counted(count: &Count) -> String {
    let by = match count.by {
        By::Actor => "of one actor",
        By::Address => "from one address",
        By::Account => "in one account",
        By::Resource => "of one resource",
    };
    format!(
        "One is nothing: {} {by} within {} seconds are a violation{}.",
        count.at_least,
        count.within_seconds,
        match count.distinct {
            None => "",
            Some(By::Actor) => ", each of another actor",
            Some(By::Address) => ", each from another address",
            Some(By::Account) => ", each in another account",
            Some(By::Resource) => ", each of another resource",
        }
    )
}

fn done(rule: &Rule) -> String {
    let asks = match rule.mode {
        Mode::Observe => "It is recorded, and nobody is told.",
        Mode::Notify => "People are told. Nothing is taken back.",
        Mode::Approve => "People are asked; it is taken back when somebody approves.",
        Mode::Revert => "It is taken back, and people are told.",
    };
    let reverter = rule.reverter.as_ref().map(|name| {
        format!(
            " By {}: exactly what the call added or changed, if it still stands and its inverse is known; \
             otherwise a person is asked to look.",
            code(name.as_str())
        )
    });
    let less =
        " The account's `mode` in `gardefou.yaml` may allow less, never more; as shipped, it observes.";
    format!("{asks}{}{less}", reverter.unwrap_or_default())
}

/// What there is today, and no more.
fn standing(rule: &Rule) -> String {
    let mut ways = vec!["- In one account: a lower `mode` under `accounts` in `gardefou.yaml`.".to_owned()];
    if rule.reverter.is_some() {
        ways.push(
            "- For one resource: its id under `protected`, or the tag `gardefou:protect` where it has tags. \
                   It is told and not taken back."
                .to_owned(),
        );
        ways.push("- For people in an emergency: the role under `break_glass`. What it does is told and not taken back.".to_owned());
    }
    ways.push(format!(
        "- For good: `rules: {{{}: {{off: true, because: …}}}}` in `gardefou.yaml`, or a lower `mode` there.",
        rule.id
    ));
    ways.push("- For a while, with an owner and an end: not possible yet.".to_owned());
    ways.join("\n")
}

fn params(rule: &Rule) -> String {
    let needed: Vec<&str> = rule.needs().collect();
    let row = |(name, param): (&str, &Param)| {
        let value = if needed.contains(&name) {
            "none: the rule is off until it is set".to_owned()
        } else {
            value(param)
        };
        format!("| {} | {value} |", code(name))
    };
    let rows: Vec<String> = rule.params().map(row).collect();
    if rows.is_empty() {
        return String::new();
    }
    format!(
        "## Parameters\n\nSet under `params` in `gardefou.yaml`.\n\n| name | unless it is set |\n| --- | --- |\n{}",
        rows.join("\n")
    )
}

fn value(param: &Param) -> String {
    let list = |items: Vec<String>| {
        let items: Vec<String> = items.iter().map(|item| code(item)).collect();
        if items.is_empty() { "nothing".to_owned() } else { items.join(", ") }
    };
    match param {
        Param::Cidrs(networks) => list(networks.iter().map(ToString::to_string).collect()),
        Param::Ports(ports) => list(ports.iter().map(ToString::to_string).collect()),
        Param::Texts(texts) => list(texts.clone()),
        Param::Text(text) => list(Some(text.clone()).filter(|text| !text.is_empty()).into_iter().collect()),
        Param::Number(number) => number.to_string(),
        Param::Flag(flag) => if *flag { "yes" } else { "no" }.to_owned(),
    }
}

fn frameworks(rule: &Rule) -> String {
    if rule.frameworks.is_empty() {
        return String::new();
    }
    let row = |(of, controls): (&rules::Framework, &Vec<String>)| {
        format!("| {} | {} |", framework(*of), text(&controls.join(", ")))
    };
    let rows: Vec<String> = rule.frameworks.iter().map(row).collect();
    format!("## Controls it serves\n\n| framework | controls |\n| --- | --- |\n{}", rows.join("\n"))
}
