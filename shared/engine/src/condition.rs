//! Conditions of the ledger as values: built here, turned into expressions by `aws`, evaluated by the simulation.

use crate::ledger::{Attr, Item};

/// What must be true of an item for a write to happen. Closed; names are attribute names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    Always,
    /// There is no such item.
    Absent,
    Is(&'static str, Attr),
    /// The item has no such attribute (or there is no item).
    Lacks(&'static str),
    /// The attribute is a number below this one.
    Below(&'static str, i64),
    All(Vec<Condition>),
    Any(Vec<Condition>),
}

impl Condition {
    /// The reference: what DynamoDB answers, for the item as it stands.
    pub fn holds(&self, item: Option<&Item>) -> bool {
        let attribute = |name: &str| item.and_then(|item| item.get(name));
        match self {
            Self::Always => true,
            Self::Absent => item.is_none(),
            Self::Is(name, wanted) => attribute(name) == Some(wanted),
            Self::Lacks(name) => attribute(name).is_none(),
            Self::Below(name, limit) => matches!(attribute(name), Some(Attr::N(number)) if number < limit),
            Self::All(parts) => parts.iter().all(|part| part.holds(item)),
            Self::Any(parts) => parts.iter().any(|part| part.holds(item)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item() -> Item {
        Item::from([("n".to_owned(), Attr::N(3)), ("s".to_owned(), Attr::S("OPEN".to_owned()))])
    }

    #[test]
    fn an_absent_item_is_absent_lacks_everything_and_is_nothing() {
        assert!(Condition::Absent.holds(None) && !Condition::Absent.holds(Some(&item())));
        assert!(Condition::Lacks("n").holds(None) && !Condition::Lacks("n").holds(Some(&item())));
        assert!(!Condition::Is("s", Attr::S("OPEN".into())).holds(None));
        assert!(!Condition::Below("n", 9).holds(None));
    }

    #[test]
    fn a_number_is_below_a_greater_one_only() {
        assert!(Condition::Below("n", 4).holds(Some(&item())));
        assert!(!Condition::Below("n", 3).holds(Some(&item())));
        assert!(!Condition::Below("s", 3).holds(Some(&item())));
    }

    #[test]
    fn all_and_any_are_what_they_say() {
        let (yes, no) = (Condition::Always, Condition::Absent);
        assert!(Condition::Any(vec![no.clone(), yes.clone()]).holds(Some(&item())));
        assert!(!Condition::All(vec![no, yes]).holds(Some(&item())));
    }
}
