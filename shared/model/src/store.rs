//! One place that keeps data: a volume, a database, a queue, a bucket; with how it is encrypted.

use crate::Untrusted;
use serde::{Deserialize, Serialize};

/// One place that a call makes or changes.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Store {
    /// The service, the resource and the part of it.
    pub id: Untrusted,
    /// The part where there are several (`/dev/sdf`), else the resource.
    pub name: Untrusted,
    /// At rest. Absent: the call does not say, and what holds then is decided elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encrypted: Option<bool>,
    /// The key's id, ARN or alias; absent where the call names none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<Untrusted>,
    /// Does it talk without TLS too? Absent: the call does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plain: Option<bool>,
}

impl Store {
    /// A key of AWS's own, or none named: nobody else can be kept from it, and nobody can take it away.
    pub fn has_aws_key(&self) -> bool {
        self.key.as_ref().is_none_or(|key| {
            let name = key.raw();
            name.starts_with("aws/") || name.starts_with("alias/aws/") || name.contains(":alias/aws/")
        })
    }

    /// What it says, as one text.
    pub(crate) fn canonical(&self) -> String {
        let key = self.key.as_ref().map(Untrusted::raw);
        format!("store|{:?}|{:?}|{key:?}|{:?}", self.name.raw(), self.encrypted, self.plain)
    }
}
