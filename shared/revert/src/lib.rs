//! What would take a change back: culprits and the resource as it is now → a plan, or a refusal.
//!
//! Floor 2: no clock, no environment, no I/O. One file a reverter; a reverter is one line of [`all`].

mod by_hand;
mod put_back;
mod security_group_rules;
mod standing;

pub use by_hand::revoke_by_hand;
pub use put_back::{missing, put_back};
pub use security_group_rules::{PRIOR_AGE_MAX, SecurityGroupRules};
pub use standing::{alike, standing};

use jiff::Timestamp;
use model::{Culprit, Observed, Plan, Refusal, ReverterName};

/// What is to be undone: the culprits of one event, and what the event was.
#[derive(Debug, Clone, Copy)]
pub struct Undo<'a> {
    pub culprits: &'a [Culprit],
    /// CloudTrail's `eventName`: it says whether the culprits were made or only changed. Absent: a sweep saw them, and
    /// what made them is not known.
    pub event_name: Option<&'a str>,
    /// When it happened, or was seen.
    pub event_time: Timestamp,
}

/// Makes the inverse of the changes it knows. It decides and does nothing.
pub trait Reverter: Sync {
    /// Named after what it restores.
    fn name(&self) -> &'static str;

    /// Everything its observing and its steps need of IAM; the policies are generated from it.
    fn permissions(&self) -> &'static [&'static str];

    /// The calls of its steps, as CloudTrail names them: event source and event name. They come back as echoes.
    fn calls(&self) -> &'static [(&'static str, &'static str)];

    /// The exact inverse of what the event did to the culprits that still stand, or why there is none.
    fn plan(&self, undo: &Undo<'_>, now: &Observed) -> Result<Plan, Refusal>;
}

/// Every reverter, by name.
pub fn all() -> &'static [&'static dyn Reverter] {
    &[&SecurityGroupRules]
}

pub fn reverter(name: &ReverterName) -> Option<&'static dyn Reverter> {
    all().iter().copied().find(|reverter| reverter.name() == name.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reverter_is_found_by_its_name_and_no_name_is_taken_twice() {
        let names: Vec<&str> = all().iter().map(|reverter| reverter.name()).collect();
        assert!(names.is_sorted_by(|one, two| one < two), "{names:?}");
        for name in names {
            let found = reverter(&name.parse().unwrap()).unwrap();
            assert_eq!(found.name(), name);
        }
        assert!(reverter(&"security-group-rules".parse().unwrap()).is_some());
        assert!(reverter(&"nothing-of-the-kind".parse().unwrap()).is_none());
    }

    #[test]
    fn every_reverter_names_its_calls_and_looks_before_them() {
        for reverter in all() {
            assert!(!reverter.calls().is_empty(), "{} does nothing", reverter.name());
            let more = reverter.permissions().len() > reverter.calls().len();
            assert!(more, "{} acts and does not look", reverter.name());
            for (source, _) in reverter.calls() {
                assert!(source.ends_with(".amazonaws.com"), "{source}");
            }
        }
    }

    #[test]
    fn permissions_are_actions_of_iam_and_never_a_wildcard() {
        for permission in all().iter().flat_map(|reverter| reverter.permissions()) {
            let (service, action) = permission.split_once(':').unwrap();
            assert!(
                !service.is_empty()
                    && service.bytes().all(|b| b.is_ascii_lowercase() || b == b'-' || b.is_ascii_digit())
            );
            assert!(!action.is_empty() && action.bytes().all(|b| b.is_ascii_alphanumeric()), "{permission}");
        }
    }
}
