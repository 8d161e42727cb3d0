//! One change on one resource that violates rules.

use crate::{
    Actor, Culprit, EventId, FindingId, Item, Life, Mode, Plan, Refusal, Resource, ReverterName, RuleId,
    Severity, Untrusted, WaiverId,
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
    /// A sweep saw it; what made it is not known.
    Sighting {
        seen_at: Timestamp,
    },
    /// With what was taken back in that finding something compliant went: it is put back.
    Collateral {
        of: FindingId,
    },
    /// A person wants back what was taken in that finding.
    Undo {
        of: FindingId,
        by: Untrusted,
    },
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
    /// The waiver that was valid when it was found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waived: Option<WaivedBy>,
}

/// Which waiver lets a violation stand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaivedBy {
    pub id: WaiverId,
    pub owner: String,
    pub until: Timestamp,
}

/// A rule that could not be answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Undecided {
    pub rule: RuleId,
    pub severity: Severity,
    pub granted: Mode,
    pub reason: String,
}

impl Violation {
    /// A waived rule is only recorded, until its finding comes back from its waiver.
    pub fn granted_in(&self, life: &Life) -> Mode {
        if self.waived.is_some() && !life.returned { Mode::Observe } else { self.granted }
    }
}

impl Finding {
    /// The strongest mode any of its rules was granted; rules that could not be answered count only when there are
    /// no others, since they hold nothing up.
    pub fn mode(&self, life: &Life) -> Mode {
        let violated = self.violations.iter().map(|violation| violation.granted_in(life)).max();
        let undecided = self.undecided.iter().map(|rule| rule.granted).max();
        violated.or(undecided).unwrap_or(Mode::Observe)
    }

    pub fn severity(&self) -> Severity {
        let violated = self.violations.iter().map(|violation| violation.severity);
        violated.chain(self.undecided.iter().map(|rule| rule.severity)).max().unwrap_or(Severity::Low)
    }

    /// Each culprit is treated by the strongest mode that an unwaived rule naming it is granted.
    pub fn mode_of(&self, culprit: usize, life: &Life) -> Mode {
        let naming = self.violations.iter().filter(|violation| violation.culprits.contains(&culprit));
        naming.map(|violation| violation.granted_in(life)).max().unwrap_or(Mode::Observe)
    }

    /// The culprits that are treated by exactly this mode.
    pub fn culprits_at(&self, mode: Mode, life: &Life) -> Vec<Culprit> {
        let of_mode = |(at, _): &(usize, &Culprit)| self.mode_of(*at, life) == mode;
        self.culprits.iter().enumerate().filter(of_mode).map(|(_, culprit)| culprit.clone()).collect()
    }

    /// The rule under which the breaker counts it: the most severe that is granted a revert.
    pub fn counted_under(&self, life: &Life) -> Option<&Violation> {
        self.violations.iter().find(|violation| violation.granted_in(life) == Mode::Revert)
    }

    /// So long at least every rule that it violates is waived.
    pub fn waived_until(&self) -> Option<Timestamp> {
        let ends: Option<Vec<Timestamp>> =
            self.violations.iter().map(|violation| Some(violation.waived.as_ref()?.until)).collect();
        ends?.into_iter().min()
    }

    /// When it happened, or was seen.
    pub fn happened_at(&self) -> Timestamp {
        match &self.cause {
            Cause::Event(event) => event.time,
            Cause::Sighting { seen_at } => *seen_at,
            Cause::Collateral { .. } | Cause::Undo { .. } => self.opened_at,
        }
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
    /// When the plan was about to be carried out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub armed_at: Option<Timestamp>,
    /// The records of CloudTrail that tell of our own calls.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub echoes: Vec<EventId>,
    /// Why AWS or the ledger stopped us, in our words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub obstacle: Option<String>,
}
