//! Permission to stand: what is let stand, who answers for it, why, and for how long.

use crate::{AccountId, Actor, Resource, RuleId, WaiverId};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use wildmatch::WildMatch;

/// What a person, or `gardefou.yaml`, lets stand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiver {
    pub id: WaiverId,
    /// Absent: whatever the rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<RuleId>,
    /// Absent: whatever the account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<AccountId>,
    /// A resource's id; `*` stands for any text.
    pub resource: String,
    /// The ARN of who did it, or of the role; `*` stands for any text. Absent: whoever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
    /// Who answers for it.
    pub owner: String,
    pub reason: String,
    /// A violation that is older is not covered.
    pub from: Timestamp,
    pub until: Timestamp,
}

/// Why something cannot be waived so.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotWaivable {
    #[error("a waiver ends {days} days after it begins, at the latest", days = Waiver::DAYS_MAX)]
    TooLong,
    #[error("a waiver ends after it begins")]
    Over,
    #[error("a waiver needs its {0}")]
    Blank(&'static str),
    #[error("a waiver of every rule on every resource would switch the guard off")]
    Everything,
}

impl Waiver {
    pub const DAYS_MAX: i64 = 90;

    /// Is it one that may be granted?
    pub fn check(&self) -> Result<(), NotWaivable> {
        let longest = SignedDuration::from_hours(24 * Self::DAYS_MAX);
        let blank = |text: &str| text.trim().is_empty();
        if blank(&self.owner) {
            Err(NotWaivable::Blank("owner"))
        } else if blank(&self.reason) {
            Err(NotWaivable::Blank("reason"))
        } else if self.until <= self.from {
            Err(NotWaivable::Over)
        } else if self.until.duration_since(self.from) > longest {
            Err(NotWaivable::TooLong)
        } else if self.rule.is_none() && self.resource.chars().all(|c| c == '*') && self.actor.is_none() {
            Err(NotWaivable::Everything)
        } else {
            Ok(())
        }
    }

    /// Does it cover this violation? It must have been granted before, and must still hold.
    pub fn lets(
        &self,
        rule: &RuleId,
        resource: &Resource,
        actor: &Actor,
        happened: Timestamp,
        now: Timestamp,
    ) -> bool {
        let whoever = |pattern: &String| {
            let pattern = WildMatch::new(pattern);
            let names = [actor.role.as_deref(), actor.arn.as_deref()];
            names.into_iter().flatten().any(|name| pattern.matches(name))
        };
        self.rule.as_ref().is_none_or(|own| own == rule)
            && self.account.as_ref().is_none_or(|own| *own == resource.account)
            && WildMatch::new(&self.resource).matches(resource.id.raw())
            && self.actor.as_ref().is_none_or(whoever)
            && self.from <= happened
            && now < self.until
    }
}

#[cfg(test)]
#[path = "waiver_tests.rs"]
mod tests;
