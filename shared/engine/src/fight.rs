//! Somebody puts back what was taken: after a while, stopping is the only thing that helps (REL-7).

use crate::ledger::{Attr, Edit, Item, Ledger, LedgerError, Write};
use crate::record::{text, to_json};
use crate::{Condition, Key};
use jiff::{SignedDuration, Timestamp};
use model::{Actor, Culprit, Resource};
use serde::{Deserialize, Serialize};

const HALF_AN_HOUR: SignedDuration = SignedDuration::from_mins(30);
const DAY: SignedDuration = SignedDuration::from_hours(24);
const KEPT_SECONDS: i64 = 7 * 86_400;
/// As many are remembered, and of as many culprits: a transaction has room for no more.
const ROUNDS_MAX: usize = 10;
const CULPRITS_MAX: usize = 15;

/// When a content was taken from a resource.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Rounds(Vec<Timestamp>);

/// What is known of the culprits of one finding.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Fight {
    known: Vec<(Key, Option<Item>, Rounds)>,
}

impl Rounds {
    fn within(&self, time: SignedDuration, now: Timestamp) -> usize {
        self.0.iter().filter(|at| now.duration_since(**at) < time).count()
    }

    /// Twice in half an hour or three times in a day; once in a day where a tool does what its code says.
    fn is_fight(&self, by_tool: bool, now: Timestamp) -> bool {
        let today = self.within(DAY, now);
        self.within(HALF_AN_HOUR, now) >= 2 || today >= 3 || (by_tool && today >= 1)
    }
}

impl Fight {
    pub(crate) async fn read(
        ledger: &impl Ledger,
        resource: &Resource,
        culprits: &[Culprit],
    ) -> Result<Self, LedgerError> {
        let mut known: Vec<(Key, Option<Item>, Rounds)> = Vec::new();
        for culprit in culprits.iter().take(CULPRITS_MAX) {
            let key = Key::fight(resource, &culprit.item.content());
            if known.iter().any(|(other, ..)| *other == key) {
                continue;
            }
            let item = ledger.read(&key).await?;
            let rounds = item.as_ref().and_then(|item| serde_json::from_str(text(item, "rounds").ok()?).ok());
            known.push((key, item, rounds.unwrap_or_default()));
        }
        Ok(Self { known })
    }

    /// Who fights, in a sentence; `None` when nobody does.
    pub(crate) fn with(&self, actor: &Actor, now: Timestamp) -> Option<String> {
        let tool = actor.tool();
        let fights = self.known.iter().filter(|(.., rounds)| rounds.is_fight(tool.is_some(), now));
        let rounds = fights.map(|(.., rounds)| rounds.within(DAY, now)).max()?;
        let times = if rounds == 1 { "once".to_owned() } else { format!("{rounds} times") };
        Some(match tool {
            Some(tool) => format!("taken back {times} within a day, and {tool} puts it back: fix the code"),
            None => format!("taken back {times} within a day, and put back each time"),
        })
    }

    /// One more round, in the transaction that queues the revert: two at once are counted one after the other.
    pub(crate) fn round(&self, now: Timestamp) -> Vec<Write> {
        let write = |(key, item, rounds): &(Key, Option<Item>, Rounds)| {
            let mut rounds = rounds.clone();
            rounds.0.push(now);
            let first = rounds.0.len().saturating_sub(ROUNDS_MAX);
            rounds.0.drain(..first);
            let put = Item::from([
                ("rounds".to_owned(), Attr::S(to_json(&rounds))),
                ("ttl".to_owned(), Attr::N(now.as_second() + KEPT_SECONDS)),
            ]);
            let only_if = match item.as_ref().and_then(|item| item.get("rounds")) {
                Some(known) => Condition::Is("rounds", known.clone()),
                None => Condition::Lacks("rounds"),
            };
            Write { key: key.clone(), edit: Edit::Put(put), only_if }
        };
        self.known.iter().map(write).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minutes: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + minutes * 60).unwrap()
    }

    fn rounds(minutes: &[i64]) -> Rounds {
        Rounds(minutes.iter().map(|minutes| at(*minutes)).collect())
    }

    #[test]
    fn people_fight_on_the_third_time_in_half_an_hour_or_the_fourth_in_a_day() {
        assert!(!rounds(&[]).is_fight(false, at(0)));
        assert!(!rounds(&[0]).is_fight(false, at(5)));
        assert!(rounds(&[0, 10]).is_fight(false, at(29)));
        assert!(!rounds(&[0, 10]).is_fight(false, at(30)));
        assert!(!rounds(&[0, 100]).is_fight(false, at(200)));
        assert!(rounds(&[0, 100, 200]).is_fight(false, at(300)));
        assert!(!rounds(&[0, 100, 200]).is_fight(false, at(1_440)));
    }

    #[test]
    fn a_tool_fights_on_the_second_time_in_a_day() {
        assert!(!rounds(&[]).is_fight(true, at(0)));
        assert!(rounds(&[0]).is_fight(true, at(1_439)));
        assert!(!rounds(&[0]).is_fight(true, at(1_440)));
    }
}
