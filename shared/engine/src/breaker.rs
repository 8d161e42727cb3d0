//! The circuit breaker: so many reverts a window, then people decide (REL-6).
//!
//! Windows are fixed, one item each. After a window in which more was wanted than its cap, the next one is half open:
//! it lets one finding through, and the one after it is whole again when that was enough.

use crate::ledger::{Attr, Item, Write};
use crate::{Key, Ledger, LedgerError, writes};
use jiff::Timestamp;
use model::planted::{self, Bug};
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
        let counted = counted.filter(|_| !planted::is(Bug::BreakerPerAttempt));
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Condition;

    const NOON: Timestamp = Timestamp::constant(1_800_014_400, 0);

    fn window(cap: i64, count: i64, shared: bool) -> Window {
        Window { key: Key::breaker_of_all(NOON), cap, count, shared }
    }

    #[test]
    fn one_full_window_opens_it_and_is_the_one_that_is_marked() {
        let breaker = Breaker { windows: vec![window(10, 9, false), window(3, 3, false)] };
        assert!(breaker.is_open());
        assert_eq!(breaker.tripped(NOON).len(), 1);
        let below = Breaker { windows: vec![window(10, 9, false), window(3, 2, false)] };
        assert!(!below.is_open() && below.tripped(NOON).is_empty());
        assert!(!Breaker::default().is_open(), "what is not reverted is counted nowhere");
        assert!(Breaker { windows: vec![window(0, 0, false)] }.is_open());
    }

    #[test]
    fn what_every_account_writes_is_in_the_transaction_only_near_its_cap() {
        let breaker = Breaker { windows: vec![window(10, 0, false), window(100, 0, true)] };
        let [kill, counted] = breaker.guards(NOON).try_into().unwrap();
        assert_eq!((kill.key, counted.key), (Key::kill_switch(), Key::breaker_of_all(NOON)));
        assert_eq!(breaker.uncounted(NOON).len(), 1);
    }

    #[test]
    fn an_approval_is_counted_over_every_cap() {
        let full = Item::from([("n".to_owned(), Attr::N(1_000_000))]);
        let breaker = Breaker { windows: vec![window(10, 10, false), window(100, 100, true)] };
        let approved = breaker.approved(NOON);
        assert_eq!(approved.len(), 2);
        assert!(approved.iter().all(|write| write.only_if.holds(Some(&full)) && write.only_if.holds(None)));
        assert!(breaker.guards(NOON).iter().any(|write| !write.only_if.holds(Some(&full))));
        assert!(approved.iter().all(|write| write.only_if != Condition::Always));
    }

    #[test]
    fn windows_begin_at_whole_tens_of_minutes_and_hours_and_follow_on_each_other() {
        let (account, rule) = ("111122223333".parse().unwrap(), "ec2-sg-ssh-open".parse().unwrap());
        let at = |seconds: i64| Timestamp::from_second(NOON.as_second() + seconds).unwrap();
        let of_rule = |seconds| Key::breaker_of_rule(&account, &rule, at(seconds));
        assert_eq!(of_rule(0), of_rule(599));
        assert_ne!(of_rule(599), of_rule(600));
        assert_eq!(of_rule(600).window_before(TEN_MINUTES), of_rule(0));
        let of_account = |seconds| Key::breaker_of_account(&account, at(seconds));
        assert_eq!(of_account(0), of_account(3_599));
        assert_eq!(of_account(3_600).window_before(HOUR), of_account(0));
    }
}
