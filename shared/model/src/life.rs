//! Where a finding stands: its state, its lease, its timers.

use crate::{ContentHash, Untrusted};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// Where a finding stands. Moved by [`crate::next`] alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is one independent fact of its history")]
pub struct Life {
    pub state: State,
    /// Grows by one with each transition.
    pub version: u64,
    /// Grows by one with each claim: what an earlier claimer writes is refused.
    pub epoch: u64,
    /// What a worker is wanted for; kept while one holds it.
    pub work: Work,
    /// Claims since the finding was queued by a decision.
    pub attempts: u32,
    /// How often the culprits were still there at verification.
    pub stands: u32,
    /// Was a step of ours carried out, or may it have been?
    pub acted: bool,
    /// A step may have been carried out that people were not told of: its answer was lost.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unsaid: bool,
    /// A person asked to cancel while a worker held it: it is waived before anything is done.
    pub cancel: bool,
    pub lease: Option<Lease>,
    pub approval: Option<Approval>,
    /// When somebody has to look again.
    pub due_at: Option<Timestamp>,
    /// The version that the channels must know of and do not.
    pub tell: Option<u64>,
    /// The last version that people must hear of; a channel that was told it needs only to be kept up to date.
    #[serde(default)]
    pub loud: u64,
    /// Until when a person lets it stand, or has taken it over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// The owner has been told that the end is near.
    #[serde(default)]
    pub nudged: bool,
    /// It was waived or acknowledged, and that has ended: waivers that were found with it count no more.
    #[serde(default)]
    pub returned: bool,
    /// How often people were called again.
    #[serde(default)]
    pub escalations: u32,
    /// Since when sweeps have seen nothing of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compliant_since: Option<Timestamp>,
    /// By when CloudTrail should have told of our own call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub echo_due: Option<Timestamp>,
    /// It waits because of the circuit breaker: one message tells of all that do.
    #[serde(default)]
    pub hushed: bool,
    #[serde(default)]
    pub gravity: Gravity,
}

/// What of the finding decides how long people are called.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gravity {
    pub critical: bool,
    /// All its rules speak of the change alone: once told there is nothing left to see.
    pub passes: bool,
}

/// Which invocation works on a finding; the request id of the function.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct WorkerId(pub String);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    pub owner: WorkerId,
    pub until: Timestamp,
}

/// A person said that it may be taken back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    pub by: Untrusted,
    pub at: Timestamp,
    /// What was approved; a culprit whose content changed is not among them.
    #[serde(default)]
    pub of: Vec<ContentHash>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE", tag = "name", content = "of")]
