//! One share: with whom a snapshot, an image or a document is shared from now on.

use crate::{AccountId, Untrusted};
use serde::{Deserialize, Serialize};

/// One audience that a call added.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Share {
    /// What is shared, and with whom.
    pub id: Untrusted,
    pub with: Audience,
}

/// With whom something is shared.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Audience {
    /// `all`.
    Everyone,
    /// By its id, or by the ARN of something in it: a role, a namespace.
    Account(AccountId),
    /// An organisation or a unit of one, by its ARN.
    Organisation(Untrusted),
    /// What is none of these: a service, an id that cannot be read.
    Other(Untrusted),
}

impl Audience {
    pub fn text(&self) -> &str {
        match self {
            Self::Everyone => "everyone",
            Self::Account(account) => account.as_str(),
            Self::Organisation(name) | Self::Other(name) => name.raw(),
        }
    }
}

impl Share {
    /// What it permits, as one text.
    pub(crate) fn canonical(&self) -> String {
        format!("share|{:?}", self.with)
    }
}
