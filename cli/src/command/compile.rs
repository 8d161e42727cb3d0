//! `gardefou compile`: what AWS has to be told so that the rules can do their work.

use super::Exit;
use crate::book::{self, BookArgs, BookError};
use crate::shown;
use crate::streams::{Streams, WriteError, chain};
use rules::patterns::{self, Pattern, SpliceError, TooLong};
use rules::{Rule, RuleBook};
use serde_json::{Value, json};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Write what is generated from the rules
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    EventPatterns(EventPatterns),
}

/// The EventBridge patterns: each call that a rule asks for passes one of them, no other call passes any
///
/// With --config, of the rules that are on under it; else of all, whatever will be configured.
#[derive(Debug, clap::Args)]
#[command(after_help = "Exit status: 0 done; 2 wrong usage; 3 a rule could not be read, nothing was written")]
struct EventPatterns {
    #[command(flatten)]
    book: BookArgs,
    /// Put them as resources between the two comments of this CloudFormation template, instead of printing them
    #[arg(long, value_name = "FILE")]
    write: Option<PathBuf>,
    /// Turn the patterns of calls that only read on: EventBridge then delivers, and charges for, many more events
    #[arg(long)]
    reads: bool,
}

/// What kept the patterns from being written.
#[derive(Debug, thiserror::Error)]
enum CompileError {
    #[error("the rules ask for what no pattern can say")]
    Pattern(#[from] TooLong),
    #[error(transparent)]
    Read(#[from] BookError),
    #[error("`{path}` has no place for the patterns")]
    Splice {
        path: String,
        #[source]
        error: SpliceError,
    },
    #[error("could not write `{path}`")]
    Write {
        path: String,
        #[source]
        error: io::Error,
    },
}

pub(super) fn run(args: &Args, streams: &mut Streams) -> Result<Exit, WriteError> {
    let What::EventPatterns(args) = &args.what;
    let found = match book::find(&args.book) {
        Ok(found) => found,
        Err(error) => {
            streams.complain(chain(&error));
            return Ok(Exit::Usage);
        }
    };
    let configured = found.configured;
    let (book, problems) = found.read();
    for problem in &problems {
        streams.complain(shown::line(&problem.to_string()));
    }
    if !problems.is_empty() {
        streams.complain("the calls that these rules ask for would not arrive: nothing is written");
        return Ok(Exit::Unread);
    }
    let compiled = compile(&book, configured).and_then(|patterns| match &args.write {
        Some(path) => write(path, &patterns::section(&patterns, args.reads)).map(|()| None),
        None => Ok(Some(patterns)),
    });
    match compiled {
        Ok(None) => Ok(Exit::Fine),
        Ok(Some(patterns)) => {
            streams.say(format_args!("{:#}", patterns.iter().map(entry).collect::<Value>()))?;
            Ok(Exit::Fine)
        }
        Err(error) => {
            streams.complain(chain(&error));
            Ok(Exit::Usage)
        }
    }
}

/// For the rules that are on, or, where nothing is said of the configuration, for all of them.
fn compile(book: &RuleBook, configured: bool) -> Result<Vec<Pattern>, CompileError> {
    let on = |rule: &&Rule| !configured || rule.off().is_none();
    let rules = || book.rules().iter().filter(on);
    let reverters = rules().filter_map(|rule| revert::reverter(rule.reverter.as_ref()?));
    let calls = reverters.flat_map(|reverter| reverter.calls().iter().copied());
    Ok(patterns::patterns(rules(), calls)?)
}

fn write(path: &Path, section: &str) -> Result<(), CompileError> {
    let template = book::text(path)?;
    let shown = || shown::path(path);
    let spliced = patterns::splice(&template, section)
        .map_err(|error| CompileError::Splice { path: shown(), error })?;
    fs::write(path, spliced).map_err(|error| CompileError::Write { path: shown(), error })
}

fn entry(pattern: &Pattern) -> Value {
    json!({
        "name": pattern.name(),
        "characters": pattern.chars(),
        "pattern": pattern.json(),
    })
}
