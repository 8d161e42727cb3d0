//! One line of a finding's history, chained to the one before by its hash.

use crate::ledger::{Attr, Item};
use crate::record::to_json;
use data_encoding::HEXLOWER;
use jiff::Timestamp;
use model::{Evidence, Finding};
use sha2::{Digest as _, Sha256};

/// Why a finding moved, from where to where. Never changed once written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct History {
    pub version: u64,
    pub from: String,
    pub to: String,
    pub cause: String,
    pub at: Timestamp,
    /// A hash of what was found and of the pre-image, so that neither can be changed unseen.
    pub sum: String,
}

/// What the first line of each history follows on.
const NOTHING: &str = "";

/// The hash of a line that follows on `previous`.
pub(crate) fn chain(previous: &str, line: &History) -> String {
    let History { version, from, to, cause, at, sum } = line;
    // Lengths keep two different lines from reading the same.
    let mut sha = Sha256::new();
    for part in [previous, &version.to_string(), from, to, cause, &at.as_millisecond().to_string(), sum] {
        sha.update(part.len().to_string().as_bytes());
        sha.update(b":");
        sha.update(part.as_bytes());
    }
    HEXLOWER.encode(&sha.finalize())
}

/// The hash over a finding and its plan, as the ledger writes them.
pub(crate) fn sum(finding: &str, plan: Option<&str>) -> String {
    let mut sha = Sha256::new();
    for part in [Some(finding), plan].into_iter().flatten() {
        sha.update(part.len().to_string().as_bytes());
        sha.update(b":");
        sha.update(part.as_bytes());
    }
    HEXLOWER.encode(&sha.finalize())
}

/// As [`sum`], of the parts.
pub(crate) fn sum_of(finding: &Finding, evidence: &Evidence) -> String {
    sum(&to_json(finding), evidence.plan.as_ref().map(to_json).as_deref())
}

impl History {
    /// The line that an item holds, with the hashes it was written with: the one before's, and its own.
    pub fn of(item: &Item) -> Option<(Self, String, String)> {
        let text = |name| match item.get(name) {
            Some(Attr::S(text)) => Some(text.clone()),
            _ => None,
        };
        let number = |name| match item.get(name) {
            Some(Attr::N(number)) => Some(*number),
            _ => None,
        };
        let line = Self {
            version: u64::try_from(number("version")?).ok()?,
            from: text("from")?,
            to: text("to")?,
            cause: text("cause")?,
            at: Timestamp::from_millisecond(number("at")?).ok()?,
            sum: text("sum")?,
        };
        Some((line, text("prev_hash")?, text("hash")?))
    }

    /// The item, and the hash that the next line follows on.
    pub(crate) fn item(&self, previous: Option<&str>) -> (Item, String) {
        let previous = previous.unwrap_or(NOTHING);
        let hash = chain(previous, self);
        let text = |text: &str| Attr::S(text.to_owned());
        let item = Item::from([
            ("version".to_owned(), Attr::N(i64::try_from(self.version).unwrap_or(i64::MAX))),
            ("from".to_owned(), text(&self.from)),
            ("to".to_owned(), text(&self.to)),
            ("cause".to_owned(), text(&self.cause)),
            ("at".to_owned(), Attr::N(self.at.as_millisecond())),
            ("sum".to_owned(), text(&self.sum)),
            ("prev_hash".to_owned(), text(previous)),
            ("hash".to_owned(), text(&hash)),
        ]);
        (item, hash)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line() -> History {
        History {
            version: 2,
            from: "OPEN".into(),
            to: "QUEUED revert".into(),
            cause: "dispatch".into(),
            at: Timestamp::from_second(1_800_000_000).unwrap(),
            sum: sum("{}", None),
        }
    }

    #[test]
    fn a_line_changed_in_any_part_has_another_hash() {
        let whole = chain("a", &line());
        assert_ne!(whole, chain("b", &line()));
        assert_ne!(whole, chain("a", &History { version: 3, ..line() }));
        assert_ne!(whole, chain("a", &History { from: "OPE".into(), to: "NQUEUED revert".into(), ..line() }));
        assert_ne!(whole, chain("a", &History { cause: "person".into(), ..line() }));
        assert_ne!(whole, chain("a", &History { sum: sum("[]", None), ..line() }));
        assert_ne!(whole, chain("a", &History { at: Timestamp::UNIX_EPOCH, ..line() }));
    }

    #[test]
    fn each_line_carries_the_hash_of_the_one_before() {
        let (first, hash) = line().item(None);
        let (second, _) = History { version: 3, ..line() }.item(Some(&hash));
        assert_eq!(second.get("prev_hash"), first.get("hash"));
    }
}
