//! `gardefou replay`: what the rules say of changes that were recorded.

use super::Exit;
use crate::book::{self, BookArgs};
use crate::input::{self, Source};
use crate::rows::{self, Row};
use crate::shown;
use crate::streams::{Streams, WriteError, chain};
use clap::ValueEnum;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use jiff::Timestamp;
use model::{AccountId, Region, Severity};
use rules::{Config, RuleBook, Seen};
use std::path::PathBuf;
use trail::Change;
use trail::file::Entry;

/// Rows of one table: it is printed as a whole, so that a long history does not stay in memory.
const TABLE_ROWS_MAX: usize = 1_000;

/// Judge recorded changes: CloudTrail files, records or EventBridge events, each perhaps gzipped
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Exit status: 0 all input was read; 1 --fail-on was reached; 2 wrong usage; 3 some input or some rule could not be read"
)]
pub(super) struct Args {
    #[command(flatten)]
    book: BookArgs,
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Validate also the records that no rule asks for
    #[arg(long)]
    strict: bool,
    /// Only changes at or after this time: 2026-03-01 or 2026-03-01T12:00:00Z
    #[arg(long, value_name = "T", value_parser = time)]
    from: Option<Timestamp>,
    /// Only changes before this time
    #[arg(long, value_name = "T", value_parser = time)]
    to: Option<Timestamp>,
    /// Only changes in this account
    #[arg(long, value_name = "ID")]
    account: Option<AccountId>,
    /// Only changes in this region
    #[arg(long, value_name = "R")]
    region: Option<Region>,
    /// Exit with 1 if a rule of this severity or a worse one is violated or undecided
    #[arg(long, value_name = "SEVERITY")]
    fail_on: Option<Severity>,
    /// Files, folders (with all below them), or `-` for standard input
    #[arg(required = true, value_name = "PATH", value_parser = local)]
    paths: Vec<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    /// One object a line
    Json,
}

pub(super) fn run(args: &Args, streams: &mut Streams) -> Result<Exit, WriteError> {
    let found = match book::find(&args.book) {
        Ok(found) => found,
        Err(error) => {
            streams.complain(chain(&error));
            return Ok(Exit::Usage);
        }
    };
    let config = found.configured.then(|| found.config.clone());
    let (book, problems) = found.read();
    let mut replay = Replay {
        args,
        book,
        config,
        seen: Seen::default(),
        table: Vec::new(),
        unread: !problems.is_empty(),
        worst: None,
        counts: Counts::default(),
    };
    for problem in problems {
        streams.complain(book::complaint(&problem));
    }
    replay.all(streams)?;
    Ok(replay.exit())
}

/// Records by what became of them.
#[derive(Debug, Default)]
struct Counts {
    read: usize,
    bad: usize,
    judged: usize,
    violations: usize,
    undecided: usize,
}

struct Replay<'a> {
    args: &'a Args,
    book: RuleBook,
    config: Option<Config>,
    seen: Seen,
    table: Vec<Row>,
    unread: bool,
    worst: Option<Severity>,
    counts: Counts,
}

