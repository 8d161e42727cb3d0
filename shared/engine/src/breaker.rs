//! The circuit breaker: so many reverts a window, then people decide (REL-6).
//!
//! Windows are fixed, one item each. After a window in which more was wanted than its cap, the next one is half open:
//! it lets one finding through, and the one after it is whole again when that was enough.

use crate::ledger::{Attr, Item, Write};
use crate::{Key, Ledger, LedgerError, writes};
use jiff::Timestamp;
use model::{AccountId, RuleId};
use rules::Breaker as Caps;

/// What a half-open window lets through.
const TRIAL: i64 = 1;
const TEN_MINUTES: i64 = 600;
const HOUR: i64 = 3_600;

/// The windows in which one finding counts, as they were read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Breaker {
    windows: Vec<Window>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Window {
    key: Key,
    cap: i64,
    count: i64,
    /// Every account writes it: kept out of the transaction while it is far from its cap.
    shared: bool,
}

impl Breaker {
    /// Reading first keeps a storm from fighting over counters that are full anyway.
    pub(crate) async fn read(
        ledger: &impl Ledger,
        caps: Caps,
        account: &AccountId,
        rule: &RuleId,
        now: Timestamp,
    ) -> Result<Self, LedgerError> {
        let scopes = [
            (Key::breaker_of_rule(account, rule, now), caps.rule_per_10_minutes, TEN_MINUTES),
            (Key::breaker_of_account(account, now), caps.account_per_hour, HOUR),
            (Key::breaker_of_all(now), caps.overall_per_hour, HOUR),
        ];
        let mut windows = Vec::new();
        for (at, (key, cap, seconds)) in scopes.into_iter().enumerate() {
            let before = ledger.read(&key.window_before(seconds)).await?;
            let tripped = before.is_some_and(|item| item.get("tripped") == Some(&Attr::Bool(true)));
            let cap = if tripped { i64::from(cap).min(TRIAL) } else { i64::from(cap) };
            let count = count(ledger.read(&key).await?.as_ref());
            windows.push(Window { key, cap, count, shared: at == 2 && count < cap / 2 });
        }
        Ok(Self { windows })
    }

    pub(crate) fn is_open(&self) -> bool {
        self.windows.iter().any(|window| window.count >= window.cap)
    }

    /// What goes into the transaction that queues a revert.
    pub(crate) fn guards(&self, now: Timestamp) -> Vec<Write> {
        let counted = self.windows.iter().filter(|window| !window.shared);
        let counted = counted.map(|window| writes::counted(window.key.clone(), window.cap, now));
        std::iter::once(writes::kill_switch_off()).chain(counted).collect()
    }

    /// What is counted on its own afterwards.
    pub(crate) fn uncounted(&self, now: Timestamp) -> Vec<Write> {
        let shared = self.windows.iter().filter(|window| window.shared);
        shared.map(|window| writes::counted(window.key.clone(), window.cap, now)).collect()
    }

    /// More was wanted than the full windows let through: the next ones are half open.
    pub(crate) fn tripped(&self, now: Timestamp) -> Vec<Write> {
        let full = self.windows.iter().filter(|window| window.count >= window.cap);
        full.map(|window| writes::tripped(window.key.clone(), now)).collect()
    }

    /// What a person approved is counted, and never refused.
    pub(crate) fn approved(&self, now: Timestamp) -> Vec<Write> {
        self.windows.iter().map(|window| writes::counted(window.key.clone(), i64::MAX, now)).collect()
    }
}

fn count(item: Option<&Item>) -> i64 {
    match item.and_then(|item| item.get("n")) {
        Some(Attr::N(count)) => *count,
        _ => 0,
    }
}
