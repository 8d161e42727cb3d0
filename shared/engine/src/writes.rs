//! Every set of writes that gardefou commits, as pure functions (C1–C15 of the transition table).

use crate::history::sum_of;
use crate::ledger::{Attr, Edit, Item, Write};
use crate::record::{SCHEMA, absent_columns, life_columns, to_json};
use crate::{Condition, FindingRecord, History, Key};
use jiff::Timestamp;
use model::planted::{self, Bug};
use model::{
    Culprit, EventRef, Evidence, Finding, FindingId, Item as ViewItem, Life, Prior, Resolution, Resource,
    State, Waiver,
};
use std::collections::BTreeMap;

/// A transaction holds 100 items: the finding, its history, and room for guards.
pub(crate) const TARGETS_MAX: usize = 60;
const SEEN_KEPT_SECONDS: i64 = 45 * 86_400;
const RESOURCE_KEPT_SECONDS: i64 = 30 * 86_400;
const WAIVER_KEPT_SECONDS: i64 = 400 * 86_400;
const BREAKER_KEPT_SECONDS: i64 = 2 * 86_400;

/// A finding as it is recorded: in state OPEN, with the first line of its history.
pub(crate) fn born(finding: Finding, life: Life, cause: &str, now: Timestamp) -> FindingRecord {
    let (_, chain) = first_line(&finding, &life, cause, now).item(None);
    FindingRecord { finding, life, evidence: Evidence::default(), chain, told: BTreeMap::new(), notes: 0 }
}

fn first_line(finding: &Finding, life: &Life, cause: &str, now: Timestamp) -> History {
    let sum = sum_of(finding, &Evidence::default());
    History { version: 1, from: String::new(), to: life.state.label(), cause: cause.to_owned(), at: now, sum }
}

/// A target claim that a new finding makes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Claim {
    pub(crate) culprit: Culprit,
    /// A finding that ended and kept its claim: this one takes it over.
    pub(crate) from: Option<FindingId>,
}

impl Claim {
    pub(crate) fn of(culprit: &Culprit) -> Self {
        Self { culprit: culprit.clone(), from: None }
    }
}

/// C1: the finding, its history and its target claims, if there is none of them yet. The finding is the first write,
/// the claims follow the history in the order of `claims`.
pub(crate) fn create(record: &FindingRecord, claims: &[Claim], cause: &str, now: Timestamp) -> Vec<Write> {
    let (history, _) = first_line(&record.finding, &record.life, cause, now).item(None);
    let put = |key, item| Write { key, edit: Edit::Put(item), only_if: Condition::Absent };
    let mut writes = vec![
        put(record.key(), record.item(now)),
        put(Key::history(&record.finding.id, record.life.version), history),
    ];
    let owner = Item::from([("finding".to_owned(), Attr::S(record.finding.id.to_string()))]);
    writes.extend(claims.iter().take(TARGETS_MAX).map(|claim| {
        let key = Key::target(&record.finding.resource, &claim.culprit);
        match &claim.from {
            None => put(key, owner.clone()),
            Some(ended) => {
                let still = Condition::Is("finding", Attr::S(ended.to_string()));
                Write { key, edit: Edit::Put(owner.clone()), only_if: still }
            }
        }
    }));
    writes.push(last_finding(record, now));
    writes
}

/// Which finding was the last on this resource: what a sweep finds after it has another id.
fn last_finding(record: &FindingRecord, now: Timestamp) -> Write {
    let set = Item::from([
        ("last_finding".to_owned(), Attr::S(record.finding.id.to_string())),
        ("ttl".to_owned(), Attr::N(now.as_second() + RESOURCE_KEPT_SECONDS)),
    ]);
    update(Key::resource(&record.finding.resource), set, Condition::Always)
}

fn update(key: Key, set: Item, only_if: Condition) -> Write {
    Write { key, edit: Edit::Update { set, add: Vec::new(), remove: Vec::new() }, only_if }
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
        sum: sum_of(&record.finding, &evidence),
    };
    let (history, chain) = entry.item(Some(&record.chain));
    let mut set = life_columns(&record.finding, &life, &evidence, now);
    set.insert("chain".to_owned(), Attr::S(chain.clone()));
    let finding = Write {
        key: record.key(),
        edit: Edit::Update { set, add: Vec::new(), remove: absent_columns(&life) },
        only_if: Condition::All(vec![unmoved(record), unnoted(record)]),
    };
    let history = Write {
        key: Key::history(&record.finding.id, life.version),
        edit: Edit::Put(history),
        only_if: if planted::is(Bug::NoFence) { Condition::Always } else { Condition::Absent },
    };
    (FindingRecord { life, evidence, chain, ..record.clone() }, vec![finding, history])
}

/// The finding is as it was read, notes included: a move writes the life and the evidence as a whole.
fn unmoved(record: &FindingRecord) -> Condition {
    let number = |number: u64| Attr::N(i64::try_from(number).unwrap_or(i64::MAX));
    let state = Condition::Is("state", Attr::S(record.life.state.name().as_str().to_owned()));
    if planted::is(Bug::NoFence) {
        return state;
    }
    let unnoted = match record.notes {
        0 => Condition::Lacks("notes"),
        notes => Condition::Is("notes", Attr::N(notes)),
    };
    Condition::All(vec![
        state,
        Condition::Is("version", number(record.life.version)),
        Condition::Is("epoch", number(record.life.epoch)),
        unnoted,
    ])
}

