//! CloudTrail's own memory: what was recorded, whether or not it was delivered.

use crate::lock;
use engine::{Cursor, Page, TrailError, TrailLog};
use jiff::Timestamp;
use model::AccountId;
use std::sync::{Arc, Mutex};

#[derive(Debug, Clone, Default)]
pub struct MemoryTrail(Arc<Mutex<Inside>>);

#[derive(Debug, Default)]
struct Inside {
    records: Vec<(AccountId, Timestamp, Vec<u8>)>,
    denied: bool,
}

/// `LookupEvents` gives so many at a time.
const PAGE: usize = 50;

impl MemoryTrail {
    pub fn record(&self, account: AccountId, at: Timestamp, record: Vec<u8>) {
        lock(&self.0).records.push((account, at, record));
    }

    pub fn deny(&self, denied: bool) {
        lock(&self.0).denied = denied;
    }
}

impl TrailLog for MemoryTrail {
    async fn lookup(
        &self,
        account: &AccountId,
        (from, to): (Timestamp, Timestamp),
        after: Option<&Cursor>,
    ) -> Result<Page<Vec<u8>>, TrailError> {
        let inside = lock(&self.0);
        if inside.denied {
            return Err(TrailError::Denied("AccessDeniedException".into()));
        }
        let between = |at: &Timestamp| from <= *at && *at < to;
        let records = inside.records.iter().filter(|(own, at, _)| own == account && between(at));
        let records: Vec<Vec<u8>> = records.map(|(.., record)| record.clone()).collect();
        Ok(crate::page(&records, after, PAGE))
    }
}
