//! Every set of writes that gardefou commits, as pure functions (C1–C15 of the transition table).

use crate::ledger::{Attr, Edit, Item, Write};
use crate::record::{SCHEMA, absent_columns, life_columns, to_json};
use crate::{Condition, FindingRecord, History, Key};
use jiff::Timestamp;
use model::{
    Culprit, EventRef, Evidence, Finding, FindingId, Item as ViewItem, Life, Prior, Resolution, Resource,
    State,
};
use std::collections::BTreeMap;

/// A transaction holds 100 items: the finding, its history, and room for guards.
pub(crate) const TARGETS_MAX: usize = 90;
const SEEN_KEPT_SECONDS: i64 = 45 * 86_400;
const RESOURCE_KEPT_SECONDS: i64 = 30 * 86_400;
const BREAKER_KEPT_SECONDS: i64 = 2 * 86_400;

/// A finding as it is recorded: in state OPEN, with the first line of its history.
pub(crate) fn born(finding: Finding, cause: &str, now: Timestamp) -> FindingRecord {
    let line = first_line(cause, now);
    let (_, chain) = line.item(None);
    FindingRecord {
        finding,
        life: Life::born(now),
        evidence: Evidence::default(),
        chain,
        told: BTreeMap::new(),
    }
}

fn first_line(cause: &str, now: Timestamp) -> History {
    History { version: 1, from: String::new(), to: State::Open.label(), cause: cause.to_owned(), at: now }
}

/// C1: the finding, its history and its target claims, if there is none of them yet. The finding is the first write,
/// the claims follow the history in the order of `claims`.
pub(crate) fn create(record: &FindingRecord, claims: &[Culprit], cause: &str, now: Timestamp) -> Vec<Write> {
    let (history, _) = first_line(cause, now).item(None);
    let put = |key, item| Write { key, edit: Edit::Put(item), only_if: Condition::Absent };
    let mut writes = vec![
        put(record.key(), record.item(now)),
        put(Key::history(&record.finding.id, record.life.version), history),
    ];
    let owner = Item::from([("finding".to_owned(), Attr::S(record.finding.id.to_string()))]);
    let targets =
        claims.iter().take(TARGETS_MAX).map(|culprit| Key::target(&record.finding.resource, culprit));
    writes.extend(targets.map(|key| put(key, owner.clone())));
    writes
}

/// A move of the finding: only from the version, epoch and state it was computed from, with a line of history.
/// The finding is the first write.
pub(crate) fn transition(
    record: &FindingRecord,
    life: Life,
    evidence: Evidence,
    cause: &str,
    now: Timestamp,
) -> (FindingRecord, Vec<Write>) {
    let entry = History {
        version: life.version,
        from: record.life.state.label(),
        to: life.state.label(),
        cause: cause.to_owned(),
        at: now,
    };
    let (history, chain) = entry.item(Some(&record.chain));
    let mut set = life_columns(&record.finding, &life, &evidence, now);
    set.insert("chain".to_owned(), Attr::S(chain.clone()));
    let finding = Write {
        key: record.key(),
        edit: Edit::Update { set, add: Vec::new(), remove: absent_columns(&life) },
        only_if: unmoved(record),
    };
    let history = Write {
        key: Key::history(&record.finding.id, life.version),
        edit: Edit::Put(history),
        only_if: Condition::Absent,
    };
    (FindingRecord { life, evidence, chain, ..record.clone() }, vec![finding, history])
}

/// The finding is as it was read.
fn unmoved(record: &FindingRecord) -> Condition {
    let number = |number: u64| Attr::N(i64::try_from(number).unwrap_or(i64::MAX));
    Condition::All(vec![
        Condition::Is("state", Attr::S(record.life.state.name().as_str().to_owned())),
        Condition::Is("version", number(record.life.version)),
        Condition::Is("epoch", number(record.life.epoch)),
    ])
}

/// Where a finding ends well, its target claims are released, in the same transaction. One that is another's is refused.
pub(crate) fn released(FindingRecord { finding, life, .. }: &FindingRecord) -> Vec<Write> {
    if !matches!(life.state, State::Reverted | State::Resolved(Resolution::Compliant)) {
        return Vec::new();
    }
    let owner = Attr::S(finding.id.to_string());
    let release = |culprit: &Culprit| Write {
        key: Key::target(&finding.resource, culprit),
        edit: Edit::Delete,
        only_if: Condition::Any(vec![Condition::Lacks("finding"), Condition::Is("finding", owner.clone())]),
    };
    finding.culprits.iter().take(TARGETS_MAX).map(release).collect()
}

/// REL-12: it takes effect on the next transaction, without a cache.
pub(crate) fn kill_switch_off() -> Write {
    let off = vec![Condition::Lacks("on"), Condition::Is("on", Attr::Bool(false))];
    Write { key: Key::kill_switch(), edit: Edit::Check, only_if: Condition::Any(off) }
}

/// Counts one finding in a breaker's window, if the cap is not reached.
pub(crate) fn counted(key: Key, cap: i64, now: Timestamp) -> Write {
    Write {
        key,
        edit: Edit::Update {
            set: Item::from([("ttl".to_owned(), Attr::N(now.as_second() + BREAKER_KEPT_SECONDS))]),
            add: vec![("n", 1)],
            remove: Vec::new(),
        },
        only_if: Condition::Any(vec![Condition::Lacks("n"), Condition::Below("n", cap)]),
    }
}

