//! What people decide: `approve`, `waive`, `acknowledge`, `close`, `undo`, and the kill switch.

use super::Exit;
use crate::findings::possible::{self, Act};
use crate::findings::show;
use crate::office::{KillSwitch, Office, Prefix};
use crate::shown;
use crate::streams::Streams;
use crate::trouble::Trouble;
use crate::when::{self, When, length, when};
use clap::{ArgGroup, ValueEnum};
use engine::{Clock, DecisionError, FindingRecord, Index, Person, Queue};
use jiff::{SignedDuration, Timestamp};
use model::{AccountId, Cause, NotWaivable, RuleId, State, Waiver, WaiverId};

#[derive(Debug, clap::Subcommand)]
pub(super) enum Decide {
    /// Let gardefou take it back
    Approve {
        finding: Prefix,
        /// Without being asked
        #[arg(long)]
        yes: bool,
    },
    Waive(Waive),
    /// Take it over: nothing is done about it and nobody is called, for a while
    Acknowledge {
        finding: Prefix,
        /// For so long; seven days at most
        #[arg(long = "for", value_name = "LENGTH", value_parser = length, default_value = "4h")]
        length: SignedDuration,
    },
    /// Close it: nothing more is done about it
    Close {
        finding: Prefix,
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Put back what was taken, and let it stand
    Undo {
        finding: Prefix,
        #[command(flatten)]
        stand: Stand,
    },
    /// On: nothing is called any more. Off: nothing starts by itself
    KillSwitch {
        #[arg(value_enum, default_value_t = Turn::Status)]
        turn: Turn,
        #[arg(long, value_name = "TEXT", required_if_eq_any = [("turn", "on"), ("turn", "off")])]
        reason: Option<String>,
    },
}

/// Until when, and why.
#[derive(Debug, clap::Args)]
pub(super) struct Stand {
    /// 30d, 2026-12-31 (its midnight in UTC) or a time; 90 days at most
    #[arg(long, value_name = "T", value_parser = when)]
    until: When,
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

/// Let a finding stand, with what violates the same rules on its resource; or whatever the options name
#[derive(Debug, clap::Args)]
#[command(group = ArgGroup::new("scope").required(true).multiple(true).args(["finding", "rule", "resource", "actor"]))]
pub(super) struct Waive {
    #[arg(conflicts_with_all = ["rule", "account", "resource", "actor", "owner"])]
    finding: Option<Prefix>,
    /// What violates this rule
    #[arg(long, value_name = "R")]
    rule: Option<RuleId>,
    /// In this account; else in all
    #[arg(long, value_name = "ID")]
    account: Option<AccountId>,
    /// On such resources; `*` stands for any text
    #[arg(long, value_name = "PATTERN")]
    resource: Option<String>,
    /// Done by such ARNs; `*` stands for any text
    #[arg(long, value_name = "PATTERN")]
    actor: Option<String>,
    /// Who answers for it; else you
    #[arg(long, value_name = "WHO")]
    owner: Option<String>,
    #[command(flatten)]
    stand: Stand,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Turn {
    On,
    Off,
    Status,
}

impl Decide {
    /// Nobody needs to be known for that.
    pub(super) fn only_looks(&self) -> bool {
        matches!(self, Self::KillSwitch { turn: Turn::Status, .. })
    }
}

pub(super) async fn decide<L: Index, Q: Queue, C: Clock>(
    what: &Decide,
    office: &Office<L, Q, C>,
    by: &Person,
    streams: &mut Streams,
) -> Result<Exit, Trouble> {
    let (persons, now) = (&office.persons, office.now());
    let decided = match what {
        Decide::KillSwitch { turn: Turn::Status, .. } => return status(office, streams).await,
        Decide::KillSwitch { turn, reason } => {
            let reason = reason.as_deref().unwrap_or_default();
            persons.kill_switch(*turn == Turn::On, by, reason).await?;
            status(office, streams).await?;
            if *turn == Turn::Off {
                streams.say(format_args!(
                    "what waited because of it waits for approval: gardefou findings list --state awaiting{}",
                    office.again
                ))?;
            }
            return Ok(Exit::Fine);
        }
        Decide::Waive(Waive { finding: None, .. }) => return grant(what, office, by, streams).await,
        Decide::Waive(Waive { finding: Some(finding), stand, .. }) => {
            let id = office.resolve(finding).await?;
            persons.waive(&id, stand.until.from(now), by, &stand.reason).await
        }
        Decide::Approve { finding, yes } => {
            let record = office.record(finding).await?;
            // What cannot be approved needs no answer: the refusal says what is possible.
            let kill = office.kill_switch().await?.on;
            let may = possible::possible(&record, kill, now).acts.contains(&Act::Approve);
            if may && !agreed(&record, *yes, streams)? {
                streams.say("nothing was approved")?;
                return Ok(Exit::Found);
            }
            persons.approve(&record.finding.id, record.life.version, by).await
        }
        Decide::Acknowledge { finding, length } => {
            let id = office.resolve(finding).await?;
            persons.acknowledge(&id, When::Away(*length).from(now), by).await
        }
        Decide::Close { finding, reason } => persons.close(&office.resolve(finding).await?, by, reason).await,
        Decide::Undo { finding, stand } => {
            let id = office.resolve(finding).await?;
            persons.undo(&id, stand.until.from(now), by, &stand.reason).await
        }
    };
    match decided {
        Ok(record) => {
            streams.say(done(what, &record, now))?;
            heard(office, streams);
            if matches!(record.life.state, State::Queued(_)) && office.kill_switch().await?.on {
                streams.say("the kill switch is on: nothing is called before it is off, and then it waits for approval")?;
            }
            Ok(Exit::Fine)
        }
        Err(error) => refused(error, office, streams).await,
    }
}

/// Shows what would be taken back, or put back, and asks.
fn agreed(record: &FindingRecord, yes: bool, streams: &mut Streams) -> Result<bool, Trouble> {
    let resource = &record.finding.resource;
    let place =
        format!("{} in {}, {}", render::sink::terminal(&resource.id), resource.account, resource.region);
    let back = matches!(record.finding.cause, Cause::Collateral { .. } | Cause::Undo { .. });
    let (what, question) = if back {
        ("put back, as far as it does not stand", "Put it back?")
    } else {
        ("taken back, as far as it still stands", "Take it back?")
    };
    let items = show::approving(record);
    if items.is_empty() {
        streams.say(format_args!("of {place} nothing is known that could be {what}"))?;
    } else {
        streams.say(format_args!("of {place} this is {what}:"))?;
        items.iter().try_for_each(|item| streams.say(format_args!("  {item}")))?;
    }
    if yes { Ok(true) } else { streams.confirm(question).ok_or(Trouble::Unconfirmed) }
}

fn done(what: &Decide, FindingRecord { finding, life, .. }: &FindingRecord, now: Timestamp) -> String {
    let id = &finding.id;
    let until = life.until.map(|until| format!(" until {} ({})", when::stamp(until), when::due(until, now)));
    let until = until.unwrap_or_default();
    match what {
        Decide::Waive(_) if life.cancel => {
            format!(
                "finding {id} is being worked on: it is stopped before anything is done, and stands{until}"
            )
        }
        Decide::Approve { .. } => format!("finding {id} is approved: gardefou is at work on it"),
        Decide::Undo { .. } => format!("finding {id} puts it back; it stands{until}"),
        Decide::Waive(_) => format!("finding {id} is waived: it stands{until}"),
        Decide::Acknowledge { .. } => format!("finding {id} is yours{until}"),
        Decide::Close { .. } | Decide::KillSwitch { .. } => format!("finding {id} is closed"),
    }
}

/// The decision stands whether or not a doorbell was heard.
fn heard<L, Q, C>(office: &Office<L, Q, C>, streams: &mut Streams) {
    if let Some(why) = office.persons.desk.queue.unheard() {
        let why = shown::line(&why);
        streams.complain(format_args!(
            "it is decided; gardefou could not be told at once and notices by itself within a minute ({why})"
        ));
    }
}

/// Says no, and what is possible instead.
async fn refused<L: Index, Q: Queue, C: Clock>(
    error: DecisionError,
    office: &Office<L, Q, C>,
    streams: &mut Streams,
) -> Result<Exit, Trouble> {
    let id = match &error {
        DecisionError::Refused { finding, .. } | DecisionError::NothingToUndo(finding, _) => finding.clone(),
        _ => return Err(error.into()),
    };
    let told = Trouble::from(error);
    streams.complain(shown::line(&crate::streams::chain(&told)));
    if let Some(record) = office.persons.desk.find(&id).await? {
        let kill = office.kill_switch().await?.on;
        streams.complain("what is possible now:");
        for line in possible::commands(&record, kill, office.now(), &office.again) {
            streams.complain(format_args!("  {line}"));
        }
    }
    Ok(Exit::Found)
}

/// A waiver that is not about one finding.
async fn grant<L: Index, Q: Queue, C: Clock>(
    what: &Decide,
    office: &Office<L, Q, C>,
    by: &Person,
    streams: &mut Streams,
) -> Result<Exit, Trouble> {
    let Decide::Waive(Waive { rule, account, resource, actor, owner, stand, .. }) = what else {
        return Ok(Exit::Usage);
    };
    let now = office.now();
    let waiver = Waiver {
        id: waiver_id(rule.as_ref(), account.as_ref(), now)?,
        rule: rule.clone(),
        account: account.clone(),
        resource: resource.clone().unwrap_or_else(|| "*".to_owned()),
        actor: actor.clone(),
        owner: owner.clone().unwrap_or_else(|| by.name.clone()),
        reason: stand.reason.clone(),
        from: now,
        until: stand.until.from(now),
    };
    office.persons.grant(&waiver).await?;
    let until = format!("{} ({})", when::stamp(waiver.until), when::due(waiver.until, now));
    streams
        .say(format_args!("waiver {} is granted until {until}, for what happens from now on", waiver.id))?;
    Ok(Exit::Fine)
}

/// Under which account it is kept, its id tells: `all-` is for every one.
fn waiver_id(
    rule: Option<&RuleId>,
    account: Option<&AccountId>,
    now: Timestamp,
) -> Result<WaiverId, DecisionError> {
    let place = account.map_or_else(|| "all".to_owned(), |account| format!("in-{account}"));
    let rule: String = rule.map_or("any", RuleId::as_str).chars().take(50).collect();
    let text = format!("{place}-{}-{}", rule.trim_end_matches('-'), now.as_millisecond());
    text.parse().map_err(|_| DecisionError::NotWaivable(NotWaivable::Blank("name")))
}

/// Is the kill switch on, and who turned it?
pub(super) async fn status<L: Index, Q: Queue, C: Clock>(
    office: &Office<L, Q, C>,
    streams: &mut Streams,
) -> Result<Exit, Trouble> {
    let KillSwitch { on, by, reason, at } = office.kill_switch().await?;
    let state =
        if on { "the kill switch is on: nothing is called in any account" } else { "the kill switch is off" };
    streams.say(state)?;
    if let (Some(by), Some(at)) = (by, at) {
        let reason = reason.map(|reason| format!(": {}", shown::text(&reason))).unwrap_or_default();
        let turned = format!(
            "turned by {}, {}, {}{reason}",
            shown::text(&by),
            when::stamp(at),
            when::ago(at, office.now())
        );
        streams.say(turned)?;
    }
    Ok(Exit::Fine)
}
