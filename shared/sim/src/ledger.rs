//! The ledger in memory: evaluates the same condition values that `aws` turns into expressions.

use crate::lock;
use engine::{Attr, Commit, Cursor, Edit, Index, Item, Key, Ledger, LedgerError, Page, Refused, Write};
use jiff::Timestamp;
use model::FindingId;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

/// DynamoDB's limit for one transaction.
const TRANSACTION_MAX: usize = 100;

#[derive(Debug, Clone, Default)]
pub struct MemoryLedger(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    items: BTreeMap<Key, Item>,
    /// After so many commits from now, one fails before it changes anything.
    fails_after: Option<u32>,
    /// After so many commits from now, somebody else writes this first.
    meanwhile: Option<(u32, Key, Item)>,
    /// The next commit is applied, and its answer is lost.
    lose_answer: bool,
}

impl MemoryLedger {
    pub fn items(&self) -> BTreeMap<Key, Item> {
        lock(&self.0).items.clone()
    }

    /// The items whose partition key starts so.
    pub fn starting(&self, pk: &str) -> Vec<(Key, Item)> {
        let state = lock(&self.0);
        let of = state.items.iter().filter(|(key, _)| key.pk.starts_with(pk));
        of.map(|(key, item)| (key.clone(), item.clone())).collect()
    }

    /// As a TTL does.
    pub fn forget(&self, key: &Key) {
        lock(&self.0).items.remove(key);
    }

    pub fn put(&self, key: Key, item: Item) {
        lock(&self.0).items.insert(key, item);
    }

    /// Somebody else takes an item away.
    pub fn remove(&self, key: &Key) {
        lock(&self.0).items.remove(key);
    }

    /// After `passing` commits from now, one fails before it changes anything.
    pub fn fail_commit_after(&self, passing: u32) {
        lock(&self.0).fails_after = Some(passing);
    }

    /// After `passing` commits from now, somebody else writes this item just before the next one.
    pub fn write_meanwhile(&self, passing: u32, key: Key, item: Item) {
        lock(&self.0).meanwhile = Some((passing, key, item));
    }

    pub fn lose_next_answer(&self) {
        lock(&self.0).lose_answer = true;
    }
}

impl Ledger for MemoryLedger {
    async fn read(&self, key: &Key) -> Result<Option<Item>, LedgerError> {
        Ok(lock(&self.0).items.get(key).cloned())
    }

    async fn partition(&self, pk: &str, sk_prefix: &str) -> Result<Vec<(Key, Item)>, LedgerError> {
        let state = lock(&self.0);
        let first = Key { pk: pk.to_owned(), sk: sk_prefix.to_owned() };
        let of = |key: &Key| key.pk == pk && key.sk.starts_with(sk_prefix);
        let items = state.items.range(first..).take_while(|(key, _)| of(key));
        Ok(items.map(|(key, item)| (key.clone(), item.clone())).collect())
    }

    async fn commit(&self, writes: &[Write]) -> Result<Commit, LedgerError> {
        let mut state = lock(&self.0);
        let keys: BTreeSet<&Key> = writes.iter().map(|write| &write.key).collect();
        if keys.len() != writes.len() || writes.len() > TRANSACTION_MAX {
            return Err(LedgerError::Write("two writes to one item, or too many writes".into()));
        }
        match state.fails_after {
            Some(0) => {
                state.fails_after = None;
                return Err(LedgerError::Write("the ledger is down".into()));
            }
            Some(passing) => state.fails_after = Some(passing - 1),
            None => {}
        }
        match state.meanwhile.take() {
            Some((0, key, item)) => drop(state.items.insert(key, item)),
            Some((passing, key, item)) => state.meanwhile = Some((passing - 1, key, item)),
            None => {}
        }
        let refused: Vec<Refused> =
            writes.iter().map(|write| refused(write, state.items.get(&write.key))).collect();
        if refused.iter().any(Refused::is_yes) {
            return Ok(Commit::Refused(refused));
        }
        for write in writes {
            apply(write, &mut state.items);
        }
        if std::mem::take(&mut state.lose_answer) {
            return Err(LedgerError::Write("the answer was lost".into()));
        }
        Ok(Commit::Done)
    }
}

impl Index for MemoryLedger {
    async fn due(&self, lane: u8, by: Timestamp, _: Option<&Cursor>) -> Result<Page<FindingId>, LedgerError> {
        let state = lock(&self.0);
        let lane = Attr::S(format!("W#{lane}"));
        let mut due: Vec<(i64, FindingId)> = state
            .items
            .iter()
            .filter(|(_, item)| item.get("work") == Some(&lane))
            .filter_map(|(key, item)| match item.get("due_at") {
                Some(Attr::N(due)) if *due <= by.as_millisecond() => {
                    Some((*due, key.pk.strip_prefix("F#")?.parse().ok()?))
                }
                _ => None,
            })
            .collect();
        due.sort();
        Ok(Page { items: due.into_iter().map(|(_, id)| id).collect(), next: None })
    }

    async fn all(&self, _: Option<&Cursor>) -> Result<Page<(Key, Item)>, LedgerError> {
        let state = lock(&self.0);
        let items = state.items.iter().map(|(key, item)| (key.clone(), item.clone())).collect();
        Ok(Page { items, next: None })
    }
}

pub(crate) fn refused(write: &Write, item: Option<&Item>) -> Refused {
    if write.only_if.holds(item) { Refused::No } else { Refused::Yes(item.cloned()) }
}

pub(crate) fn apply(Write { key, edit, .. }: &Write, items: &mut BTreeMap<Key, Item>) {
    match edit {
        Edit::Put(item) => drop(items.insert(key.clone(), item.clone())),
        Edit::Delete => drop(items.remove(key)),
        Edit::Check => {}
        Edit::Update { set, add, remove } => {
            let item = items.entry(key.clone()).or_default();
            item.extend(set.iter().map(|(name, value)| (name.clone(), value.clone())));
            for name in remove {
                item.remove(*name);
            }
            for (name, more) in add {
                let sum = match item.get(*name) {
                    Some(Attr::N(number)) => number + more,
                    _ => *more,
                };
                item.insert((*name).to_owned(), Attr::N(sum));
            }
        }
    }
}