impl Replay<'_> {
    fn all(&mut self, streams: &mut Streams) -> Result<(), WriteError> {
        let (sources, troubles) = input::sources(&self.args.paths);
        for (folder, trouble) in troubles {
            self.unread = true;
            streams.complain(format_args!("{}: {}", shown::path(&folder), chain(&trouble)));
        }
        let bar = progress(sources.len(), streams.watched);
        for source in &sources {
            bar.suspend(|| self.one(source, streams))?;
            bar.inc(1);
        }
        bar.finish_and_clear();
        self.print_table(streams)?;
        if self.args.format == Format::Text {
            let Counts { read, bad, judged, violations, undecided } = self.counts;
            streams.say(format_args!(
                "records: {read}, not understood: {bad}, judged: {judged}, violations: {violations}, undecided: {undecided}"
            ))?;
        }
        Ok(())
    }

    fn one(&mut self, source: &Source, streams: &mut Streams) -> Result<(), WriteError> {
        let input = input::read(source);
        if let Some(trouble) = &input.trouble {
            self.unread = true;
            streams.complain(format_args!("{source}: {}", chain(trouble)));
        }
        for entry in trail::file::entries(&input.bytes) {
            self.record(source, &entry, streams)?;
        }
        Ok(())
    }

    fn record(
        &mut self,
        source: &Source,
        entry: &Entry<'_>,
        streams: &mut Streams,
    ) -> Result<(), WriteError> {
        self.counts.read += 1;
        let asks = |header: trail::file::Header<'_>| {
            self.book.may_ask(header.event_source, header.event_name, entry.bytes())
        };
        if !self.args.strict && !entry.header().is_none_or(asks) {
            return Ok(());
        }
        let change = match entry.parse() {
            Ok(change) => change,
            Err(error) => {
                self.unread = true;
                self.counts.bad += 1;
                let reason = shown::line(&chain(&error));
                streams.complain(format_args!("{source}: record {}: {reason}", entry.number));
                return Ok(());
            }
        };
        if !self.args.wants(&change) {
            return Ok(());
        }
        let judged = self.book.judge_counting(&change, &mut self.seen);
        self.counts.judged += usize::from(!judged.is_empty());
        let allowed = self.config.as_ref().map(|config| config.allowed_for(&change).mode);
        let place = (source.to_string(), entry.number);
        let rows: Vec<Row> =
            judged.iter().filter_map(|judged| Row::of(&change, judged, allowed, &place)).collect();
        rows.into_iter().try_for_each(|row| self.print(row, streams))
    }

    fn print(&mut self, row: Row, streams: &mut Streams) -> Result<(), WriteError> {
        self.worst = self.worst.max(Some(row.severity));
        let undecided = row.reason.is_some();
        *(if undecided { &mut self.counts.undecided } else { &mut self.counts.violations }) += 1;
        match self.args.format {
            Format::Json => streams.say(shown::json(&row)?),
            Format::Text => {
                self.table.push(row);
                if self.table.len() < TABLE_ROWS_MAX { Ok(()) } else { self.print_table(streams) }
            }
        }
    }

    fn print_table(&mut self, streams: &mut Streams) -> Result<(), WriteError> {
        let rows = std::mem::take(&mut self.table);
        if rows.is_empty() {
            return Ok(());
        }
        streams.say(if streams.terminal { rows::fitted(&rows) } else { rows::wide(&rows) })
    }

    fn exit(&self) -> Exit {
        if self.unread {
            Exit::Unread
        } else if self.args.fail_on.is_some() && self.worst >= self.args.fail_on {
            Exit::Found
        } else {
            Exit::Fine
        }
    }
}

impl Args {
    fn wants(&self, change: &Change) -> bool {
        let time = change.event.time;
        self.from.is_none_or(|from| from <= time)
            && self.to.is_none_or(|to| time < to)
            && self.account.as_ref().is_none_or(|account| *account == change.account)
            && self.region.as_ref().is_none_or(|region| *region == change.region)
    }
}

/// On standard error, and only where somebody is looking.
fn progress(files: usize, watched: bool) -> ProgressBar {
    let target = if watched { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    let bar = ProgressBar::with_draw_target(u64::try_from(files).ok(), target);
    ProgressStyle::with_template("{bar:30} {pos}/{len} files, {eta} left")
        .map_or(bar.clone(), |style| bar.with_style(style))
}

/// A time, or the start of a day in UTC.
fn time(text: &str) -> Result<Timestamp, String> {
    let day = format!("{text}T00:00:00Z");
    let time = text.parse::<Timestamp>().or_else(|_| day.parse());
    time.map_err(|_| "2026-03-01 or 2026-03-01T12:00:00Z is how a time is written".to_owned())
}

fn local(text: &str) -> Result<PathBuf, String> {
    if text.starts_with("s3://") {
        Err("buckets are not read yet: copy the files with `aws s3 sync` and name their folder".to_owned())
    } else {
        Ok(PathBuf::from(text))
    }
}
