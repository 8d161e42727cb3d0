//! The finding's life as one pure, total function (`docs/architecture.md`, a finding's life).

use crate::decision::{approved, by_people, expired, standing};
use crate::life::{ABSENCES_ENOUGH, ATTEMPTS_MAX, STANDS_MAX, TOLD_KEPT};
use crate::planted::{self, Bug};
use crate::{
    ContentHash, Disposition, Lease, Life, Manual, Mode, Phase, Resolution, State, Timing, Untrusted, Wait,
    Work, WorkerId,
};
use jiff::{SignedDuration, Timestamp};

/// What can happen to a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// Dispatch decided.
    Dispatched(Disposition),
    /// A worker wants it.
    Claim {
        by: WorkerId,
        kill: bool,
    },
    /// The worker sees nothing to take back: gone, changed, a newer change, or the second condition is false.
    Absent,
    /// Waived meanwhile, or a cancel was asked for, before anything was done.
    Cancelled,
    /// Confirmed, but no more than this is granted.
    Confirmed {
        granted: Mode,
    },
    /// Too much is attached to the resource, or refers to it.
    BlastRadius,
    /// The worker gives up before acting.
    GaveUp(Manual),
    /// The pre-image is about to be stored, then calls are made.
    Arm {
        by: WorkerId,
        kill: bool,
    },
    /// AWS answered every call.
    Answered,
    /// AWS says that the role may not.
    Denied,
    /// AWS could not be reached or asks to wait.
    TryLater {
        after: SignedDuration,
    },
    /// A read while verifying: is every target gone, and do culprits remain that need approval?
    Read {
        gone: bool,
        approve_left: bool,
    },
    Approve {
        by: Untrusted,
        /// The content of the culprits that the person saw.
        of: Vec<ContentHash>,
        version: u64,
        kill: bool,
    },
    /// Nobody answered.
    Expire {
        kill: bool,
    },
    /// A person lets it stand; while a worker holds it, this asks the worker to stop before it acts.
    Waive {
        until: Timestamp,
    },
    Acknowledge {
        until: Timestamp,
    },
    /// A waiver ends soon, and its owner has not been told.
    Nudge,
    /// People were told, and nobody came.
    Overdue,
    /// A waiver or an acknowledgement ends; `compliant` is unknown when it cannot be observed.
    Ended {
        compliant: Option<bool>,
    },
    /// A sweep looked: does anything of it stand?
    Sighted {
        compliant: bool,
    },
    /// CloudTrail told of our own call, or is given up on.
    EchoSettled,
    /// A person closes it with a reason.
    Close,
    /// `notify` delivered this version.
    Delivered {
        version: u64,
    },
}

/// Why an input does not move a finding. Recorded by who asked, never an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Rejected {
    #[error("this does not happen in the state the finding is in")]
    OutOfPlace,
    #[error("another worker holds the lease")]
    LeaseHeld,
    #[error("the lease is not this worker's, or too little of it is left")]
    LeaseLost,
    #[error("the finding moved on since this was asked")]
    Outdated,
    #[error("the kill switch is on")]
    KillSwitch,
    #[error("it is not due yet")]
    TooEarly,
    #[error("there is nothing new in this")]
    NothingNew,
}

