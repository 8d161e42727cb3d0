//! `gardefou plan`: what would be taken back, by the code that would do it.

use super::Exit;
use super::events::{self, Seen};
use crate::book::BookArgs;
use crate::inverse::{self, Inverse};
use crate::streams::{Streams, WriteError, chain};
use crate::{shown, state};
use model::Observed;
use rules::{Config, Judged, RuleBook};
use std::path::PathBuf;
use trail::Change;

/// Show what would be taken back of a change, or why nothing would
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    book: BookArgs,
    /// The resource as it is now (JSON or YAML); else what the event added is taken to stand
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
    /// A record or an EventBridge event, or `-` for standard input
    #[arg(value_name = "EVENT")]
    event: PathBuf,
}

pub(super) fn run(args: &Args, streams: &mut Streams) -> Result<Exit, WriteError> {
    let state = match args.state.as_deref().map(state::read).transpose() {
        Ok(state) => state,
        Err(error) => {
            streams.complain(chain(&error));
            return Ok(Exit::Usage);
        }
    };
    events::each(&args.book, &args.event, streams, |seen, streams| one(seen, state.as_ref(), streams))
}

fn one(seen: &Seen<'_>, state: Option<&Observed>, streams: &mut Streams) -> Result<(), WriteError> {
    let Seen { change, book, config } = *seen;
    let (judged, now) = judged(change, book, state);
    let inverses = inverse::inverses(change, &judged, config, &now);
    if inverses.is_empty() {
        return streams.say(format_args!("nothing: {}", nothing(&judged)));
    }
    if state.is_none() {
        streams
            .say("assuming that what the event added stands, and nothing else is known of the resource")?;
    }
    inverses.iter().try_for_each(|inverse| print(inverse, streams))
}

/// With a state, what it changes about the verdicts counts, as it does before a revert.
pub(super) fn judged<'a>(
    change: &Change,
    book: &'a RuleBook,
    state: Option<&Observed>,
) -> (Vec<Judged<'a>>, Observed) {
    match state {
        Some(state) => (book.judge_with_state(change, state), state.clone()),
        None => (book.judge(change), inverse::assumed(change)),
    }
}

fn nothing(judged: &[Judged<'_>]) -> &'static str {
    let violated = |judged: &Judged<'_>| matches!(judged.verdict, model::Verdict::Violation(_));
    if judged.is_empty() {
        "no rule asks for this change"
    } else if judged.iter().any(violated) {
        "the violated rules are not granted a revert, or have none"
    } else {
        "no rule is violated"
    }
}

/// The rules that ask for it, then the steps.
pub(super) fn print(inverse: &Inverse, streams: &mut Streams) -> Result<(), WriteError> {
    let Inverse { reverter, rules, mode, result } = inverse;
    let rules: Vec<&str> = rules.iter().map(model::RuleId::as_str).collect();
    streams.say(format_args!("{reverter}, {mode}, for {}", rules.join(", ")))?;
    inverse::in_full(result).iter().try_for_each(|line| streams.say(format_args!("  {}", shown::line(line))))
}

/// What rules were granted, said where it is not what they asked for.
pub(super) fn granted(judged: &Judged<'_>, config: Option<&Config>, change: &Change) -> String {
    let (asked, granted) = (judged.rule.mode, inverse::mode(judged.rule.mode, config, change));
    if asked == granted { asked.to_string() } else { format!("{granted} ({asked} asked)") }
}
