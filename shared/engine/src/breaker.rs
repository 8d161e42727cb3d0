//! The circuit breaker: so many reverts a window, then people decide (REL-6).

use crate::ledger::{Attr, Write};
use crate::{Key, Ledger, LedgerError, writes};
use jiff::Timestamp;
use model::{AccountId, RuleId};
use rules::Breaker as Caps;

/// The windows in which one finding counts, as they were read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Breaker {
    pub(crate) open: bool,
    windows: Vec<(Key, i64)>,
    /// The overall window, kept out of the transaction while it is far from its cap: every account writes it.
    overall: Option<(Key, i64)>,
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
        let overall = Key::breaker_of_all(now);
        let windows = vec![
            (Key::breaker_of_rule(account, rule, now), i64::from(caps.rule_per_10_minutes)),
            (Key::breaker_of_account(account, now), i64::from(caps.account_per_hour)),
            (overall.clone(), i64::from(caps.overall_per_hour)),
        ];
        let mut breaker = Self::default();
        for (key, cap) in windows {
            let item = ledger.read(&key).await?;
            let count = match item.as_ref().and_then(|item| item.get("n")) {
                Some(Attr::N(count)) => *count,
                _ => 0,
            };
            breaker.open |= count >= cap;
            if key == overall && count < cap / 2 {
                breaker.overall = Some((key, cap));
            } else {
                breaker.windows.push((key, cap));
            }
        }
        Ok(breaker)
    }

    /// What goes into the transaction that queues a revert.
    pub(crate) fn guards(&self, now: Timestamp) -> Vec<Write> {
        let counted = self.windows.iter().map(|(key, cap)| writes::counted(key.clone(), *cap, now));
        std::iter::once(writes::kill_switch_off()).chain(counted).collect()
    }

    /// What is counted on its own afterwards.
    pub(crate) fn uncounted(&self, now: Timestamp) -> Option<Write> {
        self.overall.clone().map(|(key, cap)| writes::counted(key, cap, now))
    }
}