/// The finding's next life, or why it does not move. Total: every state answers every input.
pub fn next(life: &Life, input: &Input, now: Timestamp, timing: &Timing) -> Result<Life, Rejected> {
    match (life.state, input) {
        (_, Input::Delivered { version }) => delivered(life, *version),
        (_, Input::EchoSettled) => match life.echo_due {
            Some(_) => Ok(Life { echo_due: None, ..life.clone() }),
            None => Err(Rejected::OutOfPlace),
        },
        (State::Open, Input::Dispatched(disposition)) => Ok(dispatched(life, *disposition, now, timing)),
        (State::Queued(_), Input::Claim { by, kill }) => Ok(claimed_or_stopped(life, by, *kill, now, timing)),
        (State::Reverting(_), Input::Claim { by, kill }) => taken_over(life, by, *kill, now, timing),
        (State::Reverting(phase), input) => reverting(life, phase, input, now, timing),
        (State::Verifying { reads, absences }, Input::Read { gone, approve_left }) => {
            Ok(read(life, (reads, absences), (*gone, *approve_left), now, timing))
        }
        (
            State::Awaiting(_)
            | State::Acked
            | State::Manual(Manual::Expired | Manual::Exhausted | Manual::Denied | Manual::Fight),
            Input::Approve { by, of, version, kill },
        ) => approved(life, (by, of, *version, *kill), now, timing),
        (State::Awaiting(_), Input::Expire { kill }) => expired(life, *kill, now, timing),
        (state, input) => by_people(life, state, input, now, timing),
    }
}

/// Into `state`: the version grows, the lease and the cancel end, the timer and what is to be told are the state's.
pub(crate) fn to(life: &Life, state: State, now: Timestamp, timing: &Timing) -> Life {
    let version = life.version + 1;
    let wait = match state {
        State::Open => Some(SignedDuration::ZERO),
        State::Queued(_) => Some(timing.doorbell),
        State::Reverting(_) => Some(timing.lease),
        State::Verifying { reads: 0, .. } => Some(timing.first_read),
        State::Verifying { .. } => Some(timing.next_read),
        State::Awaiting(_) => Some(timing.approval),
        State::Manual(manual) if calls(life, manual) => Some(timing.escalation[0]),
        State::Manual(_) => life.gravity.passes.then_some(TOLD_KEPT),
        // The end of a waiver and of an acknowledgement is set by who grants it.
        State::Waived | State::Acked | State::Observed { .. } | State::Reverted | State::Resolved(_) => None,
    };
    let work = if let State::Queued(work) = state { work } else { life.work };
    let moved = Life {
        state,
        version,
        work,
        lease: None,
        cancel: false,
        due_at: wait.map(|wait| later(now, wait)),
        compliant_since: None,
        escalations: 0,
        hushed: match state {
            State::Awaiting(wait) => wait == Wait::Breaker,
            State::Manual(manual) => manual == Manual::Expired && life.hushed,
            _ => false,
        },
        ..life.clone()
    };
    match state {
        State::Awaiting(_) | State::Manual(_) => loud(moved),
        // Where people were told before, a channel that can is kept up to date.
        State::Reverted | State::Resolved(_) | State::Waived | State::Acked if life.loud > 0 => {
            // One message told of all that waited because of the breaker: the end of each is no news.
            Life { tell: Some(version), loud: if life.hushed { 0 } else { life.loud }, ..moved }
        }
        _ => moved,
    }
}

/// People must hear of this.
pub(crate) fn loud(life: Life) -> Life {
    Life { tell: Some(life.version), loud: life.version, ..life }
}

/// Are people called again, when nobody comes? What was only told is no emergency unless it is critical.
pub(crate) fn calls(life: &Life, manual: Manual) -> bool {
    life.gravity.critical || !matches!(manual, Manual::Told | Manual::Undecided)
}

pub(crate) fn later(now: Timestamp, wait: SignedDuration) -> Timestamp {
    now.checked_add(wait).unwrap_or(Timestamp::MAX)
}

fn dispatched(life: &Life, disposition: Disposition, now: Timestamp, timing: &Timing) -> Life {
    let state = match disposition {
        Disposition::Waived { until } => return standing(life, State::Waived, until, now, timing),
        Disposition::Observed { unconfirmed } => State::Observed { unconfirmed },
        Disposition::Confirm => State::Queued(Work::Confirm),
        Disposition::Revert => State::Queued(Work::Revert),
        Disposition::Await(wait) => State::Awaiting(wait),
        Disposition::Manual(manual) => State::Manual(manual),
    };
    to(life, state, now, timing)
}