/// Nothing was noted on it since it was read: a note leaves the version as it is.
fn unnoted(record: &FindingRecord) -> Condition {
    match record.notes {
        0 => Condition::Lacks("notes"),
        notes => Condition::Is("notes", Attr::N(notes)),
    }
}

/// Nothing is written to it, if it is as it was read.
pub(crate) fn unmoved_check(record: &FindingRecord) -> Write {
    Write { key: record.key(), edit: Edit::Check, only_if: unmoved(record) }
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

/// More was wanted in this window than it lets through.
pub(crate) fn tripped(key: Key, now: Timestamp) -> Write {
    let set = Item::from([
        ("tripped".to_owned(), Attr::Bool(true)),
        ("ttl".to_owned(), Attr::N(now.as_second() + BREAKER_KEPT_SECONDS)),
    ]);
    update(key, set, Condition::Always)
}

/// This finding tells of a breaker that opened, for all.
pub(crate) fn digest(key: Key, finding: &FindingId, now: Timestamp) -> Write {
    let item = Item::from([
        ("finding".to_owned(), Attr::S(finding.to_string())),
        ("ttl".to_owned(), Attr::N(now.as_second() + BREAKER_KEPT_SECONDS)),
    ]);
    Write { key, edit: Edit::Put(item), only_if: Condition::Absent }
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

/// A call of ours took an item away, and its record does not say with what content: an event that is still on its way
/// may.
pub(crate) fn taken(key: Key, finding: &FindingId, at: Timestamp, now: Timestamp) -> Write {
    let set = Item::from([
        ("taken_by".to_owned(), Attr::S(finding.to_string())),
        ("taken_at".to_owned(), Attr::N(at.as_millisecond())),
        ("ttl".to_owned(), Attr::N(now.as_second() + RESOURCE_KEPT_SECONDS)),
    ]);
    let later = Condition::Below("taken_at", at.as_millisecond());
    update(key, set, Condition::Any(vec![Condition::Lacks("taken_at"), later]))
}

fn newer(key: Key, item: Item, attribute: &'static str, at: Timestamp) -> Write {
    let later = Condition::Below(attribute, at.as_millisecond());
    update(key, item, Condition::Any(vec![Condition::Lacks(attribute), later]))
}

/// What is noted on a finding without moving it: what was seen, and what is told. Only if it is as it was read.
pub(crate) fn noted(record: &FindingRecord, life: &Life, evidence: &Evidence, now: Timestamp) -> Write {
    let set = life_columns(&record.finding, life, evidence, now);
    Write {
        key: record.key(),
        edit: Edit::Update { set, add: vec![("notes", 1)], remove: absent_columns(life) },
        only_if: Condition::All(vec![unmoved(record), unnoted(record)]),
    }
}

/// A waiver let something stand: counted, whoever wrote it.
pub(crate) fn waiver_used(key: Key, now: Timestamp) -> Write {
    let set = Item::from([("last_used_at".to_owned(), Attr::N(now.as_millisecond()))]);
    let edit = Edit::Update { set, add: vec![("uses", 1)], remove: Vec::new() };
    Write { key, edit, only_if: Condition::Always }
}

/// A waiver that a person grants; it is kept long after it ended.
pub(crate) fn waiver_granted(waiver: &Waiver) -> Write {
    let item = Item::from([
        ("schema".to_owned(), Attr::N(SCHEMA)),
        ("waiver".to_owned(), Attr::S(to_json(waiver))),
        ("ttl".to_owned(), Attr::N(waiver.until.as_second() + WAIVER_KEPT_SECONDS)),
    ]);
    Write { key: Key::waiver(waiver), edit: Edit::Put(item), only_if: Condition::Absent }
}

/// The claim of a finding that takes care of it no more.
pub(crate) fn released_from(key: Key, owner: &FindingId) -> Write {
    let only_if = Condition::Is("finding", Attr::S(owner.to_string()));
    Write { key, edit: Edit::Delete, only_if }
}

/// The tags that a sweep saw on a resource.
pub(crate) fn tagged(resource: &Resource, tags: String, now: Timestamp) -> Write {
    let set = Item::from([
        ("tags".to_owned(), Attr::S(tags)),
        ("ttl".to_owned(), Attr::N(now.as_second() + RESOURCE_KEPT_SECONDS)),
    ]);
    update(Key::resource(resource), set, Condition::Always)
}

/// REL-12: who switched it, when and why is kept with it.
pub(crate) fn kill_switch(on: bool, by: &str, reason: &str, now: Timestamp) -> Write {
    let set = Item::from([
        ("on".to_owned(), Attr::Bool(on)),
        ("by".to_owned(), Attr::S(by.to_owned())),
        ("reason".to_owned(), Attr::S(reason.to_owned())),
        ("at".to_owned(), Attr::N(now.as_millisecond())),
    ]);
    update(Key::kill_switch(), set, Condition::Always)
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
            "pagerduty" => Self { sending: "sending_pagerduty", told: "told_pagerduty" },
            _ => return None,
        })
    }
}
