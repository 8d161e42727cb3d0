//! One file a command.

mod check;
mod compile;
mod dlq;
mod docs;
mod events;
mod explain;
mod findings;
mod new;
mod plan;
mod replay;
mod verify;

use crate::cloud::Ended;
use crate::streams::{Streams, WriteError, chain};
use crate::trouble::Kind;
use std::process::ExitCode;

/// Judges the changes made to AWS accounts: what violates a rule, why, and what would be taken back.
#[derive(Debug, clap::Parser)]
#[command(name = "gardefou", version, disable_help_subcommand = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Replay(replay::Args),
    Check(check::Args),
    Compile(compile::Args),
    Docs(docs::Args),
    Explain(explain::Args),
    Plan(plan::Args),
    New(new::Args),
    Findings(findings::Args),
    Verify(verify::Args),
    Dlq(dlq::Args),
}

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Exit {
    Fine,
    /// `--fail-on` was reached, `check` found problems, a decision was refused, or a history was altered.
    Found,
    Usage,
    /// Some input could not be read, or AWS not be reached. It wins over what was found in the rest.
    Unread,
}

/// How a command on the deployed guard ended.
fn ended(done: Result<Exit, Ended>) -> Result<Exit, WriteError> {
    match done {
        Ok(exit) => Ok(exit),
        Err(Ended::Unwritten(error)) => Err(error),
        Err(Ended::Said(Kind::Refused)) => Ok(Exit::Found),
        Err(Ended::Said(Kind::Usage)) => Ok(Exit::Usage),
        Err(Ended::Said(Kind::Unreached)) => Ok(Exit::Unread),
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Fine => 0,
            Exit::Found => 1,
            Exit::Usage => 2,
            Exit::Unread => 3,
        })
    }
}

pub(crate) fn run(cli: &Cli, streams: &mut Streams) -> ExitCode {
    let ended = match &cli.command {
        Command::Replay(args) => replay::run(args, streams),
        Command::Check(args) => check::run(args, streams),
        Command::Compile(args) => compile::run(args, streams),
        Command::Docs(args) => docs::run(args, streams),
        Command::Explain(args) => explain::run(args, streams),
        Command::Plan(args) => plan::run(args, streams),
        Command::New(args) => new::run(args, streams),
        Command::Findings(args) => findings::run(args, streams),
        Command::Verify(args) => verify::run(args, streams),
        Command::Dlq(args) => dlq::run(args, streams),
    };
    match ended.and_then(|exit| streams.flush().map(|()| exit)) {
        Ok(exit) => exit.into(),
        // Who closed the output does not wait for an answer.
        Err(WriteError::Closed) => Exit::Fine.into(),
        Err(error @ WriteError::Failed(_)) => {
            streams.complain(chain(&error));
            Exit::Unread.into()
        }
    }
}