/// Only a look needs no kill switch: nothing is called that changes anything.
fn claimed_or_stopped(life: &Life, by: &WorkerId, kill: bool, now: Timestamp, timing: &Timing) -> Life {
    match life.work {
        // A person asked to cancel: whoever claims it only writes that down.
        _ if life.cancel => claimed(life, by, now, timing),
        Work::Revert | Work::Restore | Work::Undo if kill => {
            to(life, State::Awaiting(Wait::Kill), now, timing)
        }
        _ if life.attempts >= ATTEMPTS_MAX => to(life, State::Manual(Manual::Exhausted), now, timing),
        _ => claimed(life, by, now, timing),
    }
}

fn claimed(life: &Life, by: &WorkerId, now: Timestamp, timing: &Timing) -> Life {
    Life {
        epoch: life.epoch + 1,
        attempts: life.attempts + 1,
        lease: Some(Lease { owner: by.clone(), until: later(now, timing.lease) }),
        // A cancel outlives the worker that it was meant for.
        cancel: life.cancel,
        ..to(life, State::Reverting(Phase::Claimed), now, timing)
    }
}

/// A worker died or hangs: the next one starts again from observing, with a new epoch.
fn taken_over(
    life: &Life,
    by: &WorkerId,
    kill: bool,
    now: Timestamp,
    timing: &Timing,
) -> Result<Life, Rejected> {
    match &life.lease {
        Some(lease) if now < lease.until => Err(Rejected::LeaseHeld),
        _ => Ok(claimed_or_stopped(life, by, kill, now, timing)),
    }
}

fn reverting(
    life: &Life,
    phase: Phase,
    input: &Input,
    now: Timestamp,
    timing: &Timing,
) -> Result<Life, Rejected> {
    let into = |state| Ok(to(life, state, now, timing));
    match (phase, input) {
        (Phase::Claimed, Input::Absent) if planted::is(Bug::CloseOnFirstAbsent) => {
            into(State::Resolved(Resolution::Compliant))
        }
        (Phase::Armed, Input::Answered) if planted::is(Bug::ReturnIsSuccess) => into(State::Reverted),
        (Phase::Armed, Input::Waive { until }) if planted::is(Bug::WaiverWhileArmed) => {
            Ok(standing(life, State::Waived, *until, now, timing))
        }
        // A person asked in time: whatever the worker saw meanwhile, it stands.
        (Phase::Claimed, input) if life.cancel && ends_claim(input) => Ok(cancelled(life, now, timing)),
        // It went while nobody heard the answer to our call: it is said, and its echo awaited, as after an answer.
        (Phase::Claimed, Input::Absent) if life.unsaid => Ok(called(life, now, timing)),
        (Phase::Claimed, Input::Absent) => into(State::Verifying { reads: 0, absences: 0 }),
        (Phase::Claimed, Input::Confirmed { granted: Mode::Approve }) => into(State::Awaiting(Wait::Approve)),
        (Phase::Claimed, Input::Confirmed { granted: Mode::Notify }) => into(State::Manual(Manual::Told)),
        (Phase::Claimed, Input::BlastRadius) => into(State::Awaiting(Wait::BlastRadius)),
        (Phase::Claimed, Input::GaveUp(manual)) => into(State::Manual(*manual)),
        (Phase::Claimed, Input::Arm { by, kill }) => armed(life, by, *kill, now, timing),
        (Phase::Armed, Input::Answered) => Ok(called(life, now, timing)),
        (Phase::Armed, Input::Denied) => into(State::Manual(Manual::Denied)),
        (Phase::Claimed | Phase::Armed, Input::TryLater { after }) => {
            let queued = to(life, State::Queued(life.work), now, timing);
            Ok(Life { due_at: Some(later(now, *after)), ..queued })
        }
        (Phase::Claimed, Input::Waive { until }) => {
            Ok(Life { version: life.version + 1, cancel: true, until: Some(*until), ..life.clone() })
        }
        _ => Err(Rejected::OutOfPlace),
    }
}

