//! What a message says, whatever the channel.

use crate::Story;
use crate::item;
use crate::line::Line;
use crate::outcome::{outcome, taken_back};
use crate::statement;
use model::{
    Actor, Cause, Culprit, Direction, Finding, Item, Mode, Opening, Severity, Source, State, Undecided,
    Violation,
};

/// Lines of one part; the others are counted.
const LINES_MAX: usize = 10;

pub(crate) struct Telling {
    pub(crate) severity: Severity,
    pub(crate) headline: String,
    /// Two or three words on what was done.
    pub(crate) short: &'static str,
    pub(crate) outcome: Line,
    /// Who, what, where, when.
    pub(crate) facts: Vec<(&'static str, Line)>,
    pub(crate) parts: Vec<Part>,
    /// By which name the finding is found again.
    pub(crate) reference: Line,
}

/// Some lines under a heading.
pub(crate) struct Part {
    pub(crate) heading: &'static str,
    pub(crate) lines: Vec<Line>,
}

impl Telling {
    pub(crate) fn of(story: &Story<'_>) -> Self {
        let finding = story.finding;
        let outcome = outcome(story);
        let Culprits { taken, asked, told } = culprits(story);
        let asked_heading = match story.life.state {
            State::Awaiting(_) => "Waits for approval",
            _ if taken.is_empty() => "What it is about",
            _ => "Not taken back",
        };
        let told_heading = match (taken.as_slice(), asked.as_slice()) {
            ([], []) => "What it is about",
            _ => "Only told: no revert is granted for it",
        };
        let parts = [
            part("Rules violated", finding.violations.iter().map(violation)),
            part("Taken back", taken.into_iter().map(described)),
            part("Removed as well, though not planned", unplanned(story)),
            part(asked_heading, asked.into_iter().map(described)),
            part(told_heading, told.into_iter().map(described)),
            part(
                "Left alone: added by the same change, and no rule names it",
                finding.neighbours.iter().map(described),
            ),
            part("Rules that could not be answered", finding.undecided.iter().map(undecided)),
            part("What to do", outcome.todo.into_iter().chain(instead(finding))),
        ];
        Self {
            severity: finding.severity(),
            headline: headline(story),
            short: outcome.short,
            outcome: outcome.said,
            facts: facts(story),
            parts: parts.into_iter().flatten().collect(),
            reference: reference(story),
        }
    }
}

fn part(heading: &'static str, lines: impl Iterator<Item = Line>) -> Option<Part> {
    let mut lines: Vec<Line> = lines.collect();
    let more = lines.len().saturating_sub(LINES_MAX);
    lines.truncate(LINES_MAX);
    if more > 0 {
        lines.push(Line::new("and ").id(&more).ours(" more"));
    }
    (!lines.is_empty()).then_some(Part { heading, lines })
}

pub(crate) fn headline(story: &Story<'_>) -> String {
    let finding = story.finding;
    if story.digest {
        return format!("The circuit breaker is open in account {}", finding.resource.account);
    }
    match finding.cause {
        Cause::Collateral { .. } => return "Something compliant was taken back with the rest".to_owned(),
        Cause::Undo { .. } => return "A revert is undone".to_owned(),
        Cause::Event(_) | Cause::Sighting { .. } => {}
    }
    let plural = |count: usize| if count == 1 { "rule" } else { "rules" };
    match finding.violations.as_slice() {
        [] => {
            let count = finding.undecided.len();
            format!("{count} {} could not be answered", plural(count))
        }
        [only] => only.title.clone(),
        [first, others @ ..] => {
            format!("{}, and {} more {}", first.title, others.len(), plural(others.len()))
        }
    }
}

fn facts(story: &Story<'_>) -> Vec<(&'static str, Line)> {
    let Finding { actor, resource, cause, .. } = story.finding;
    let mut facts = Vec::new();
    if let Cause::Event(event) = cause {
        facts.push(("Who", who(actor, story.finding)));
        if let Some(service) = &actor.invoked_by {
            facts.push(("Acting for them", Line::default().given(service)));
        }
        facts.push(("Call", Line::default().given(&event.name.as_str().into())));
    } else {
        facts.push(("Found by", found_by(cause)));
    }
    facts.push(("Resource", Line::default().named(resource.id.raw())));
    facts.push(("Account", Line::default().id(&resource.account)));
    facts.push(("Region", Line::default().id(&resource.region)));
    facts.push(("Time", Line::default().id(&story.finding.happened_at())));
    if let Some(approval) = &story.life.approval {
        facts.push(("Approved by", Line::default().given(&approval.by).ours(" at ").id(&approval.at)));
    }
    facts
}

fn found_by(cause: &Cause) -> Line {
    match cause {
        Cause::Event(_) => Line::new("an event"),
        Cause::Sighting { .. } => Line::new("a sweep over present state: who made it is not known"),
        Cause::Collateral { of } => {
            Line::new("CloudTrail's record of what finding ").id(of).ours(" took back")
        }
        Cause::Undo { of, by } => {
            Line::default().given(by).ours(", who wants back what finding ").id(of).ours(" took")
        }
    }
}

fn who(actor: &Actor, finding: &Finding) -> Line {
    let who = Line::default().given(&actor.name);
    match &actor.account {
        Some(account) if *account != finding.resource.account => who.ours(" of account ").id(account),
        _ => who,
    }
}

fn violation(violation: &Violation) -> Line {
    let Violation { rule, title, severity, asked, granted, message, waived, .. } = violation;
    let line = Line::new(format!("{severity}: {title} (")).id(rule).ours("): ").given(message);
    if let Some(waiver) = waived {
        return line
            .ours("; waived until ")
            .id(&waiver.until)
            .ours(" by ")
            .given(&waiver.owner.as_str().into());
    }
    if granted < asked { line.ours(format!("; it asks for {asked}, granted is {granted}")) } else { line }
}

fn undecided(undecided: &Undecided) -> Line {
    let Undecided { rule, severity, reason, .. } = undecided;
    Line::new(format!("{severity}: ")).id(rule).ours(": ").given(&reason.as_str().into())
}

/// What the rules say to do instead, each once.
fn instead(finding: &Finding) -> Vec<Line> {
    let mut texts: Vec<&str> = Vec::new();
    for violation in &finding.violations {
        if !texts.contains(&violation.instead.as_str()) {
            texts.push(&violation.instead);
        }
    }
    texts.into_iter().map(Line::new).collect()
}

/// Each culprit once: gone, to be taken back now or when a person says so, or never more than told.
pub(crate) struct Culprits<'a> {
    pub(crate) taken: Vec<&'a Item>,
    pub(crate) asked: Vec<&'a Item>,
    pub(crate) told: Vec<&'a Item>,
}

