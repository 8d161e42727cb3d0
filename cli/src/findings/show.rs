//! One finding with everything about it, laid out to be read at three in the morning.

use super::list::cause;
use super::page::{Look, Page, look};
use super::possible;
use crate::inverse;
use crate::shown;
use crate::when;
use engine::FindingRecord;
use jiff::Timestamp;
use model::{
    Actor, Cause, Evidence, Finding, FindingId, Item, Life, Manual, Mode, Opening, Resource, State,
    Undecided, Violation,
};
use render::sink::terminal;
use render::{Story, TerminalMessage};
use serde::Serialize;
use std::collections::BTreeMap;

/// What is shown beside the finding itself.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Beside<'a> {
    pub(crate) kill: bool,
    /// The last finding on the same resource, if that is another.
    pub(crate) last: Option<&'a FindingId>,
    pub(crate) again: &'a str,
    pub(crate) now: Timestamp,
}

/// As JSON. The names of the fields are a promise to its readers.
#[derive(Debug, Serialize)]
pub(crate) struct Whole<'a> {
    finding: &'a Finding,
    state: String,
    life: &'a Life,
    evidence: &'a Evidence,
    told: &'a BTreeMap<String, u64>,
    chain: &'a str,
    said: String,
    kill_switch: bool,
    possible: Vec<String>,
}

pub(crate) fn whole<'a>(record: &'a FindingRecord, beside: &Beside<'_>) -> Whole<'a> {
    let FindingRecord { finding, life, evidence, chain, told, notes: _ } = record;
    Whole {
        finding,
        state: life.state.label(),
        life,
        evidence,
        told,
        chain,
        said: render::terminal(&story(record)).said,
        kill_switch: beside.kill,
        possible: possible::commands(record, beside.kill, beside.now, beside.again),
    }
}

fn story(FindingRecord { finding, life, evidence, .. }: &FindingRecord) -> Story<'_> {
    Story { finding, life, evidence, digest: false }
}

pub(crate) fn page(record: &FindingRecord, beside: &Beside<'_>, colours: bool) -> String {
    let now = beside.now;
    let told = render::terminal(&story(record));
    let mut page = Page::new(colours);
    head(&mut page, record, &told);
    page.line("");
    facts(&mut page, record, now);
    page.line("");
    state(&mut page, record, &told, beside);
    page.line("");
    let life = &record.life;
    let violations = record.finding.violations.iter().flat_map(|violation| rule(violation, life));
    page.section("Rules", violations.chain(record.finding.undecided.iter().map(undecided)));
    items(&mut page, record, &told);
    plan(&mut page, &record.evidence);
    page.section("By hand", by_hand(record, &told));
    page.section("Timers", timers(record, now));
    page.section("Linked", linked(&record.finding, &record.evidence, beside.last));
    page.line("");
    page.section("What you can do now", possible::commands(record, beside.kill, now, beside.again));
    page.into_text()
}

fn head(page: &mut Page, FindingRecord { finding, life, .. }: &FindingRecord, told: &TerminalMessage<'_>) {
    let severity = finding.severity();
    let badge = page.painted(&severity.as_str().to_uppercase(), look(severity));
    let state = page.painted(&life.state.label(), Look::Bold);
    page.line(format!("finding {}  {badge}  {state}", finding.id));
    let headline = page.painted(&told.headline, Look::Bold);
    page.line(headline);
}

fn facts(page: &mut Page, record: &FindingRecord, now: Timestamp) {
    let Finding { resource, actor, opened_at, pack, .. } = &record.finding;
    let Resource { account, region, service, id } = resource;
    page.fact("where", format!("{} ({service}) in {account}, {region}", terminal(id)));
    who(page, actor);
    let happened = record.finding.happened_at();
    page.fact("when", format!("{}, {}", when::stamp(happened), when::ago(happened, now)));
    page.fact("found by", found_by(record));
    let judged = if pack.is_empty() { String::new() } else { format!(", judged by pack {pack}") };
    page.fact("recorded", format!("{}{judged}", when::stamp(*opened_at)));
}

