//! `gardefou dlq`: what was tried too often and waits for a person.

use super::{Exit, ended};
use crate::cloud::{self, Cloud, CloudArgs};
use crate::streams::{Streams, WriteError};
use crate::trouble::Trouble;
use crate::{letters, shown};
use aws::{DeadLetters, DeadQueue};
use clap::ValueEnum;

/// So many messages are looked at to tell the age of the oldest.
const PEEK: usize = 10;

/// Look at the messages that were tried too often, and send them again
#[derive(Debug, clap::Args)]
#[command(after_help = "Exit status: 0 done; 2 wrong usage; 3 AWS could not be reached")]
pub(super) struct Args {
    #[command(flatten)]
    cloud: CloudArgs,
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// How many wait in each queue, and since when
    List,
    /// Show messages; they stay where they are
    Show {
        /// Only this queue; else all
        #[arg(long, value_enum)]
        queue: Option<Queue>,
        /// So many of each queue
        #[arg(long, value_name = "N", default_value_t = 10)]
        max: usize,
        #[arg(long, value_enum, default_value_t = Format::Text)]
        format: Format,
    },
    /// Send messages to the queue they came from, ten a second at most, once what was wrong is mended
    Redrive {
        /// Only this queue; else all
        #[arg(long, value_enum)]
        queue: Option<Queue>,
        /// So many of each queue
        #[arg(long, value_name = "N", default_value_t = u64::MAX, hide_default_value = true)]
        max: u64,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Queue {
    Events,
    RevertNetwork,
    Notify,
    /// What `EventBridge` could not deliver
    Rule,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    /// One object a line
    Json,
}

fn queues(queue: Option<Queue>) -> Vec<DeadQueue> {
    match queue {
        None => DeadQueue::ALL.to_vec(),
        Some(Queue::Events) => vec![DeadQueue::Events],
        Some(Queue::RevertNetwork) => vec![DeadQueue::RevertNetwork],
        Some(Queue::Notify) => vec![DeadQueue::Notify],
        Some(Queue::Rule) => vec![DeadQueue::Rule],
    }
}

pub(super) fn run(args: &Args, streams: &mut Streams) -> Result<Exit, WriteError> {
    let done = cloud::on(&args.cloud, streams, async |cloud: &Cloud, streams: &mut Streams| {
        let (letters, now) = (cloud.stack.dead_letters(), cloud.office.now());
        match &args.what {
            What::List => list(&letters, now, streams).await,
            What::Show { queue, max, format } => {
                show(&letters, &queues(*queue), (*max, *format), now, streams).await
            }
            What::Redrive { queue, max } => redrive(&letters, &queues(*queue), *max, now, streams).await,
        }
    });
    ended(done.map(|()| Exit::Fine))
}

async fn list(letters: &DeadLetters, now: jiff::Timestamp, streams: &mut Streams) -> Result<(), Trouble> {
    let mut found = Vec::new();
    for queue in DeadQueue::ALL {
        let waiting = letters.waiting(queue).await?;
        let some = if waiting.visible > 0 { letters.look(queue, PEEK).await? } else { Vec::new() };
        found.push((queue, waiting, some.iter().filter_map(|letter| letter.sent_at).min()));
    }
    streams.say(letters::summary(&found, now))?;
    if found.iter().any(|(_, waiting, _)| waiting.visible > PEEK as u64) {
        streams.say(format_args!("ages are of the oldest of {PEEK} messages"))?;
    }
    Ok(())
}

async fn show(
    letters: &DeadLetters,
    queues: &[DeadQueue],
    (max, format): (usize, Format),
    now: jiff::Timestamp,
    streams: &mut Streams,
) -> Result<(), Trouble> {
    let mut shown = 0;
    for queue in queues {
        for letter in letters.look(*queue, max).await? {
            shown += 1;
            match format {
                Format::Text => streams.say(letters::letter(*queue, &letter, now))?,
                Format::Json => streams.say(shown::json(&letters::row(*queue, &letter))?)?,
            }
        }
    }
    if shown == 0 && format == Format::Text {
        streams.say("no messages")?;
    }
    Ok(())
}

async fn redrive(
    letters: &DeadLetters,
    queues: &[DeadQueue],
    max: u64,
    now: jiff::Timestamp,
    streams: &mut Streams,
) -> Result<(), Trouble> {
    let bar = cloud::spinner(streams.watched, "messages sent again");
    for queue in queues {
        let moved = letters.redrive(*queue, max, now, |sent| bar.set_position(sent)).await;
        bar.reset();
        let moved = moved?;
        let left = match moved.left {
            0 => String::new(),
            left => format!("; {left} came meanwhile and stay"),
        };
        let (name, source) = (queue.as_str(), queue.source());
        bar.suspend(|| streams.say(format_args!("{name}: {} sent again to {source}{left}", moved.sent)))?;
    }
    bar.finish_and_clear();
    Ok(())
}
