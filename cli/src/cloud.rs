//! The deployed guard, for the commands that work on it: the only place of the command with a runtime.

use crate::bells::Bells;
use crate::office::Office;
use crate::streams::{Streams, chain};
use crate::trouble::{Kind, Trouble};
use aws::{DynamoLedger, Stack, StackQueues, SystemClock};
use engine::{Desk, Meter, Person, Persons};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use model::Timing;

/// What the template calls itself where nobody says it.
const STACK: &str = "gardefou";

#[derive(Debug, Clone, clap::Args)]
pub(crate) struct CloudArgs {
    /// The name of the deployed stack
    #[arg(long, global = true, value_name = "NAME", default_value = STACK, env = "GARDEFOU_STACK", hide_env_values = true)]
    stack: String,
    /// The region where it is deployed; else as the AWS command takes it
    #[arg(long, global = true, value_name = "REGION")]
    region: Option<String>,
}

/// A deployed stack, with the use cases of people over it.
#[derive(Debug)]
pub(crate) struct Cloud {
    pub(crate) stack: Stack,
    pub(crate) office: Office<DynamoLedger, StackQueues, SystemClock>,
}

impl CloudArgs {
    /// What a command to be copied needs to reach the same stack.
    fn again(&self) -> String {
        let mut again = String::new();
        if self.stack != STACK {
            again.push_str(" --stack ");
            again.push_str(&self.stack);
        }
        if let Some(region) = &self.region {
            again.push_str(" --region ");
            again.push_str(region);
        }
        again
    }

    async fn open(&self) -> Result<Cloud, Trouble> {
        let stack = Stack::named(self.stack.clone(), self.region.clone()).await;
        if stack.region().is_none() {
            return Err(Trouble::NoRegion);
        }
        let desk = Desk {
            ledger: stack.ledger(),
            queue: Bells::new(stack.queues()),
            clock: SystemClock,
            timing: Timing::default(),
            meter: Meter::default(),
        };
        // The caps are the configuration's; what a person approves is never held by them.
        let persons = Persons { desk, caps: rules::Breaker::default() };
        Ok(Cloud { stack, office: Office { persons, again: self.again() } })
    }
}

impl Cloud {
    /// Who decides: as AWS knows the caller.
    pub(crate) async fn person(&self) -> Result<Person, Trouble> {
        Ok(Person { name: self.stack.caller().await? })
    }
}

/// Runs a command on the deployed guard; `Err` with how it ended, once that was said.
pub(crate) fn on<T>(
    args: &CloudArgs,
    streams: &mut Streams,
    work: impl AsyncFnOnce(&Cloud, &mut Streams) -> Result<T, Trouble>,
) -> Result<T, Ended> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let done = match runtime {
        Ok(runtime) => runtime.block_on(async { work(&args.open().await?, streams).await }),
        Err(error) => Err(Trouble::Runtime(error)),
    };
    done.map_err(|trouble| complain(trouble, streams))
}

/// A command that did not come to its end.
#[derive(Debug)]
pub(crate) enum Ended {
    Said(Kind),
    Unwritten(crate::streams::WriteError),
}

pub(crate) fn complain(trouble: Trouble, streams: &mut Streams) -> Ended {
    let hint = trouble.hint();
    let kind = trouble.kind();
    match trouble {
        Trouble::Write(error) => return Ended::Unwritten(error),
        trouble => streams.complain(crate::shown::line(&chain(&trouble))),
    }
    if let Some(hint) = hint {
        streams.complain(hint);
    }
    Ended::Said(kind)
}

/// Counts on standard error, and only where somebody is looking.
pub(crate) fn spinner(watched: bool, what: &'static str) -> ProgressBar {
    let target = if watched { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    let bar = ProgressBar::with_draw_target(None, target).with_message(what);
    ProgressStyle::with_template("{spinner} {pos} {msg}").map_or(bar.clone(), |style| bar.with_style(style))
}