fn who(page: &mut Page, actor: &Actor) {
    let Actor { name, account, arn, role, source_identity, invoked_by, user_agent, mfa, .. } = actor;
    let of = account.as_ref().map(|account| format!(" of account {account}")).unwrap_or_default();
    page.fact("who", format!("{}{of}", terminal(name)));
    let mut more: Vec<String> = Vec::new();
    more.extend(arn.as_deref().map(shown::text));
    more.extend(role.as_deref().map(|role| format!("role {}", shown::text(role))));
    more.extend(source_identity.as_ref().map(|who| format!("source identity {}", terminal(who))));
    more.extend(invoked_by.as_ref().map(|service| format!("through {}", terminal(service))));
    more.extend(user_agent.as_ref().map(|agent| format!("with {}", terminal(agent))));
    more.extend(
        mfa.map(|mfa| if mfa { "with a second factor" } else { "without a second factor" }.to_owned()),
    );
    for line in more {
        page.fact("", line);
    }
}

fn found_by(record: &FindingRecord) -> String {
    match &record.finding.cause {
        Cause::Event(event) => {
            format!("{} of {}, event {}", shown::text(&event.name), shown::text(&event.source), event.id)
        }
        Cause::Sighting { .. } => "a sweep over present state: who made it is not known".to_owned(),
        Cause::Collateral { of } => format!("{}: finding {of}", cause(record)),
        Cause::Undo { of, by } => format!("{} wants back what finding {of} took", terminal(by)),
    }
}

fn state(page: &mut Page, record: &FindingRecord, told: &TerminalMessage<'_>, beside: &Beside<'_>) {
    let FindingRecord { life, evidence, told: channels, .. } = record;
    let version = format!("{}, version {}", life.state.label(), life.version);
    let why = life.state.reason().map(|why| format!(": {why}")).unwrap_or_default();
    page.fact("state", format!("{version}{why}"));
    page.fact("", &told.said);
    for todo in &told.todo {
        page.fact("", todo);
    }
    if let Some(obstacle) = &evidence.obstacle {
        page.fact("obstacle", shown::line(obstacle));
    }
    if beside.kill {
        let on = page.painted("the kill switch is ON: nothing is called", Look::Red);
        page.fact("", on);
    }
    if let Some(approval) = &life.approval {
        let age = when::ago(approval.at, beside.now);
        page.fact("approved", format!("by {}, {}, {age}", terminal(&approval.by), when::stamp(approval.at)));
    }
    if life.cancel {
        page.fact("", "a person asked to stop: it is waived before anything is done");
    }
    if let Some(lease) = &life.lease {
        let left = when::due(lease.until, beside.now);
        page.fact("lease", format!("{}, ends {left} (epoch {})", shown::text(&lease.owner.0), life.epoch));
    }
    let mut counts = Vec::new();
    for (count, what) in
        [(life.attempts, "attempts"), (life.stands, "seen again"), (life.escalations, "people called again")]
    {
        counts.extend((count > 0).then(|| format!("{what}: {count}")));
    }
    if !counts.is_empty() {
        page.fact("", counts.join(", "));
    }
    if !channels.is_empty() {
        let told =
            channels.iter().map(|(channel, version)| format!("{} (version {version})", shown::text(channel)));
        page.fact("told", told.collect::<Vec<_>>().join(", "));
    }
}

fn rule(violation: &Violation, life: &Life) -> Vec<String> {
    let Violation { rule, severity, asked, message, instead, holds, waived, .. } = violation;
    let granted = violation.granted_in(life);
    let mode = if granted == *asked { asked.to_string() } else { format!("{granted} ({asked} asked)") };
    let mut lines = vec![format!("{rule}, {severity}, {mode}"), format!("  {}", terminal(message))];
    if *holds {
        lines.push("  confirmed only by the state of the resource".to_owned());
    }
    if let Some(waiver) = waived {
        let ended = if life.returned { ", which counts no more" } else { "" };
        let owner = shown::text(&waiver.owner);
        lines.push(format!("  waived until {} by {owner}: {}{ended}", when::stamp(waiver.until), waiver.id));
    }
    lines.push(format!("  instead  {}", shown::line(instead.trim())));
    lines
}

fn undecided(Undecided { rule, severity, reason, .. }: &Undecided) -> String {
    format!("{rule}, {severity}: could not be answered: {}", shown::text(reason))
}

