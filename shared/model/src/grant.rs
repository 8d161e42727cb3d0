//! One line of an access list: whom a bucket or an object lets do what.

use crate::Untrusted;
use serde::{Deserialize, Serialize};

/// One grant of an access list.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Grant {
    /// Its resource, whom it lets in and what they may do.
    pub id: Untrusted,
    pub grantee: Grantee,
    /// `READ`, `WRITE`, `READ_ACP`, `WRITE_ACP`, `FULL_CONTROL`.
    pub permission: Untrusted,
}

/// Whom an access list lets in.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Grantee {
    /// The group `AllUsers`.
    Everyone,
    /// The group `AuthenticatedUsers`: whoever has an account of AWS.
    AnyAccount,
    /// A canonical id, a mail address, another group's URI, or a name of a canned list (`log-delivery-write`).
    Other(Untrusted),
}

impl Grantee {
    pub fn text(&self) -> &str {
        match self {
            Self::Everyone => "everyone",
            Self::AnyAccount => "every AWS account",
            Self::Other(name) => name.raw(),
        }
    }

    /// The two are as good as the same: an account is free.
    pub fn is_public(&self) -> bool {
        matches!(self, Self::Everyone | Self::AnyAccount)
    }
}

impl Grant {
    /// What it permits, as one text.
    pub(crate) fn canonical(&self) -> String {
        format!("grant|{:?}|{:?}", self.grantee, self.permission.raw())
    }
}