pub(crate) fn culprits<'a>(story: &Story<'a>) -> Culprits<'a> {
    let finding = story.finding;
    let taken = taken_back(story);
    let went = |item: &Item| {
        taken.iter().any(|gone| match (item.id(), gone.id()) {
            (Some(one), Some(two)) => one == two,
            _ => item.same_content(gone),
        })
    };
    let standing = finding.culprits.iter().enumerate().filter(|(_, culprit)| !went(&culprit.item));
    let (asked, told): (Vec<_>, Vec<_>) =
        standing.partition(|(at, _)| finding.mode_of(*at, story.life) >= Mode::Approve);
    let items = |culprits: Vec<(usize, &'a Culprit)>| {
        culprits.into_iter().map(|(_, culprit)| &culprit.item).collect()
    };
    Culprits { asked: items(asked), told: items(told), taken }
}

/// Ids that AWS says it removed and that no plan named.
fn unplanned<'a>(story: &Story<'a>) -> impl Iterator<Item = Line> + use<'a> {
    let evidence = story.evidence;
    let planned =
        |id: &str| evidence.plan.iter().flat_map(|plan| &plan.takes_back).any(|item| item.id() == Some(id));
    evidence.removed.iter().filter(move |id| !planned(id)).map(|id| Line::default().named(id))
}

pub(crate) fn described(item: &Item) -> Line {
    match item {
        Item::Opening(opening) => opened(opening),
        Item::Statement(statement) => statement::described(statement),
        Item::Grant(grant) => item::granted(grant),
        Item::Share(share) => item::shared(share),
        Item::Store(store) => item::stored(store),
    }
}

fn opened(Opening { rule, direction, traffic, source, description }: &Opening) -> Line {
    let way = match direction {
        Direction::Ingress => "from",
        Direction::Egress => "to",
    };
    let mut line = Line::new(format!("{traffic} {way} "));
    line = match source {
        Source::Net(net) => line.id(net),
        Source::PrefixList(list) => line.ours("prefix list ").id(list),
        Source::Group { group, account: None } => line.ours("group ").named(group.raw()),
        Source::Group { group, account: Some(account) } => {
            line.ours("group ").named(group.raw()).ours(" of account ").id(account)
        }
    };
    if let Some(rule) = rule {
        line = line.ours(" (").id(rule).ours(")");
    }
    match description {
        Some(text) if !text.raw().is_empty() => line.ours(", described as ").given(text),
        _ => line,
    }
}

fn reference(story: &Story<'_>) -> Line {
    let line = Line::new("finding ").id(&story.finding.id).ours(", version ").id(&story.life.version);
    match &story.finding.cause {
        Cause::Event(event) => line.ours(", event ").id(&event.id),
        Cause::Sighting { .. } | Cause::Collateral { .. } | Cause::Undo { .. } => line,
    }
}