fn items(page: &mut Page, record: &FindingRecord, told: &TerminalMessage<'_>) {
    let lines = |items: &[&Item]| items.iter().map(|item| shown::item(item)).collect::<Vec<_>>();
    page.section("Taken back", lines(&told.taken));
    let asked = match record.life.state {
        State::Awaiting(_) => "Waits for approval",
        State::Waived => "Let stand",
        _ if told.taken.is_empty() => "What it is about",
        _ => "Not taken back",
    };
    page.section(asked, lines(&told.asked));
    page.section("Only told: no revert is granted for it", lines(&told.told));
    let neighbours: Vec<&Item> = record.finding.neighbours.iter().collect();
    page.section("Left alone: added by the same change, and no rule names it", lines(&neighbours));
}

fn plan(page: &mut Page, evidence: &Evidence) {
    let mut lines = Vec::new();
    if let Some(plan) = &evidence.plan {
        lines.extend(plan.steps.iter().map(|step| shown::line(&step.to_string())));
        lines.extend(plan.takes_back.iter().map(|item| format!("before it: {}", shown::item(item))));
    }
    lines.extend(evidence.armed_at.map(|at| format!("armed at {}", when::stamp(at))));
    if !evidence.removed.is_empty() {
        let removed: Vec<String> = evidence.removed.iter().map(|id| shown::text(id)).collect();
        lines.push(format!("AWS says it did: {}", removed.join(", ")));
    }
    page.section("Plan", lines);
    if let Some(refusal) = &evidence.refusal {
        let lines = inverse::in_full(&Err(refusal.clone()));
        page.section("Why there is no plan", lines.iter().map(|line| shown::line(line)));
    }
}

/// What a person can run, where gardefou does not, or not before somebody says so.
fn by_hand(
    FindingRecord { finding, life, evidence, .. }: &FindingRecord,
    told: &TerminalMessage<'_>,
) -> Vec<String> {
    let wanted = matches!(life.state, State::Manual(_) | State::Awaiting(_) | State::Acked)
        && !matches!(life.state, State::Manual(Manual::Collateral));
    // A refusal has said it already.
    if !wanted || evidence.refusal.is_some() {
        return Vec::new();
    }
    let standing = told.asked.iter().chain(&told.told);
    let lines: Vec<&Opening> = standing
        .filter_map(|item| match item {
            Item::Opening(line) if line.rule.is_some() => Some(line),
            _ => None,
        })
        .collect();
    match (finding.resource.id.raw().parse(), lines.as_slice()) {
        (Err(_), _) | (_, []) => Vec::new(),
        (Ok(group), lines) => revert::revoke_by_hand(&group, lines).split("; ").map(shown::line).collect(),
    }
}

fn timers(FindingRecord { life, .. }: &FindingRecord, now: Timestamp) -> Vec<String> {
    let timer = |what: &str, at: Option<Timestamp>| {
        at.map(|at| format!("{what} {}, {}", when::stamp(at), when::due(at, now)))
    };
    let looked_at = match life.state {
        State::Awaiting(_) => "expires at",
        State::Waived | State::Acked => "looked at again at",
        _ => "due at",
    };
    let lines = [
        timer(looked_at, life.due_at),
        timer("it may stand until", life.until),
        timer("CloudTrail should have told of our own call by", life.echo_due),
        life.compliant_since.map(|at| format!("sweeps see nothing of it since {}", when::stamp(at))),
        life.tell.map(|version| format!("people are yet to be told of version {version}")),
    ];
    lines.into_iter().flatten().collect()
}

fn linked(finding: &Finding, evidence: &Evidence, last: Option<&FindingId>) -> Vec<String> {
    let mut lines = Vec::new();
    match &finding.cause {
        Cause::Collateral { of } => lines.push(format!("finding {of}, which took it back")),
        Cause::Undo { of, .. } => lines.push(format!("finding {of}, which is undone")),
        Cause::Event(_) | Cause::Sighting { .. } => {}
    }
    lines.extend(last.map(|last| format!("finding {last}, the last on this resource")));
    lines.extend(
        evidence.echoes.iter().map(|event| format!("event {event}, our own call as CloudTrail tells it")),
    );
    lines
}

/// What an approval lets gardefou take back.
pub(crate) fn approving(record: &FindingRecord) -> Vec<String> {
    let FindingRecord { finding, life, .. } = record;
    let granted = |mode| finding.culprits_at(mode, life);
    let wanted = granted(Mode::Revert).into_iter().chain(granted(Mode::Approve));
    wanted.map(|culprit| shown::item(&culprit.item)).collect()
}
