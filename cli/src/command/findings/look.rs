//! What is there: `list`, `show`, `timeline` and `waivers`.

use super::{Exit, Format};
use crate::book;
use crate::findings::list::{self, Filter};
use crate::findings::show::{self, Beside};
use crate::findings::{history, waivers as waiver_table};
use crate::office::{Found, Office, Prefix};
use crate::shown;
use crate::streams::Streams;
use crate::trouble::Trouble;
use crate::when::{When, when};
use clap::ArgAction;
use engine::{Clock, Index, Queue, audit};
use model::{AccountId, Severity, StateName};
use rules::Config;
use std::path::PathBuf;

/// List findings: those that are not finished, the worst first
#[derive(Debug, clap::Args)]
pub(super) struct List {
    /// Only those in this state, may be given several times: awaiting, manual, reverted…
    #[arg(long, value_name = "STATE", value_parser = state, value_delimiter = ',', action = ArgAction::Append)]
    state: Vec<StateName>,
    #[arg(long, value_name = "ID")]
    account: Option<AccountId>,
    /// This severity or a worse one
    #[arg(long)]
    severity: Option<Severity>,
    /// Only those that violate such a rule; `*` stands for any text
    #[arg(long, value_name = "GLOB")]
    rule: Option<String>,
    /// Only those on such a resource; `*` stands for any text
    #[arg(long, value_name = "ID")]
    resource: Option<String>,
    /// Only what happened since: 7d, 2026-11-01 or 2026-11-01T12:00:00Z
    #[arg(long, value_name = "T", value_parser = when)]
    since: Option<When>,
    /// Also those that are finished: reads the whole ledger
    #[arg(long)]
    all: bool,
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// Show everything about a finding, and what can be done about it now
#[derive(Debug, clap::Args)]
pub(super) struct Show {
    finding: Prefix,
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// Show how a finding came to where it is, and whether that history is what was written
#[derive(Debug, clap::Args)]
pub(super) struct Timeline {
    finding: Prefix,
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// List the waivers that people granted, with their use; with --config, also those written there
#[derive(Debug, clap::Args)]
pub(super) struct Waivers {
    /// Also those that have ended
    #[arg(long)]
    all: bool,
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

const STATES: [StateName; 11] = [
    StateName::Open,
    StateName::Queued,
    StateName::Reverting,
    StateName::Verifying,
    StateName::Awaiting,
    StateName::Waived,
    StateName::Acked,
    StateName::Manual,
    StateName::Observed,
    StateName::Reverted,
    StateName::Resolved,
];

fn state(text: &str) -> Result<StateName, String> {
    let found = STATES.into_iter().find(|state| state.as_str().eq_ignore_ascii_case(text));
    found.ok_or_else(|| format!("one of {}", STATES.map(|state| state.as_str().to_lowercase()).join(", ")))
}

pub(super) async fn list<L: Index, Q: Queue, C: Clock>(
    args: &List,
    office: &Office<L, Q, C>,
    streams: &mut Streams,
) -> Result<Exit, Trouble> {
    let now = office.now();
    let ended =
        |state: &StateName| matches!(state, StateName::Observed | StateName::Reverted | StateName::Resolved);
    let whole = args.all || args.state.iter().any(ended);
    let Found { mut records, unread } =
        if whole { office.everything(|_| {}).await? } else { office.open().await? };
    let filter = Filter {
        states: args.state.clone(),
        account: args.account.clone(),
        severity: args.severity,
        rule: args.rule.clone(),
        resource: args.resource.clone(),
        since: args.since.map(|since| since.before(now)),
    };
    // Ids are shortened as far as `resolve` finds them again: among all, not among those that are shown.
    let rows = list::rows(&records);
    records.retain(|record| filter.wants(record));
    let wanted: Vec<&str> = records.iter().map(|record| record.finding.id.as_str()).collect();
    let rows: Vec<_> = rows.into_iter().filter(|row| wanted.contains(&row.finding.as_str())).collect();
    match args.format {
        Format::Json => rows.iter().try_for_each(|row| streams.say(shown::json(row)?))?,
        Format::Text => {
            if !rows.is_empty() {
                let table =
                    if streams.terminal { list::fitted(&rows, now, None) } else { list::wide(&rows, now) };
                streams.say(table)?;
            }
            streams.say(list::counts(&rows))?;
        }
    }
    for line in &unread {
        streams.complain(shown::line(line));
    }
    Ok(if unread.is_empty() { Exit::Fine } else { Exit::Unread })
}

pub(super) async fn show<L: Index, Q: Queue, C: Clock>(
    args: &Show,
    office: &Office<L, Q, C>,
    streams: &mut Streams,
) -> Result<Exit, Trouble> {
    let record = office.record(&args.finding).await?;
    let (kill, last) = (office.kill_switch().await?.on, office.last_on(&record).await?);
    let beside = Beside { kill, last: last.as_ref(), again: &office.again, now: office.now() };
    match args.format {
        Format::Text => streams.say(show::page(&record, &beside, streams.terminal))?,
        Format::Json => streams.say(shown::json(&show::whole(&record, &beside))?)?,
    }
    Ok(Exit::Fine)
}

pub(super) async fn timeline<L: Index, Q: Queue, C: Clock>(
    args: &Timeline,
    office: &Office<L, Q, C>,
    streams: &mut Streams,
) -> Result<Exit, Trouble> {
    let id = office.resolve(&args.finding).await?;
    let (item, lines) = office.kept(&id).await?;
    let Some(item) = item else { return Err(Trouble::Unknown(id.to_string())) };
    let faults = audit(&item, &lines);
    match args.format {
        Format::Text => streams.say(history::timeline(&lines, &faults, streams.terminal))?,
        Format::Json => {
            let (shown, others) = history::lines(&lines, &faults);
            shown.iter().try_for_each(|line| streams.say(shown::json(line)?))?;
            for fault in &others {
                streams.complain(fault);
            }
        }
    }
    Ok(if faults.is_empty() { Exit::Fine } else { Exit::Found })
}

pub(super) async fn waivers<L: Index, Q: Queue, C: Clock>(
    args: &Waivers,
    office: &Office<L, Q, C>,
    streams: &mut Streams,
) -> Result<Exit, Trouble> {
    let config: Config = args.config.as_deref().map(book::config).transpose()?.unwrap_or_default();
    let now = office.now();
    let mut granted = office.waivers(&config.waivers).await?;
    granted.retain(|granted| args.all || granted.waiver.until > now);
    match args.format {
        Format::Json => {
            granted.iter().try_for_each(|one| streams.say(shown::json(&waiver_table::row(one, now))?))?;
        }
        Format::Text if granted.is_empty() => streams.say("no waivers")?,
        Format::Text => streams.say(waiver_table::table(&granted, now, streams.terminal))?,
    }
    Ok(Exit::Fine)
}
