//! `gardefou verify`: is every finding's history what was written?

use super::{Exit, ended};
use crate::cloud::{self, Cloud, CloudArgs};
use crate::office::{Office, Prefix};
use crate::shown;
use crate::streams::{Streams, WriteError};
use crate::trouble::Trouble;
use engine::{Clock, Fault, History, Index, Item, Key, Queue, audit};
use futures::future::join_all;
use indicatif::ProgressBar;
use jiff::{SignedDuration, Timestamp};
use model::FindingId;

/// A finding that moves while it is read is read again.
const READS: usize = 4;
/// Findings that are read at the same time.
const TOGETHER: usize = 16;
/// A finding that ended is kept so long, and its history longer.
const KEPT: SignedDuration = SignedDuration::from_hours(24 * 400);

/// Check the ledger: does the hash chain of each history hold, and is the finding what it was?
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Exit status: 0 all fits; 1 something was altered; 2 wrong usage; 3 AWS could not be reached"
)]
pub(super) struct Args {
    #[command(flatten)]
    cloud: CloudArgs,
    /// Only this finding, by its id or the beginning of it; else all
    finding: Option<Prefix>,
}

pub(super) fn run(args: &Args, streams: &mut Streams) -> Result<Exit, WriteError> {
    let done = cloud::on(&args.cloud, streams, async |cloud: &Cloud, streams: &mut Streams| {
        let bar = cloud::spinner(streams.watched, "findings read");
        let ended = verify(args.finding.as_ref(), &cloud.office, &bar, streams).await;
        bar.finish_and_clear();
        ended
    });
    ended(done)
}

pub(super) async fn verify<L: Index, Q: Queue, C: Clock>(
    finding: Option<&Prefix>,
    office: &Office<L, Q, C>,
    bar: &ProgressBar,
    streams: &mut Streams,
) -> Result<Exit, Trouble> {
    let ids: Vec<FindingId> = match finding {
        Some(prefix) => vec![office.resolve(prefix).await?],
        None => office.ids().await?.into_iter().collect(),
    };
    let (mut lines, mut bad) = (0, 0);
    for some in ids.chunks(TOGETHER) {
        let read = join_all(some.iter().map(|id| faults(id, office))).await;
        for (id, read) in some.iter().zip(read) {
            let (count, faults) = read?;
            lines += count;
            bad += usize::from(!faults.is_empty());
            for fault in faults {
                bar.suspend(|| streams.say(format_args!("finding {id}: {}", shown::line(&fault))))?;
            }
            bar.inc(1);
        }
    }
    bar.finish_and_clear();
    let found = ids.len();
    let verdict = match bad {
        0 => "every chain holds".to_owned(),
        bad => format!("{bad} not as written"),
    };
    let plural = if found == 1 { "finding" } else { "findings" };
    streams.say(format_args!("{found} {plural} with {lines} lines of history: {verdict}"))?;
    Ok(if bad == 0 { Exit::Fine } else { Exit::Found })
}

/// How many lines it has, and what does not fit.
async fn faults<L: Index, Q: Queue, C: Clock>(
    id: &FindingId,
    office: &Office<L, Q, C>,
) -> Result<(usize, Vec<String>), Trouble> {
    let mut read = office.kept(id).await?;
    for _ in 1..READS {
        if judged(&read, office.now()).is_empty() {
            break;
        }
        let again = office.kept(id).await?;
        if again == read {
            break;
        }
        read = again;
    }
    Ok((read.1.len(), judged(&read, office.now())))
}

fn judged((item, lines): &(Option<Item>, Vec<(Key, Item)>), now: Timestamp) -> Vec<String> {
    if let Some(item) = item {
        return audit(item, lines).iter().map(Fault::to_string).collect();
    }
    // One that ended long ago is gone from the ledger by itself.
    let last = lines.last().and_then(|(_, line)| History::of(line));
    let expired = last.is_some_and(|(line, ..)| now.duration_since(line.at) >= KEPT);
    if expired {
        Vec::new()
    } else {
        vec!["the finding is missing, and was not there long enough to expire".to_owned()]
    }
}

#[cfg(test)]
#[path = "verify_tests.rs"]
mod tests;
