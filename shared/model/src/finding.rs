//! One change on one resource that violates rules.

use crate::{
    Actor, Culprit, EventId, FindingId, Item, Mode, Plan, Refusal, Resource, ReverterName, RuleId, Severity,
    Untrusted,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// One change on one resource, with the rules it violates and their culprits. Written once, never changed;
/// what happens to it afterwards is its [`Life`] and its [`Evidence`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    pub id: FindingId,
    pub resource: Resource,
    pub cause: Cause,
    pub actor: Actor,
    /// The most severe first, then by id.
    pub violations: Vec<Violation>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub undecided: Vec<Undecided>,
    /// Every item that a violated rule names, once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub culprits: Vec<Culprit>,
    /// Items that the change added and no rule names: left alone, and said so.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub neighbours: Vec<Item>,
    /// Which rules judged: the short hash of their pack. Empty in findings that are older than packs.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub pack: String,
    pub opened_at: Timestamp,
}

/// What made gardefou look.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    Event(EventRef),
}

/// The CloudTrail record behind a finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventRef {
    pub id: EventId,
    /// `eventSource`: `ec2.amazonaws.com`.
    pub source: String,
    pub name: String,
    pub time: Timestamp,
}

/// One rule that the change violates.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Violation {
    pub rule: RuleId,
    pub title: String,
    pub severity: Severity,
    pub asked: Mode,
    pub granted: Mode,
    /// How to undo it; absent where there is nothing to take back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reverter: Option<ReverterName>,
    pub message: Untrusted,
    /// What to do instead.
    pub instead: String,
    /// Positions in [`Finding::culprits`].
    pub culprits: Vec<usize>,
    /// Does the rule ask a second condition of the observed state before anything is done?
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub holds: bool,
}

/// A rule that could not be answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Undecided {
    pub rule: RuleId,
    pub severity: Severity,
    pub granted: Mode,
    pub reason: String,
}

impl Finding {
    /// The strongest mode any of its rules was granted; rules that could not be answered count only when there are
    /// no others, since they hold nothing up.
    pub fn mode(&self) -> Mode {
        let violated = self.violations.iter().map(|violation| violation.granted).max();
        let undecided = self.undecided.iter().map(|rule| rule.granted).max();
        violated.or(undecided).unwrap_or(Mode::Observe)
    }

    pub fn severity(&self) -> Severity {
        let violated = self.violations.iter().map(|violation| violation.severity);
        violated.chain(self.undecided.iter().map(|rule| rule.severity)).max().unwrap_or(Severity::Low)
    }

    /// Each culprit is treated by the strongest mode that a rule naming it is granted.
    pub fn mode_of(&self, culprit: usize) -> Mode {
        let naming = self.violations.iter().filter(|violation| violation.culprits.contains(&culprit));
        naming.map(|violation| violation.granted).max().unwrap_or(Mode::Observe)
    }

    /// The culprits that are treated by exactly this mode.
    pub fn culprits_at(&self, mode: Mode) -> Vec<Culprit> {
        let of_mode = |(at, _): &(usize, &Culprit)| self.mode_of(*at) == mode;
        self.culprits.iter().enumerate().filter(of_mode).map(|(_, culprit)| culprit.clone()).collect()
    }

    /// The rule under which the breaker counts it: the most severe that is granted a revert.
    pub fn counted_under(&self) -> Option<&Violation> {
        self.violations.iter().find(|violation| violation.granted == Mode::Revert)
    }
}

/// What was seen and done in the course of a finding's life.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// Stored before the first call: it holds the pre-image.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<Plan>,
    /// What AWS says it really removed or changed, by id.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub removed: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refusal: Option<Refusal>,
    /// Why AWS or the ledger stopped us, in our words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub obstacle: Option<String>,
}
