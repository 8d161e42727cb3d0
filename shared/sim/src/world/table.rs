//! The ledger of a run: linearisable items, transactions that are evaluated as the ledger's values say, an index that
//! lags, and answers that get lost.

use super::core::{Core, Millis, SECOND, World};
use super::faults::Fault;
use crate::ledger::{apply, refused};
use engine::{Attr, Commit, Cursor, Edit, Index, Item, Key, Ledger, LedgerError, Page, Refused, Write};
use jiff::Timestamp;
use model::FindingId;
use model::planted::{self, Bug};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// A TTL is late by days.
const TTL_LATE: Millis = 3 * 86_400 * SECOND;

type Place = Option<(String, i64)>;

#[derive(Debug, Default)]
pub(crate) struct Table {
    pub(crate) items: BTreeMap<Key, Item>,
    /// What the work index shows, and what it will show.
    shown: BTreeMap<String, (String, i64)>,
    coming: VecDeque<(Millis, String, Place)>,
    /// Writes to anything but the sweep's own progress.
    pub(crate) writes: u64,
}

impl Table {
    /// When the next timer of the work index is due.
    pub(crate) fn next_due(&self) -> Option<Millis> {
        let due = |item: &Item| match item.get("due_at") {
            Some(Attr::N(due)) if item.contains_key("work") => Some(*due),
            _ => None,
        };
        self.findings().filter_map(|(_, item)| due(item)).min()
    }

    pub(crate) fn findings(&self) -> impl Iterator<Item = (&Key, &Item)> {
        let from = Key { pk: "F#".to_owned(), sk: String::new() };
        let of = self.items.range(from..).take_while(|(key, _)| key.pk.starts_with("F#"));
        of.filter(|(key, _)| key.sk == "S")
    }

    pub(crate) fn partition(&self, pk: &str, sk: &str) -> Vec<(Key, Item)> {
        let from = Key { pk: pk.to_owned(), sk: sk.to_owned() };
        let of = self.items.range(from..).take_while(|(key, _)| key.pk == pk && key.sk.starts_with(sk));
        of.map(|(key, item)| (key.clone(), item.clone())).collect()
    }

    fn show(&mut self, now: Millis) {
        while self.coming.front().is_some_and(|(at, ..)| *at <= now) {
            let Some((_, pk, place)) = self.coming.pop_front() else { return };
            match place {
                Some(place) => drop(self.shown.insert(pk, place)),
                None => drop(self.shown.remove(&pk)),
            }
        }
    }
}

fn place(item: Option<&Item>) -> Place {
    let item = item?;
    match (item.get("work"), item.get("due_at")) {
        (Some(Attr::S(lane)), Some(Attr::N(due))) => Some((lane.clone(), *due)),
        _ => None,
    }
}

impl Core {
    fn ledger_commit(&mut self, writes: &[Write]) -> Result<Commit, LedgerError> {
        let keys: BTreeSet<&Key> = writes.iter().map(|write| &write.key).collect();
        if keys.len() != writes.len() || writes.len() > 100 {
            let text = format!("{} writes to {} items", writes.len(), keys.len());
            self.violated("I8", format!("a transaction that DynamoDB refuses: {text}"), Vec::new());
            return Err(LedgerError::Write(text.into()));
        }
        if self.fires(Fault::LedgerNotWritten) {
            return Err(LedgerError::Write("ServiceUnavailable".into()));
        }
        if writes.len() > 1 && self.fires(Fault::LedgerConflict) {
            return Err(LedgerError::Contended);
        }
        let items = &self.table.items;
        let refused: Vec<Refused> =
            writes.iter().map(|write| refused(write, items.get(&write.key))).collect();
        if refused.iter().any(Refused::is_yes) {
            self.tell(|_| {
                let key = writes.iter().zip(&refused).find(|(_, refused)| refused.is_yes());
                format!("ledger refuses {}", key.map_or(String::new(), |(write, _)| spelt(&write.key)))
            });
            return Ok(Commit::Refused(refused));
        }
        for write in writes {
            self.ledger_write(write);
        }
        if self.fires(Fault::LedgerAnswerLost) {
            return Err(LedgerError::Write("the answer was lost".into()));
        }
        Ok(Commit::Done)
    }

    fn ledger_write(&mut self, write: &Write) {
        let key = &write.key;
        apply(write, &mut self.table.items);
        if write.edit == Edit::Check {
            return;
        }
        if key.pk != "SW" {
            self.table.writes += 1;
        }
        self.mix(&key.pk);
        if key.pk.starts_with("F#") && key.sk == "S" {
            let lag = self.rng.i64(0..5 * SECOND);
            let lag = if self.fires(Fault::IndexLag) { lag } else { 0 };
            let last = self.table.coming.back().map_or(0, |(at, ..)| *at);
            let place = place(self.table.items.get(key));
            self.table.coming.push_back(((self.now + lag).max(last), key.pk.clone(), place));
        } else if key.pk.starts_with("F#") {
            // The finding is the write before its history, so it stands there already.
            self.moved(key);
        } else if key.pk.starts_with("EV#") {
            self.tell(|_| format!("ledger {}", key.pk));
        }
    }

    fn ledger_due(&mut self, lane: u8, by: Timestamp) -> Vec<FindingId> {
        self.table.show(self.now);
        let mut by = by.as_millisecond();
        if planted::is(Bug::TtlAsTimer) && by < self.now + super::core::HOUR {
            by -= TTL_LATE;
        }
        let lane = format!("W#{lane}");
        let shown = self.table.shown.iter().filter(|(_, (of, due))| *of == lane && *due <= by);
        let mut due: Vec<(i64, FindingId)> =
            shown.filter_map(|(pk, (_, due))| Some((*due, pk.strip_prefix("F#")?.parse().ok()?))).collect();
        due.sort();
        due.into_iter().map(|(_, id)| id).collect()
    }

    fn throttled(&mut self) -> Result<(), LedgerError> {
        if self.fires(Fault::LedgerThrottle) {
            return Err(LedgerError::Read("ThrottlingException".into()));
        }
        Ok(())
    }
}

fn spelt(key: &Key) -> String {
    format!("{} {}", key.pk, key.sk)
}

/// The ledger's port.
#[derive(Debug, Clone)]
pub(crate) struct SimLedger(pub(crate) World);

impl Ledger for SimLedger {
    async fn read(&self, key: &Key) -> Result<Option<Item>, LedgerError> {
        self.0.call(|core| core.throttled().map(|()| core.table.items.get(key).cloned())).await
    }

    async fn partition(&self, pk: &str, sk_prefix: &str) -> Result<Vec<(Key, Item)>, LedgerError> {
        self.0.call(|core| core.throttled().map(|()| core.table.partition(pk, sk_prefix))).await
    }

    async fn commit(&self, writes: &[Write]) -> Result<Commit, LedgerError> {
        self.0.call(|core| core.ledger_commit(writes)).await
    }
}

impl Index for SimLedger {
    async fn due(&self, lane: u8, by: Timestamp, _: Option<&Cursor>) -> Result<Page<FindingId>, LedgerError> {
        let items = self.0.call(|core| core.throttled().map(|()| core.ledger_due(lane, by))).await?;
        Ok(Page { items, next: None })
    }

    async fn all(&self, _: Option<&Cursor>) -> Result<Page<(Key, Item)>, LedgerError> {
        let all = |core: &mut Core| {
            core.table.items.iter().map(|(key, item)| (key.clone(), item.clone())).collect()
        };
        Ok(Page { items: self.0.call(all).await, next: None })
    }
}
