//! The ledger's port: it reads one item, and writes several at once or none.

use crate::{Condition, Key, Retry};
use jiff::Timestamp;
use model::FindingId;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::future::Future;

/// One value of an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Attr {
    S(String),
    N(i64),
    Bool(bool),
    List(Vec<String>),
}

/// The attributes of an item without its key.
pub type Item = BTreeMap<String, Attr>;

/// What is done to one item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Edit {
    /// The whole item, whatever stood there.
    Put(Item),
    /// Some attributes; the item is made if it was not there.
    Update {
        set: Item,
        add: Vec<(&'static str, i64)>,
        remove: Vec<&'static str>,
    },
    /// Nothing: only the condition matters.
    Check,
    Delete,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Write {
    pub key: Key,
    pub edit: Edit,
    pub only_if: Condition,
}

/// What became of a set of writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Commit {
    Done,
    /// Nothing was written. One entry a write, in order.
    Refused(Vec<Refused>),
}

/// Whether a write's condition stood in the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    /// Its condition held, or was not looked at.
    No,
    /// Its condition did not hold; the item that stood there, if any.
    Yes(Option<Item>),
}

impl Refused {
    pub fn is_yes(&self) -> bool {
        matches!(self, Self::Yes(_))
    }
}

/// A table of items with conditional, all-or-nothing writes and strongly consistent reads.
pub trait Ledger: Send + Sync {
    fn read(&self, key: &Key) -> impl Future<Output = Result<Option<Item>, LedgerError>> + Send;
    /// Every item of a partition whose sort key begins so, by sort key.
    fn partition(
        &self,
        pk: &str,
        sk_prefix: &str,
    ) -> impl Future<Output = Result<Vec<(Key, Item)>, LedgerError>> + Send;
    /// At most 100 writes, each to another item.
    fn commit(&self, writes: &[Write]) -> impl Future<Output = Result<Commit, LedgerError>> + Send;
}

/// Finds what nobody named. Eventually consistent: what is found is read again before it is believed.
pub trait Index: Ledger {
    /// The findings of one lane of the work index that are due by then, the oldest first.
    fn due(
        &self,
        lane: u8,
        by: Timestamp,
        after: Option<&Cursor>,
    ) -> impl Future<Output = Result<Page<FindingId>, LedgerError>> + Send;
    /// Every item there is, in no order.
    fn all(
        &self,
        after: Option<&Cursor>,
    ) -> impl Future<Output = Result<Page<(Key, Item)>, LedgerError>> + Send;
}

/// Some of many, and where to go on; the last page has no `next`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    pub items: Vec<T>,
    pub next: Option<Cursor>,
}

/// Where a page ended, in the words of who made it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Cursor(pub String);

#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    #[error("the ledger could not be read")]
    Read(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("the ledger could not be written")]
    Write(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("other writers keep the ledger's items busy")]
    Contended,
    #[error("an attribute of the ledger has a type that gardefou never writes: `{0}`")]
    Foreign(String),
}

impl LedgerError {
    pub fn retry(&self) -> Retry {
        match self {
            Self::Read(_) | Self::Write(_) | Self::Contended => Retry::Later(None),
            Self::Foreign(_) => Retry::Never,
        }
    }
}
