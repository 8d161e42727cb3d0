//! What a rule found fault with, and all that a reverter may touch.

use crate::{Grant, Opening, Share, Source, Statement, Store};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// One item of a view. Closed: a view that can be reverted has its variant.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Item {
    Opening(Opening),
    Statement(Statement),
    Grant(Grant),
    Share(Share),
    Store(Store),
}

/// What an item held before the change, as far as the ledger knows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prior {
    pub item: Item,
    /// When the change happened that the ledger learned it from.
    pub seen_at: Timestamp,
}

/// An item for which a rule's condition is true.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Culprit {
    pub item: Item,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prior: Option<Prior>,
}

/// 16 hexadecimal digits: equal for items that permit the same, whatever their id and description.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ContentHash(String);

impl ContentHash {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for ContentHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl Item {
    /// The id AWS gave the item, where the event or the observer told it; of what has none in AWS, its place.
    pub fn id(&self) -> Option<&str> {
        match self {
            Self::Opening(opening) => opening.rule.as_ref().map(crate::GroupRuleId::as_str),
            Self::Statement(statement) => Some(statement.id.raw()),
            Self::Grant(grant) => Some(grant.id.raw()),
            Self::Share(share) => Some(share.id.raw()),
            Self::Store(store) => Some(store.id.raw()),
        }
    }

    pub fn content(&self) -> ContentHash {
        use sha2::Digest as _;
        let text = match self {
            Self::Opening(Opening { direction, traffic, source, .. }) => {
                let source = match source {
                    Source::Net(net) => format!("net {net}"),
                    Source::PrefixList(list) => format!("prefix list {list}"),
                    Source::Group { group, account } => {
                        format!(
                            "group {} {}",
                            group.raw(),
                            account.as_ref().map_or("", crate::AccountId::as_str)
                        )
                    }
                };
                format!("opening|{direction:?}|{traffic:?}|{source}")
            }
            Self::Statement(statement) => statement.canonical(),
            Self::Grant(grant) => grant.canonical(),
            Self::Share(share) => share.canonical(),
            Self::Store(store) => store.canonical(),
        };
        let digest = sha2::Sha256::digest(text.as_bytes());
        let mut hash = data_encoding::HEXLOWER.encode(&digest);
        hash.truncate(16);
        ContentHash(hash)
    }

    /// Do the two permit the same?
    pub fn same_content(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Opening(one), Self::Opening(two)) => one.same_content(two),
            (Self::Statement(one), Self::Statement(two)) => one.same_content(two),
            (Self::Grant(one), Self::Grant(two)) => one.canonical() == two.canonical(),
            (Self::Share(one), Self::Share(two)) => one.with == two.with,
            (Self::Store(one), Self::Store(two)) => one.canonical() == two.canonical(),
            _ => false,
        }
    }
}
