//! What people decide of a finding, what time decides, and what a sweep sees: a part of the transition function.

use crate::life::NUDGE_BEFORE;
use crate::transition::{again, calls, later, loud, to};
use crate::{
    Approval, ContentHash, Input, Life, Manual, Rejected, Resolution, State, Timing, Untrusted, Work,
};
use jiff::Timestamp;

/// What people decide of a finding that no worker holds, what time decides, and what a sweep sees.
pub(crate) fn by_people(
    life: &Life,
    state: State,
    input: &Input,
    now: Timestamp,
    timing: &Timing,
) -> Result<Life, Rejected> {
    use State::{Acked, Awaiting, Manual, Open, Queued, Waived};
    match (state, input) {
        (Open | Awaiting(_) | Queued(_) | Manual(_) | Acked, Input::Waive { until }) => {
            Ok(standing(life, Waived, *until, now, timing))
        }
        (Open | Awaiting(_) | Manual(_), Input::Acknowledge { until }) => {
            Ok(standing(life, Acked, *until, now, timing))
        }
        (Waived, Input::Nudge) if !life.nudged => {
            let nudged = Life { nudged: true, ..to(life, Waived, now, timing) };
            Ok(loud(Life { due_at: life.until, ..nudged }))
        }
        (Waived | Acked, Input::Ended { compliant }) => ended(life, *compliant, now, timing),
        (Manual(manual), Input::Overdue) => overdue(life, manual, now, timing),
        (Open | Awaiting(_) | Manual(_) | Acked | Waived, Input::Sighted { compliant }) => {
            sighted(life, *compliant, now, timing)
        }
        (Open | Awaiting(_) | Manual(_) | Acked | Waived, Input::Close) => {
            Ok(to(life, State::Resolved(Resolution::Closed), now, timing))
        }
        _ => Err(Rejected::OutOfPlace),
    }
}

/// WAIVED or ACKED until then; a waiver's owner hears of its end before.
pub(crate) fn standing(life: &Life, state: State, until: Timestamp, now: Timestamp, timing: &Timing) -> Life {
    let nudge = until.checked_sub(NUDGE_BEFORE).unwrap_or(until);
    let nudges = state == State::Waived && nudge > now;
    let due_at = Some(if nudges { nudge } else { until });
    Life { until: Some(until), nudged: !nudges, due_at, ..to(life, state, now, timing) }
}

pub(crate) fn approved(
    life: &Life,
    (by, of, version, kill): (&Untrusted, &[ContentHash], u64, bool),
    now: Timestamp,
    timing: &Timing,
) -> Result<Life, Rejected> {
    if version != life.version {
        return Err(Rejected::Outdated);
    }
    if kill {
        return Err(Rejected::KillSwitch);
    }
    let queued = to(life, State::Queued(again(life)), now, timing);
    let approval = Approval { by: by.clone(), at: now, of: of.to_vec() };
    Ok(Life { attempts: 0, stands: 0, approval: Some(approval), ..queued })
}

pub(crate) fn expired(life: &Life, kill: bool, now: Timestamp, timing: &Timing) -> Result<Life, Rejected> {
    if kill {
        return Err(Rejected::KillSwitch);
    }
    match life.due_at {
        Some(due) if now < due => Err(Rejected::TooEarly),
        _ => Ok(to(life, State::Manual(Manual::Expired), now, timing)),
    }
}

fn ended(life: &Life, compliant: Option<bool>, now: Timestamp, timing: &Timing) -> Result<Life, Rejected> {
    if life.until.is_some_and(|until| now < until) {
        return Err(Rejected::TooEarly);
    }
    Ok(match compliant {
        Some(true) => to(life, State::Resolved(Resolution::Compliant), now, timing),
        Some(false) => {
            let open = to(life, State::Open, now, timing);
            Life {
                work: Work::Revert,
                approval: None,
                attempts: 0,
                stands: 0,
                until: None,
                returned: true,
                ..open
            }
        }
        None => to(life, State::Manual(Manual::Expired), now, timing),
    })
}

/// People are called again, three times; what was only told is closed when it is old.
fn overdue(life: &Life, manual: Manual, now: Timestamp, timing: &Timing) -> Result<Life, Rejected> {
    match life.due_at {
        None => return Err(Rejected::NothingNew),
        Some(due) if now < due => return Err(Rejected::TooEarly),
        Some(_) => {}
    }
    if !calls(life, manual) {
        return Ok(to(life, State::Resolved(Resolution::Told), now, timing));
    }
    let escalations = life.escalations + 1;
    let next = usize::try_from(escalations).ok().and_then(|at| timing.escalation.get(at));
    let called = loud(to(life, life.state, now, timing));
    Ok(Life { escalations, due_at: next.map(|wait| later(now, *wait)), ..called })
}

/// Two sweeps apart from each other that see nothing of it make it compliant; one alone may be an old answer.
fn sighted(life: &Life, compliant: bool, now: Timestamp, timing: &Timing) -> Result<Life, Rejected> {
    match (compliant, life.compliant_since) {
        (false, None) => Err(Rejected::NothingNew),
        (false, Some(_)) => Ok(Life { compliant_since: None, ..life.clone() }),
        (true, None) => Ok(Life { compliant_since: Some(now), ..life.clone() }),
        (true, Some(since)) if now < later(since, timing.settled) => Err(Rejected::TooEarly),
        (true, Some(_)) => Ok(to(life, State::Resolved(Resolution::Compliant), now, timing)),
    }
}

#[cfg(test)]
#[path = "decision_tests.rs"]
mod tests;
