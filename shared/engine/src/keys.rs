//! Where each item of the ledger lives (`docs/architecture.md`, the ledger).

use jiff::Timestamp;
use model::{AccountId, ContentHash, Culprit, EventId, FindingId, Item, Resource, RuleId, Waiver, WaiverId};

/// Partition and sort key of one item.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    pub pk: String,
    pub sk: String,
}

/// The sort key of an item that is alone in its partition.
const SINGLE: &str = "S";

impl Key {
    fn single(pk: String) -> Self {
        Self { pk, sk: SINGLE.to_owned() }
    }

    pub fn finding(id: &FindingId) -> Self {
        Self::single(format!("F#{id}"))
    }

    pub fn history(id: &FindingId, version: u64) -> Self {
        Self { pk: format!("F#{id}"), sk: format!("H#{version:08}") }
    }

    /// The recipient account belongs to it: the same event id can be recorded in two accounts.
    pub fn seen(event: &EventId, account: &AccountId) -> Self {
        Self::single(format!("EV#{event}#{account}"))
    }

    /// Who takes care of this culprit. One without an id of its own is named by its resource and content.
    pub fn target(resource: &Resource, culprit: &Culprit) -> Self {
        let Resource { account, region, id, .. } = resource;
        let name = culprit.item.id().unwrap_or(id.raw());
        Self::single(format!("T#{account}#{region}#{name}#{}", culprit.item.content()))
    }

    pub fn resource(Resource { account, region, id, .. }: &Resource) -> Self {
        Self::single(format!("R#{account}#{region}#{}", id.raw()))
    }

    /// How often this content was taken from this resource, and from whom.
    pub fn fight(Resource { account, region, id, .. }: &Resource, content: &ContentHash) -> Self {
        Self { pk: format!("R#{account}#{region}#{}", id.raw()), sk: format!("X#{content}") }
    }

    /// The partitions of the waivers that can cover an account.
    pub fn waivers_of(account: Option<&AccountId>) -> String {
        format!("WV#{}", account.map_or("*", AccountId::as_str))
    }

    pub fn waiver(waiver: &Waiver) -> Self {
        Self { pk: Self::waivers_of(waiver.account.as_ref()), sk: waiver.id.to_string() }
    }

    /// How often a waiver that is written in the configuration was used.
    pub fn waiver_as_code(id: &WaiverId) -> Self {
        Self { pk: "WV#code".to_owned(), sk: id.to_string() }
    }

    /// Which finding tells of a breaker that opened, for all that wait.
    pub fn digest(account: &AccountId, now: Timestamp) -> Self {
        let hour = Self::breaker_of_account(account, now);
        Self { sk: hour.sk.replacen('W', "D", 1), ..hour }
    }

    /// How far a sweep has come.
    pub fn sweep(job: &str) -> Self {
        Self { pk: "SW".to_owned(), sk: job.to_owned() }
    }

    /// The same window before this one.
    pub(crate) fn window_before(&self, seconds: i64) -> Self {
        let start =
            self.sk.strip_prefix("W#").and_then(|start| start.parse::<i64>().ok()).unwrap_or_default();
        Self { pk: self.pk.clone(), sk: format!("W#{}", start - seconds) }
    }

    /// What an item held when it was last changed, as its event told.
    pub fn known(Resource { account, region, id, .. }: &Resource, item: &Item) -> Option<Self> {
        let name = item.id()?;
        Some(Self { pk: format!("R#{account}#{region}#{}", id.raw()), sk: format!("K#{name}") })
    }

    pub fn breaker_of_rule(account: &AccountId, rule: &RuleId, now: Timestamp) -> Self {
        Self::window(format!("B#{account}#{rule}"), now, 600)
    }

    pub fn breaker_of_account(account: &AccountId, now: Timestamp) -> Self {
        Self::window(format!("B#{account}"), now, 3_600)
    }

    pub fn breaker_of_all(now: Timestamp) -> Self {
        Self::window("B#all".to_owned(), now, 3_600)
    }

    fn window(pk: String, now: Timestamp, seconds: i64) -> Self {
        let start = now.as_second().div_euclid(seconds) * seconds;
        Self { pk, sk: format!("W#{start}") }
    }

    /// What a rule that counts saw of one actor, address, account or resource; texts of an event make no key as they
    /// are.
    pub fn count(rule: &RuleId, together: &str) -> Self {
        use sha2::Digest as _;
        let mut hash = data_encoding::HEXLOWER.encode(&sha2::Sha256::digest(together.as_bytes()));
        hash.truncate(32);
        Self::single(format!("N#{rule}#{hash}"))
    }

    pub fn kill_switch() -> Self {
        Self { pk: "CFG".to_owned(), sk: "KILL".to_owned() }
    }
}
