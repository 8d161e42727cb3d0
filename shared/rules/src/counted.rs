//! Rules that count: one change is nothing, many within a while are a violation.
//!
//! A replay counts them in memory, the functions in the ledger; both with [`Burst`].

use crate::params::Param;
use crate::yaml::Place;
use crate::{Added, Burst, Judged, RuleBook};
use model::{RuleId, Verdict};
use serde::Deserialize;
use serde_json::Value;
use serde_saphyr::Spanned;
use std::collections::BTreeMap;
use trail::Change;

/// Longer than a day is no burst, and more than the ledger would keep.
const WITHIN_SECONDS_MAX: i64 = 24 * 60 * 60;
const AT_LEAST_MAX: i64 = 1_000;

/// `count` as people write it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Written {
    by: By,
    within: Spanned<String>,
    /// A number, or the name of a param that holds one.
    at_least: Spanned<Value>,
    /// What has to differ, so that the same once more is not counted.
    distinct: Option<By>,
}

/// How many of what a rule's condition says make a violation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Count {
    pub by: By,
    pub within_seconds: i64,
    pub at_least: i64,
    pub distinct: Option<By>,
    /// Where the number comes from, unless the rule names it.
    pub(crate) param: Option<String>,
}

/// What is counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum By {
    /// The role or the user, whatever the session.
    Actor,
    Address,
    Account,
    Resource,
}

impl Count {
    /// `Err` says what is wrong with it, and in which part.
    pub(crate) fn read(
        written: &Written,
        param: impl Fn(&str) -> Option<Param>,
    ) -> Result<Self, (Place, String)> {
        let refused = || "`within` is written `90s`, `10m` or `2h`, a day at most".to_owned();
        let within = Place::of(&written.within);
        let within_seconds = seconds(&written.within.value).ok_or_else(|| (within, refused()))?;
        let at = |text: String| (Place::of(&written.at_least), text);
        let (number, name) = match &written.at_least.value {
            Value::String(name) => match param(name) {
                Some(Param::Number(number)) => (Some(number), Some(name.clone())),
                Some(_) => return Err(at(format!("the param `{name}` is no number"))),
                None => return Err(at(format!("the rule has no param `{name}`"))),
            },
            value => (value.as_i64(), None),
        };
        let at_least = number.filter(|number| (2..=AT_LEAST_MAX).contains(number));
        let at_least =
            at_least.ok_or_else(|| at(format!("`atLeast` is a number from 2 to {AT_LEAST_MAX}")))?;
        Ok(Self { by: written.by, within_seconds, at_least, distinct: written.distinct, param: name })
    }
}

impl Count {
    /// Whose number the change is counted into.
    pub fn counted_together(&self, change: &Change) -> String {
        self.by.of(change)
    }
}

impl std::fmt::Display for Count {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let by = self.by.word();
        write!(f, "{} within {} s by one {by}", self.at_least, self.within_seconds)?;
        self.distinct.map_or(Ok(()), |distinct| write!(f, ", each of another {}", distinct.word()))
    }
}

fn seconds(text: &str) -> Option<i64> {
    let unit = text.chars().last()?;
    let factor = match unit {
        's' => 1,
        'm' => 60,
        'h' => 60 * 60,
        _ => return None,
    };
    let number: i64 = text.strip_suffix(unit)?.parse().ok()?;
    number.checked_mul(factor).filter(|seconds| (1..=WITHIN_SECONDS_MAX).contains(seconds))
}

/// What was seen so far for the rules that count.
#[derive(Debug, Default)]
pub struct Seen(BTreeMap<(RuleId, String), Burst>);

impl RuleBook {
    /// As [`judge`](Self::judge), with the rules that count: such a rule is violated by the change that fills its
    /// number, once a burst.
    pub fn judge_counting(&self, change: &Change, seen: &mut Seen) -> Vec<Judged<'_>> {
        let mut judged = self.judge_each(change);
        for Judged { rule, verdict } in &mut judged {
            if let (Some(count), Verdict::Violation(_)) = (&rule.count, &*verdict) {
                let burst = seen.0.entry((rule.id.clone(), count.counted_together(change))).or_default();
                if burst.add(count, change) != Added::Tells {
                    *verdict = Verdict::Quiet;
                }
            }
        }
        judged
    }
}

impl By {
    fn word(self) -> &'static str {
        match self {
            Self::Actor => "actor",
            Self::Address => "address",
            Self::Account => "account",
            Self::Resource => "resource",
        }
    }

    pub(crate) fn of(self, change: &Change) -> String {
        let actor = &change.actor;
        match self {
            Self::Actor => actor.role.clone().or_else(|| actor.arn.clone()),
            Self::Address => Some(change.source_address.raw().to_owned()),
            Self::Account => Some(change.account.to_string()),
            Self::Resource => {
                Some(format!("{} {} {}", change.account, change.region, change.resource.id.raw()))
            }
        }
        .unwrap_or_else(|| format!("{} {}", change.account, actor.name.raw()))
    }
}

#[cfg(test)]
#[path = "counted_tests.rs"]
mod tests;