/// What a worker says of a finding that it claimed, when it does not arm.
fn ends_claim(input: &Input) -> bool {
    matches!(
        input,
        Input::Absent
            | Input::Cancelled
            | Input::Confirmed { .. }
            | Input::BlastRadius
            | Input::GaveUp(_)
            | Input::TryLater { .. }
    )
}

/// A step was carried out: people hear of it, and CloudTrail should tell of it.
fn called(life: &Life, now: Timestamp, timing: &Timing) -> Life {
    let verifying = to(life, State::Verifying { reads: 0, absences: 0 }, now, timing);
    loud(Life { acted: true, unsaid: false, echo_due: Some(later(now, timing.echo)), ..verifying })
}

fn armed(life: &Life, by: &WorkerId, kill: bool, now: Timestamp, timing: &Timing) -> Result<Life, Rejected> {
    let Some(lease) = life.lease.clone().filter(|lease| lease.owner == *by) else {
        return Err(Rejected::LeaseLost);
    };
    if later(now, timing.arm_left) >= lease.until {
        return Err(Rejected::LeaseLost);
    }
    if life.cancel {
        return Ok(cancelled(life, now, timing));
    }
    if kill {
        return Ok(to(life, State::Awaiting(Wait::Kill), now, timing));
    }
    // From here on a call may have been made, whatever the answer.
    let armed = to(life, State::Reverting(Phase::Armed), now, timing);
    Ok(Life { acted: true, unsaid: true, due_at: Some(lease.until), lease: Some(lease), ..armed })
}

/// A person asked in time: nothing was done, and it stands as long as the person said.
fn cancelled(life: &Life, now: Timestamp, timing: &Timing) -> Life {
    standing(life, State::Waived, life.until.unwrap_or(now), now, timing)
}

/// Two reads without the targets, apart from each other, make it gone. A sight at the first read only starts the
/// count again: it may be an answer from before the call.
fn read(life: &Life, counts: (u32, u32), seen: (bool, bool), now: Timestamp, timing: &Timing) -> Life {
    let ((reads, absences), (gone, approve_left)) = (counts, seen);
    if gone && absences + 1 >= ABSENCES_ENOUGH {
        return match (life.work, life.acted) {
            (Work::Restore, _) => to(life, State::Manual(Manual::Collateral), now, timing),
            (Work::Undo, _) => standing(life, State::Waived, life.until.unwrap_or(now), now, timing),
            (Work::Revert | Work::Confirm, _) if approve_left => {
                to(life, State::Awaiting(Wait::Approve), now, timing)
            }
            (Work::Revert | Work::Confirm, true) => to(life, State::Reverted, now, timing),
            (Work::Revert | Work::Confirm, false) => {
                to(life, State::Resolved(Resolution::Compliant), now, timing)
            }
        };
    }
    if gone || reads == 0 {
        let absences = if gone { absences + 1 } else { 0 };
        return to(life, State::Verifying { reads: reads + 1, absences }, now, timing);
    }
    let life = Life { stands: life.stands + 1, ..life.clone() };
    if life.stands >= STANDS_MAX {
        to(&life, State::Manual(Manual::Stands), now, timing)
    } else {
        to(&life, State::Queued(again(&life)), now, timing)
    }
}

/// A look that confirmed leads to a revert; what puts back puts back.
pub(crate) fn again(life: &Life) -> Work {
    match life.work {
        Work::Revert | Work::Confirm => Work::Revert,
        Work::Restore | Work::Undo => life.work,
    }
}

fn delivered(life: &Life, version: u64) -> Result<Life, Rejected> {
    if life.tell == Some(version) { Ok(Life { tell: None, ..life.clone() }) } else { Err(Rejected::Outdated) }
}

#[cfg(test)]
#[path = "transition_tests.rs"]
mod tests;