pub enum State {
    /// Recorded, not yet dispatched.
    Open,
    /// Wants a worker.
    Queued(Work),
    /// A worker holds the lease.
    Reverting(Phase),
    /// Called, or seen gone; not trusted before it has been read again.
    Verifying { reads: u32, absences: u32 },
    /// Waits for a person.
    Awaiting(Wait),
    /// A person allowed it to stand, until the waiver ends.
    Waived,
    /// A person has taken it over.
    Acked,
    /// Automation refused or gave up.
    Manual(Manual),
    /// Recorded, nothing done.
    Observed { unconfirmed: bool },
    /// Taken back by us.
    Reverted,
    /// Gone or compliant, not by us.
    Resolved(Resolution),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Work {
    Revert,
    /// Only to be looked at: does the second condition hold on present state?
    Confirm,
    /// Something compliant went with the rest: it is put back.
    Restore,
    /// A person wants back what was taken: it is put back, and stands.
    Undo,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    Claimed,
    /// The pre-image is stored; a call may have been made.
    Armed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Wait {
    Approve,
    Breaker,
    Kill,
    Late,
    Returned,
    BlastRadius,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Manual {
    Told,
    Undecided,
    Fight,
    Exhausted,
    Protected,
    Imprecise,
    Denied,
    NotObservable,
    NotConfirmed,
    Stands,
    Expired,
    Collateral,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Resolution {
    /// It went, or became compliant, without us.
    Compliant,
    /// A person closed it, with a reason.
    Closed,
    /// People were told and there is nothing to take back.
    Told,
}

/// A state without what it carries: what conditions in the ledger name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StateName {
    Open,
    Queued,
    Reverting,
    Verifying,
    Awaiting,
    Waived,
    Acked,
    Manual,
    Observed,
    Reverted,
    Resolved,
}

/// How long things take. Parameters of the template; tests and the demo say 1 s for verification.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// Function time-out, what may still be in flight, and skew.
    pub lease: SignedDuration,
    /// What must be left of the lease to start a call.
    pub arm_left: SignedDuration,
    /// From the call to the first read.
    pub first_read: SignedDuration,
    /// From one read to the next.
    pub next_read: SignedDuration,
    pub approval: SignedDuration,
    /// After which the sweep rings again.
    pub doorbell: SignedDuration,
    /// After which people are called again; the last step is the last call.
    pub escalation: [SignedDuration; 3],
    /// Within which CloudTrail should tell of our own call.
    pub echo: SignedDuration,
    /// Between the two sweeps that see nothing of it.
    pub settled: SignedDuration,
}

impl Default for Timing {
    /// REL-L1: 60 s of function, 15 s in flight, 20 s of skew.
    fn default() -> Self {
        Self {
            lease: SignedDuration::from_secs(95),
            arm_left: SignedDuration::from_secs(25),
            first_read: SignedDuration::from_secs(10),
            next_read: SignedDuration::from_secs(30),
            approval: SignedDuration::from_mins(30),
            doorbell: SignedDuration::from_secs(90),
            escalation: [15, 60, 240].map(SignedDuration::from_mins),
            echo: SignedDuration::from_mins(15),
            settled: SignedDuration::from_mins(5),
        }
    }
}

/// A worker gives up after so many claims.
pub(crate) const ATTEMPTS_MAX: u32 = 8;
/// Automation gives up when the culprits stood after so many reverts.
pub(crate) const STANDS_MAX: u32 = 3;
/// So many reads without the culprits make it gone.
pub(crate) const ABSENCES_ENOUGH: u32 = 2;
/// What people were told of, and cannot be seen again, is closed after so long.
pub(crate) const TOLD_KEPT: SignedDuration = SignedDuration::from_hours(7 * 24);
/// So long before a waiver ends its owner hears of it.
pub(crate) const NUDGE_BEFORE: SignedDuration = SignedDuration::from_hours(7 * 24);

impl Life {
    /// Just recorded; dispatch is due at once.
    pub fn born(now: Timestamp, gravity: Gravity) -> Self {
        Self {
            state: State::Open,
            version: 1,
            epoch: 0,
            work: Work::Revert,
            attempts: 0,
            stands: 0,
            acted: false,
            unsaid: false,
            cancel: false,
            lease: None,
            approval: None,
            due_at: Some(now),
            tell: None,
            loud: 0,
            until: None,
            nudged: false,
            returned: false,
            escalations: 0,
            compliant_since: None,
            echo_due: None,
            hushed: false,
            gravity,
        }
    }

    /// Born to put something back: a worker is wanted at once. An undo is approved by the person who wants it.
    pub fn born_queued(now: Timestamp, work: Work, approval: Option<Approval>, timing: &Timing) -> Self {
        let due = now.checked_add(timing.doorbell).unwrap_or(now);
        let life = Self::born(now, Gravity::default());
        Self { state: State::Queued(work), work, approval, due_at: Some(due), ..life }
    }

    /// In the work index while it is not terminal, has something to tell, or an echo is awaited.
    pub fn is_work(&self) -> bool {
        !self.state.is_terminal() || self.tell.is_some() || self.echo_due.is_some()
    }
}

impl State {
    /// A terminal finding does not move; a recurrence is a new finding.
    pub fn is_terminal(self) -> bool {
        matches!(self, Self::Observed { .. } | Self::Reverted | Self::Resolved(_))
    }

    pub fn name(self) -> StateName {
        match self {
            Self::Open => StateName::Open,
            Self::Queued(_) => StateName::Queued,
            Self::Reverting(_) => StateName::Reverting,
            Self::Verifying { .. } => StateName::Verifying,
            Self::Awaiting(_) => StateName::Awaiting,
            Self::Waived => StateName::Waived,
            Self::Acked => StateName::Acked,
            Self::Manual(_) => StateName::Manual,
            Self::Observed { .. } => StateName::Observed,
            Self::Reverted => StateName::Reverted,
            Self::Resolved(_) => StateName::Resolved,
        }
    }

    /// Why, in a few words, where the state alone says it.
    pub fn reason(self) -> Option<&'static str> {
        Some(match self {
            Self::Awaiting(wait) => match wait {
                Wait::Approve => "needs approval",
                Wait::Breaker => "the circuit breaker is open",
                Wait::Kill => "the kill switch is on",
                Wait::Late => "the event is older than a day",
                Wait::Returned => "it was waived or acknowledged before",
                Wait::BlastRadius => "too much depends on this resource",
            },
            Self::Manual(manual) => match manual {
                Manual::Told => "nothing to take back automatically",
                Manual::Undecided => "the rules could not be answered",
                Manual::Fight => "somebody keeps putting it back",
                Manual::Exhausted => "too many attempts",
                Manual::Protected => "the resource is protected",
                Manual::Imprecise => "the inverse is not known exactly",
                Manual::Denied => "gardefou may not do this here",
                Manual::NotObservable => "the present state cannot be read",
                Manual::NotConfirmed => "not confirmed on present state",
                Manual::Stands => "it stands after several reverts",
                Manual::Expired => "nobody answered in time",
                Manual::Collateral => "something else was removed as well",
            },
            _ => return None,
        })
    }

    /// The word and its detail as people read it in timelines: `REVERTING claimed`.
    pub fn label(self) -> String {
        fn word<T: Serialize>(detail: &T) -> String {
            serde_json::to_value(detail)
                .ok()
                .and_then(|value| value.as_str().map(str::to_owned))
                .unwrap_or_default()
        }
        let name = self.name().as_str();
        match self {
            Self::Queued(work) => format!("{name} {}", word(&work)),
            Self::Reverting(phase) => format!("{name} {}", word(&phase)),
            Self::Awaiting(wait) => format!("{name} {}", word(&wait)),
            Self::Manual(manual) => format!("{name} {}", word(&manual)),
            Self::Resolved(resolution) => format!("{name} {}", word(&resolution)),
            Self::Observed { unconfirmed: true } => format!("{name} unconfirmed"),
            _ => name.to_owned(),
        }
    }
}

impl StateName {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "OPEN",
            Self::Queued => "QUEUED",
            Self::Reverting => "REVERTING",
            Self::Verifying => "VERIFYING",
            Self::Awaiting => "AWAITING",
            Self::Waived => "WAIVED",
            Self::Acked => "ACKED",
            Self::Manual => "MANUAL",
            Self::Observed => "OBSERVED",
            Self::Reverted => "REVERTED",
            Self::Resolved => "RESOLVED",
        }
    }
}
