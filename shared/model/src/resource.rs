//! What a change was made to.

use crate::{AccountId, Region, Service, Untrusted};
use serde::{Deserialize, Serialize};

/// One resource of one account in one region.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Resource {
    /// The account that owns it: the event's `recipientAccountId`.
    pub account: AccountId,
    pub region: Region,
    pub service: Service,
    /// As AWS names it: `sg-0123`, a bucket's name, an ARN. A name can be chosen by an attacker.
    pub id: Untrusted,
}
