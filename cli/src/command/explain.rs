//! `gardefou explain`: how a change is understood, what each rule says of it and why, what would be done.

use super::events::{self, Seen};
use super::{Exit, plan};
use crate::book::BookArgs;
use crate::inverse;
use crate::shown;
use crate::streams::{Streams, WriteError};
use model::{Item, Verdict, Waiver};
use rules::{Config, Judged, Rule};
use std::path::PathBuf;
use trail::{Change, Outcome, ShapeError};

/// Show how a change is understood, which rules ask for it, what they say and what would be done
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    book: BookArgs,
    /// A record or an EventBridge event, or `-` for standard input
    #[arg(value_name = "EVENT")]
    event: PathBuf,
}

pub(super) fn run(args: &Args, streams: &mut Streams) -> Result<Exit, WriteError> {
    events::each(&args.book, &args.event, streams, one)
}

fn one(seen: &Seen<'_>, streams: &mut Streams) -> Result<(), WriteError> {
    let Seen { change, book, config } = *seen;
    facts(change, streams)?;
    if let Some(config) = config {
        streams.say(format_args!("allowed  {}", config.allowed_for(change)))?;
    }
    views(change, streams)?;
    let (judged, now) = plan::judged(change, book, None);
    streams.say(format_args!("rules, pack {}", book.pack()))?;
    let counting: Vec<&Rule> = book.asking(change).filter(|rule| rule.count.is_some()).collect();
    if judged.is_empty() && counting.is_empty() {
        return streams.say(format_args!("  {}", unjudged(seen)));
    }
    for judged in &judged {
        verdict(judged, &plan::granted(judged, config, change), change, streams)?;
        waiver(judged, config, change, streams)?;
    }
    for rule in counting {
        let count = rule.count.as_ref().map(ToString::to_string).unwrap_or_default();
        streams.say(format_args!("  {}, {}: counted, {count}: `replay` tells", rule.id, rule.severity))?;
    }
    let inverses = inverse::inverses(change, &judged, config, &now);
    streams.say("would be done, if what the event added stands")?;
    if inverses.is_empty() {
        streams.say("  nothing is taken back")?;
    }
    inverses.iter().try_for_each(|inverse| plan::print(inverse, streams))?;
    neighbours(change, &judged, streams)
}

fn facts(change: &Change, streams: &mut Streams) -> Result<(), WriteError> {
    let Change { event, account, region, resource, actor, outcome, read_only, source_address, .. } = change;
    let outcome = match outcome {
        Outcome::Done if *read_only => "read only".to_owned(),
        Outcome::Done => "done".to_owned(),
        Outcome::Failed { code } => format!("failed: {}", shown::text(code)),
        Outcome::DryRun => "a dry run".to_owned(),
    };
    let source = shown::text(&event.source);
    streams.say(format_args!("event    {} of {source}, {}", shown::text(&event.name), event.id))?;
    streams.say(format_args!("time     {}", event.time))?;
    streams.say(format_args!("where    {} in {account}, {region}", render::sink::terminal(&resource.id)))?;
    streams.say(format_args!(
        "who      {}, from {}",
        render::sink::terminal(&actor.name),
        render::sink::terminal(source_address)
    ))?;
    if let Some(role) = &actor.role {
        streams.say(format_args!("role     {}", shown::text(role)))?;
    }
    if let Some(service) = &actor.invoked_by {
        streams.say(format_args!("through  {}", render::sink::terminal(service)))?;
    }
    streams.say(format_args!("outcome  {outcome}"))
}

fn views(change: &Change, streams: &mut Streams) -> Result<(), WriteError> {
    view("openings", change.openings(), Item::Opening, streams)?;
    view("statements", change.statements(), Item::Statement, streams)?;
    view("grants", change.grants(), Item::Grant, streams)?;
    view("shares", change.shares(), Item::Share, streams)?;
    view("encryption", change.stores(), Item::Store, streams)
}

fn view<T: Clone>(
    name: &str,
    items: Result<&[T], &ShapeError>,
    of: fn(T) -> Item,
    streams: &mut Streams,
) -> Result<(), WriteError> {
    match items {
        Ok([]) => Ok(()),
        Ok(items) => {
            streams.say(name)?;
            let shown = |item: &T| shown::item(&of(item.clone()));
            items.iter().try_for_each(|item| streams.say(format_args!("  {}", shown(item))))
        }
        Err(error) => {
            streams.say(format_args!("{name}\n  not understood: {}", shown::line(&error.to_string())))
        }
    }
}

/// Why no rule says anything.
fn unjudged(Seen { change, book, .. }: &Seen<'_>) -> &'static str {
    match (&change.outcome, change.read_only) {
        _ if book.asking(change).next().is_none() => "none asks for this call",
        (Outcome::Failed { .. }, _) => "none asks for a call that failed",
        (Outcome::DryRun, _) => "none asks for a dry run",
        (Outcome::Done, true) => "none asks for a call that only reads",
        (Outcome::Done, false) => "none asks for this call",
    }
}

fn verdict(
    judged: &Judged<'_>,
    mode: &str,
    change: &Change,
    streams: &mut Streams,
) -> Result<(), WriteError> {
    let rule = judged.rule;
    match &judged.verdict {
        Verdict::Quiet => streams.say(format_args!("  {}: quiet", rule.id)),
        Verdict::Undecided { reason } => {
            streams.say(format_args!("  {}, {}: undecided: {}", rule.id, rule.severity, shown::text(reason)))
        }
        Verdict::Violation(culprits) => {
            let message = rule.message(change, culprits);
            streams.say(format_args!("  {}, {}, {mode}: violated", rule.id, rule.severity))?;
            streams.say(format_args!("    {}", render::sink::terminal(&message)))?;
            for culprit in culprits {
                streams.say(format_args!("    culprit  {}", shown::item(culprit)))?;
            }
            if rule.has_holds() {
                streams.say("    confirmed only by the state of the resource")?;
            }
            streams.say(format_args!("    why      {}", shown::line(rule.why.trim())))?;
            streams.say(format_args!("    instead  {}", shown::line(rule.instead.trim())))
        }
    }
}

/// Which waiver of the configuration lets it stand; people may have granted others.
fn waiver(
    judged: &Judged<'_>,
    config: Option<&Config>,
    change: &Change,
    streams: &mut Streams,
) -> Result<(), WriteError> {
    let Verdict::Violation(_) = judged.verdict else { return Ok(()) };
    let at = change.event.time;
    let lets = |waiver: &&Waiver| waiver.lets(&judged.rule.id, &change.resource, &change.actor, at, at);
    let waivers = config.map(|config| config.waivers.as_slice()).unwrap_or_default();
    match waivers.iter().find(lets) {
        Some(Waiver { id, owner, until, .. }) => {
            streams.say(format_args!("    waived   by {id} of {}, until {until}", shown::text(owner)))
        }
        None => Ok(()),
    }
}

/// What the change added and no rule names.
fn neighbours(change: &Change, judged: &[Judged<'_>], streams: &mut Streams) -> Result<(), WriteError> {
    let named = |item: &Item| {
        judged
            .iter()
            .any(|judged| matches!(&judged.verdict, Verdict::Violation(items) if items.contains(item)))
    };
    let mut neighbours = change.items().filter(|item| !named(item)).peekable();
    if neighbours.peek().is_some() {
        streams.say("left alone")?;
    }
    neighbours.try_for_each(|item| streams.say(format_args!("  {}", shown::item(&item))))
}
