//! What people look at before they decide: findings by any piece of their id, histories, waivers, the kill switch.

use crate::bells::Bells;
use crate::trouble::Trouble;
use engine::{Attr, Clock, FindingRecord, Index, Item, Key, Persons, Queue, chain, granted_in};
use futures::future::join_all;
use jiff::Timestamp;
use model::{FindingId, Waiver};
use std::collections::BTreeSet;
use std::str::FromStr;

/// The work index has so many lanes.
const LANES: u8 = 8;
/// Reads that are under way at the same time.
const READS: usize = 16;

/// The use cases of people, and what a copied command needs to reach the same stack.
#[derive(Debug)]
pub(crate) struct Office<L, Q, C> {
    pub(crate) persons: Persons<L, Bells<Q>, C>,
    pub(crate) again: String,
}

/// The beginning of a finding's id, or all of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Prefix(String);

impl Prefix {
    const MIN: usize = 6;
}

impl FromStr for Prefix {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let fits = (Self::MIN..=26).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_lowercase() || (b'2'..=b'7').contains(&b));
        if fits {
            Ok(Self(text.to_owned()))
        } else {
            Err("six or more characters of a finding's id: letters in lower case, and 2 to 7".to_owned())
        }
    }
}

/// Findings, and what could not be read of others.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) records: Vec<FindingRecord>,
    pub(crate) unread: Vec<String>,
}

impl Found {
    fn add(&mut self, id: &str, item: &Item) {
        match FindingRecord::try_from(item) {
            Ok(record) => self.records.push(record),
            Err(error) => self.unread.push(format!("finding `{id}` cannot be read: {}", chain(&error))),
        }
    }
}

/// Is it on, and who turned it last.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct KillSwitch {
    pub(crate) on: bool,
    pub(crate) by: Option<String>,
    pub(crate) reason: Option<String>,
    pub(crate) at: Option<Timestamp>,
}

/// A waiver of the ledger, with its use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Granted {
    pub(crate) waiver: Waiver,
    pub(crate) as_code: bool,
    pub(crate) uses: i64,
    pub(crate) last_used: Option<Timestamp>,
}

impl<L: Index, Q: Queue, C: Clock> Office<L, Q, C> {
    pub(crate) fn ledger(&self) -> &L {
        &self.persons.desk.ledger
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.persons.desk.now()
    }

    /// What is not finished, by the work index.
    async fn open_ids(&self) -> Result<BTreeSet<FindingId>, Trouble> {
        let mut ids = BTreeSet::new();
        for lane in 0..LANES {
            let mut after = None;
            loop {
                let page = self.ledger().due(lane, Timestamp::MAX, after.as_ref()).await?;
                ids.extend(page.items);
                after = page.next;
                if after.is_none() {
                    break;
                }
            }
        }
        Ok(ids)
    }

    /// The findings that are not finished, read strongly consistent.
    pub(crate) async fn open(&self) -> Result<Found, Trouble> {
        let ids: Vec<FindingId> = self.open_ids().await?.into_iter().collect();
        let mut found = Found::default();
        for some in ids.chunks(READS) {
            let keys: Vec<Key> = some.iter().map(Key::finding).collect();
            let read = join_all(keys.iter().map(|key| self.ledger().read(key))).await;
            for (id, item) in some.iter().zip(read) {
                if let Some(item) = item? {
                    found.add(id.as_str(), &item);
                }
            }
        }
        found.records.retain(|record| !record.life.state.is_terminal());
        Ok(found)
    }

    /// Every finding that the ledger holds; `seen` hears of each page.
    pub(crate) async fn everything(&self, mut seen: impl FnMut(usize)) -> Result<Found, Trouble> {
        let mut found = Found::default();
        self.scan(|key, item| {
            if let (Some(id), "S") = (key.pk.strip_prefix("F#"), key.sk.as_str()) {
                found.add(id, item);
                seen(found.records.len());
            }
        })
        .await?;
        Ok(found)
    }

    /// The ids of every finding of which anything is left.
    pub(crate) async fn ids(&self) -> Result<BTreeSet<FindingId>, Trouble> {
        let mut ids = BTreeSet::new();
        self.scan(|key, _| ids.extend(key.pk.strip_prefix("F#").and_then(|id| id.parse::<FindingId>().ok())))
            .await?;
        Ok(ids)
    }

