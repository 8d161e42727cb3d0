//! `gardefou findings`: what the ledger holds, and how people decide of it.

mod decide;
#[cfg(test)]
mod decide_tests;
mod look;
#[cfg(test)]
mod look_tests;
#[cfg(test)]
mod standing_tests;

use super::{Exit, ended};
use crate::cloud::{self, Cloud, CloudArgs};
use crate::streams::{Streams, WriteError};
use clap::ValueEnum;

/// Look at the findings of the deployed guard, and decide of them
#[derive(Debug, clap::Args)]
#[command(
    after_help = "FINDING is a finding's id, or six or more characters of its beginning.\nExit status: 0 done; 1 refused; 2 wrong usage; 3 AWS could not be reached"
)]
pub(super) struct Args {
    #[command(flatten)]
    cloud: CloudArgs,
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    List(look::List),
    Show(look::Show),
    Timeline(look::Timeline),
    Waivers(look::Waivers),
    #[command(flatten)]
    Decide(decide::Decide),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    /// One object a line
    Json,
}

pub(super) fn run(args: &Args, streams: &mut Streams) -> Result<Exit, WriteError> {
    let done = cloud::on(&args.cloud, streams, async |cloud: &Cloud, streams: &mut Streams| {
        let office = &cloud.office;
        match &args.what {
            What::List(args) => look::list(args, office, streams).await,
            What::Show(args) => look::show(args, office, streams).await,
            What::Timeline(args) => look::timeline(args, office, streams).await,
            What::Waivers(args) => look::waivers(args, office, streams).await,
            What::Decide(decide) if decide.only_looks() => decide::status(office, streams).await,
            What::Decide(decide) => decide::decide(decide, office, &cloud.person().await?, streams).await,
        }
    });
    ended(done)
}
