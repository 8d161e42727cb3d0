//! A finding as the ledger holds it.

use crate::Key;
use crate::ledger::{Attr, Item};
use jiff::{SignedDuration, Timestamp};
use model::{Evidence, Finding, Life};
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;

/// Items say which shape they have; one that is newer than this is not touched (REL-15).
pub(crate) const SCHEMA: i64 = 1;

/// A doorbell of `notify` that is older was lost.
const UNTOLD: SignedDuration = SignedDuration::from_secs(60);
/// 9999-01-01: later than every timer.
const NEVER: Timestamp = Timestamp::constant(253_370_764_800, 0);

/// A terminal finding is kept so long.
const KEPT_SECONDS: i64 = 400 * 86_400;

/// A finding with its life and all that was seen and done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FindingRecord {
    pub finding: Finding,
    pub life: Life,
    pub evidence: Evidence,
    /// The hash of the last line of its history.
    pub chain: String,
    /// Which version each channel was told.
    pub told: BTreeMap<String, u64>,
    /// How often something was noted on it without moving it.
    pub notes: i64,
}

/// An item that is not what it should be.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    #[error("`{0}` is missing")]
    Missing(&'static str),
    #[error("`{attribute}` does not parse")]
    Malformed { attribute: &'static str, source: serde_json::Error },
    #[error("it was written by a newer gardefou (schema {0})")]
    Newer(i64),
}

pub(crate) fn text<'i>(item: &'i Item, name: &'static str) -> Result<&'i str, Unreadable> {
    match item.get(name) {
        Some(Attr::S(text)) => Ok(text),
        _ => Err(Unreadable::Missing(name)),
    }
}

fn json<T: DeserializeOwned>(item: &Item, name: &'static str) -> Result<T, Unreadable> {
    serde_json::from_str(text(item, name)?)
        .map_err(|source| Unreadable::Malformed { attribute: name, source })
}

impl TryFrom<&Item> for FindingRecord {
    type Error = Unreadable;

    fn try_from(item: &Item) -> Result<Self, Unreadable> {
        match item.get("schema") {
            Some(Attr::N(schema)) if *schema <= SCHEMA => {}
            Some(Attr::N(schema)) => return Err(Unreadable::Newer(*schema)),
            _ => return Err(Unreadable::Missing("schema")),
        }
        let told = item.iter().filter_map(|(name, value)| match (name.strip_prefix("told_"), value) {
            (Some(channel), Attr::N(version)) => Some((channel.to_owned(), u64::try_from(*version).ok()?)),
            _ => None,
        });
        let notes = match item.get("notes") {
            Some(Attr::N(notes)) => *notes,
            _ => 0,
        };
        Ok(Self {
            finding: json(item, "finding")?,
            life: json(item, "life")?,
            evidence: json(item, "evidence")?,
            chain: text(item, "chain")?.to_owned(),
            told: told.collect(),
            notes,
        })
    }
}

impl FindingRecord {
    pub fn key(&self) -> Key {
        Key::finding(&self.finding.id)
    }

    /// All attributes of a new finding.
    pub(crate) fn item(&self, now: Timestamp) -> Item {
        let mut item = life_columns(&self.finding, &self.life, &self.evidence, now);
        item.insert("schema".to_owned(), Attr::N(SCHEMA));
        item.insert("finding".to_owned(), Attr::S(to_json(&self.finding)));
        item.insert("chain".to_owned(), Attr::S(self.chain.clone()));
        item
    }
}

/// What a transition writes: the life as a whole, and of it what conditions and the work index name.
pub(crate) fn life_columns(finding: &Finding, life: &Life, evidence: &Evidence, now: Timestamp) -> Item {
    let number = |number: u64| Attr::N(i64::try_from(number).unwrap_or(i64::MAX));
    let mut item = Item::from([
        ("life".to_owned(), Attr::S(to_json(life))),
        ("evidence".to_owned(), Attr::S(to_json(evidence))),
        ("state".to_owned(), Attr::S(life.state.name().as_str().to_owned())),
        ("version".to_owned(), number(life.version)),
        ("epoch".to_owned(), number(life.epoch)),
    ]);
    if let Some(tell) = life.tell {
        item.insert("tell".to_owned(), number(tell));
    }
    if let Some(due) = due(life, now) {
        item.insert("work".to_owned(), Attr::S(lane(finding)));
        item.insert("due_at".to_owned(), Attr::N(due.as_millisecond()));
    }
    if life.state.is_terminal() {
        item.insert("ttl".to_owned(), Attr::N(now.as_second() + KEPT_SECONDS));
    }
    item
}

/// When the sweep looks at it again; `None` when nobody has to.
fn due(life: &Life, now: Timestamp) -> Option<Timestamp> {
    let untold = life.tell.and_then(|_| now.checked_add(UNTOLD).ok());
    // Without a timer of its own it waits for a person; it stays findable.
    let timer = life.due_at.or_else(|| (!life.state.is_terminal()).then_some(NEVER));
    [timer, untold, life.echo_due].into_iter().flatten().min()
}

/// Those that a transition must remove because [`life_columns`] did not write them.
pub(crate) fn absent_columns(life: &Life) -> Vec<&'static str> {
    let mut absent = Vec::new();
    if life.tell.is_none() {
        absent.push("tell");
    }
    if !life.is_work() {
        absent.extend(["work", "due_at"]);
    }
    if !life.state.is_terminal() {
        absent.push("ttl");
    }
    absent
}

/// The work index has eight lanes, so that no partition is hot.
fn lane(finding: &Finding) -> String {
    let sum: u32 = finding.id.as_str().bytes().map(u32::from).sum();
    format!("W#{}", sum % 8)
}

/// The types of `model` always serialise: they hold no maps with keys that are not text.
pub(crate) fn to_json<T: serde::Serialize>(value: &T) -> String {
    serde_json::to_string(value).unwrap_or_default()
}