    async fn scan(&self, mut each: impl FnMut(&Key, &Item)) -> Result<(), Trouble> {
        let mut after = None;
        loop {
            let page = self.ledger().all(after.as_ref()).await?;
            page.items.iter().for_each(|(key, item)| each(key, item));
            after = page.next;
            if after.is_none() {
                return Ok(());
            }
        }
    }

    /// The one finding whose id begins so. Those that are not finished come first: they are what people decide of.
    pub(crate) async fn resolve(&self, Prefix(prefix): &Prefix) -> Result<FindingId, Trouble> {
        if let Ok(id) = prefix.parse() {
            return Ok(id);
        }
        let beginning = |ids: BTreeSet<FindingId>| {
            ids.into_iter().filter(|id| id.as_str().starts_with(prefix.as_str())).collect::<Vec<_>>()
        };
        let mut ids = beginning(self.open_ids().await?);
        if ids.is_empty() {
            ids = beginning(self.ids().await?);
        }
        match ids.as_slice() {
            [] => Err(Trouble::Unknown(prefix.clone())),
            [only] => Ok(only.clone()),
            [one, two, ..] => Err(Trouble::Ambiguous {
                prefix: prefix.clone(),
                count: ids.len(),
                one: one.clone(),
                two: two.clone(),
            }),
        }
    }

    pub(crate) async fn record(&self, prefix: &Prefix) -> Result<FindingRecord, Trouble> {
        let id = self.resolve(prefix).await?;
        self.persons.desk.find(&id).await?.ok_or_else(|| Trouble::Unknown(id.to_string()))
    }

    /// All that the ledger holds of one finding: itself, and the lines of its history.
    pub(crate) async fn kept(&self, id: &FindingId) -> Result<(Option<Item>, Vec<(Key, Item)>), Trouble> {
        let all = self.ledger().partition(&Key::finding(id).pk, "").await?;
        let (lines, own): (Vec<_>, Vec<_>) = all.into_iter().partition(|(key, _)| key.sk.starts_with("H#"));
        Ok((own.into_iter().find(|(key, _)| key.sk == "S").map(|(_, item)| item), lines))
    }

    /// The last finding on the resource of another one.
    pub(crate) async fn last_on(&self, record: &FindingRecord) -> Result<Option<FindingId>, Trouble> {
        let item = self.ledger().read(&Key::resource(&record.finding.resource)).await?;
        let last = item.as_ref().and_then(|item| text(item, "last_finding"));
        Ok(last.and_then(|id| id.parse().ok()).filter(|id| *id != record.finding.id))
    }

    pub(crate) async fn kill_switch(&self) -> Result<KillSwitch, Trouble> {
        let Some(item) = self.ledger().read(&Key::kill_switch()).await? else {
            return Ok(KillSwitch::default());
        };
        Ok(KillSwitch {
            on: !matches!(item.get("on"), None | Some(Attr::Bool(false))),
            by: text(&item, "by"),
            reason: text(&item, "reason"),
            at: time(&item, "at"),
        })
    }

    /// The waivers that people granted, and how often each of those in the configuration was used.
    pub(crate) async fn waivers(&self, as_code: &[Waiver]) -> Result<Vec<Granted>, Trouble> {
        let mut waivers: Vec<Granted> = Vec::new();
        let granted = |waiver: Waiver, as_code: bool, item: Option<&Item>| Granted {
            waiver,
            as_code,
            uses: item.and_then(|item| number(item, "uses")).unwrap_or_default(),
            last_used: item.and_then(|item| time(item, "last_used_at")),
        };
        for waiver in as_code {
            let item = self.ledger().read(&Key::waiver_as_code(&waiver.id)).await?;
            waivers.push(granted(waiver.clone(), true, item.as_ref()));
        }
        self.scan(|key, item| {
            if let (true, Some(waiver)) = (key.pk.starts_with("WV#"), granted_in(item)) {
                waivers.push(granted(waiver, false, Some(item)));
            }
        })
        .await?;
        waivers
            .sort_by(|one, two| (one.waiver.until, &one.waiver.id).cmp(&(two.waiver.until, &two.waiver.id)));
        Ok(waivers)
    }
}

fn text(item: &Item, name: &str) -> Option<String> {
    match item.get(name) {
        Some(Attr::S(text)) => Some(text.clone()),
        _ => None,
    }
}

fn number(item: &Item, name: &str) -> Option<i64> {
    match item.get(name) {
        Some(Attr::N(number)) => Some(*number),
        _ => None,
    }
}

fn time(item: &Item, name: &str) -> Option<Timestamp> {
    Timestamp::from_millisecond(number(item, name)?).ok()
}
