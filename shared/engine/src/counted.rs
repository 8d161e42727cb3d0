//! Rules that count, on the event path: what was seen is kept in the ledger, one item a rule and who is counted.

use crate::ledger::{Attr, Commit, Edit, Item, Ledger, LedgerError, Write};
use crate::record::{SCHEMA, text, to_json};
use crate::{Condition, Key};
use jiff::Timestamp;
use model::{RuleId, Verdict};
use rules::{Added, Burst, Count, Judged};
use trail::Change;

/// A burst is many events at once, and each writes the same item.
const TRIES_MAX: usize = 12;
const COUNT_KEPT_SECONDS: i64 = 2 * 86_400;

/// Quiet of a rule that counts, unless this change fills its number. A redelivery of one that did is told again, so
/// that a writer which died after counting loses nothing.
pub(crate) async fn count<L: Ledger>(
    ledger: &L,
    judged: &mut [Judged<'_>],
    change: &Change,
    now: Timestamp,
) -> Result<(), LedgerError> {
    for Judged { rule, verdict } in judged {
        if let (Some(count), Verdict::Violation(_)) = (&rule.count, &*verdict)
            && !fills(ledger, &rule.id, count, change, now).await?
        {
            *verdict = Verdict::Quiet;
        }
    }
    Ok(())
}

async fn fills<L: Ledger>(
    ledger: &L,
    rule: &RuleId,
    count: &Count,
    change: &Change,
    now: Timestamp,
) -> Result<bool, LedgerError> {
    let key = Key::count(rule, &count.counted_together(change));
    for _ in 0..TRIES_MAX {
        let item = ledger.read(&key).await?;
        // What cannot be read is begun anew: a number is worth less than the event that it belongs to.
        let known =
            item.as_ref().and_then(|item| serde_json::from_str::<Burst>(text(item, "burst").ok()?).ok());
        let mut burst = known.unwrap_or_default();
        let added = burst.add(count, change);
        if let Added::Again { told } = added {
            return Ok(told);
        }
        let write =
            Write { key: key.clone(), edit: Edit::Put(counted(&burst, now)), only_if: unchanged(item) };
        if ledger.commit(&[write]).await? == Commit::Done {
            return Ok(added == Added::Tells);
        }
    }
    Err(LedgerError::Contended)
}

fn counted(burst: &Burst, now: Timestamp) -> Item {
    Item::from([
        ("schema".to_owned(), Attr::N(SCHEMA)),
        ("burst".to_owned(), Attr::S(to_json(burst))),
        ("ttl".to_owned(), Attr::N(now.as_second() + COUNT_KEPT_SECONDS)),
    ])
}

/// Nobody counted in between: the item says what it said.
fn unchanged(item: Option<Item>) -> Condition {
    match item.and_then(|mut item| item.remove("burst")) {
        None => Condition::Lacks("burst"),
        Some(burst) => Condition::Is("burst", burst),
    }
}