/// `EV#`: written last, when everything that the event asked for is in the ledger and rung for.
pub(crate) fn seen(
    key: Key,
    result: &str,
    findings: &[FindingId],
    event: &EventRef,
    now: Timestamp,
) -> Write {
    let findings = findings.iter().map(ToString::to_string).collect();
    let item = Item::from([
        ("schema".to_owned(), Attr::N(SCHEMA)),
        ("result".to_owned(), Attr::S(result.to_owned())),
        ("findings".to_owned(), Attr::List(findings)),
        ("event_name".to_owned(), Attr::S(event.name.clone())),
        ("event_time".to_owned(), Attr::N(event.time.as_millisecond())),
        ("at".to_owned(), Attr::N(now.as_millisecond())),
        ("ttl".to_owned(), Attr::N(now.as_second() + SEEN_KEPT_SECONDS)),
    ]);
    Write { key, edit: Edit::Put(item), only_if: Condition::Absent }
}

/// The last change of a resource, unless a later one is recorded. Sent separately; it may lose.
pub(crate) fn last_change(resource: &Resource, event: &EventRef, now: Timestamp) -> Write {
    let item = Item::from([
        ("last_event".to_owned(), Attr::S(event.id.to_string())),
        ("last_event_name".to_owned(), Attr::S(event.name.clone())),
        ("last_event_time".to_owned(), Attr::N(event.time.as_millisecond())),
        ("ttl".to_owned(), Attr::N(now.as_second() + RESOURCE_KEPT_SECONDS)),
    ]);
    newer(Key::resource(resource), item, "last_event_time", event.time)
}

/// What an item holds since this event, unless a later one told. Sent separately; it may lose.
pub(crate) fn known(resource: &Resource, item: &ViewItem, at: Timestamp, now: Timestamp) -> Option<Write> {
    let key = Key::known(resource, item)?;
    let prior = Prior { item: item.clone(), seen_at: at };
    let item = Item::from([
        ("known".to_owned(), Attr::S(to_json(&prior))),
        ("seen_at".to_owned(), Attr::N(at.as_millisecond())),
        ("ttl".to_owned(), Attr::N(now.as_second() + RESOURCE_KEPT_SECONDS)),
    ]);
    Some(newer(key, item, "seen_at", at))
}

fn newer(key: Key, item: Item, attribute: &'static str, at: Timestamp) -> Write {
    let later = Condition::Below(attribute, at.as_millisecond());
    Write { key, edit: Edit::Put(item), only_if: Condition::Any(vec![Condition::Lacks(attribute), later]) }
}

/// A channel is about to be told this version. Holds off others until `until`; told already: refused.
pub(crate) fn sending(
    record: &FindingRecord,
    names: ChannelColumns,
    tell: u64,
    now: Timestamp,
    until: Timestamp,
) -> Write {
    let version = Attr::N(i64::try_from(tell).unwrap_or(i64::MAX));
    Write {
        key: record.key(),
        edit: Edit::Update {
            set: Item::from([(names.sending.to_owned(), Attr::N(until.as_millisecond()))]),
            add: Vec::new(),
            remove: Vec::new(),
        },
        only_if: Condition::All(vec![
            Condition::Is("tell", version.clone()),
            Condition::Any(vec![
                Condition::Lacks(names.sending),
                Condition::Below(names.sending, now.as_millisecond()),
            ]),
            Condition::Any(vec![
                Condition::Lacks(names.told),
                Condition::Below(names.told, i64::try_from(tell).unwrap_or(i64::MAX)),
            ]),
        ]),
    }
}

/// How an attempt to tell a channel ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Attempt {
    Told(u64),
    /// The channel asks to be left alone until then, whoever rings meanwhile.
    Later(Timestamp),
    Refused,
}

pub(crate) fn attempted(record: &FindingRecord, names: ChannelColumns, attempt: Attempt) -> Write {
    let (set, remove) = match attempt {
        Attempt::Told(version) => {
            let version = Attr::N(i64::try_from(version).unwrap_or(i64::MAX));
            (Item::from([(names.told.to_owned(), version)]), vec![names.sending])
        }
        Attempt::Later(until) => {
            (Item::from([(names.sending.to_owned(), Attr::N(until.as_millisecond()))]), Vec::new())
        }
        Attempt::Refused => (Item::new(), vec![names.sending]),
    };
    Write {
        key: record.key(),
        edit: Edit::Update { set, add: Vec::new(), remove },
        only_if: Condition::Always,
    }
}

/// The attributes of one channel on a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ChannelColumns {
    pub sending: &'static str,
    pub told: &'static str,
}

impl ChannelColumns {
    /// Closed: a channel is added here when it is added to `deliver`.
    pub(crate) fn of(channel: &str) -> Option<Self> {
        Some(match channel {
            "sns" => Self { sending: "sending_sns", told: "told_sns" },
            "slack" => Self { sending: "sending_slack", told: "told_slack" },
            _ => return None,
        })
    }
}

/// Every channel was told this version: it leaves the finding, and the finding the work index if nothing else holds it.
pub(crate) fn delivered(record: &FindingRecord, life: &Life, tell: u64, now: Timestamp) -> Write {
    let set = life_columns(&record.finding, life, &record.evidence, now);
    let told = Condition::Is("tell", Attr::N(i64::try_from(tell).unwrap_or(i64::MAX)));
    Write {
        key: record.key(),
        edit: Edit::Update { set, add: Vec::new(), remove: absent_columns(life) },
        only_if: Condition::All(vec![unmoved(record), told]),
    }
}
