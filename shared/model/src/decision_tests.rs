use super::*;
use crate::{Gravity, Manual, Mode, Phase, Wait, WorkerId, next};

const DAY: i64 = 86_400;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + seconds).unwrap()
}

fn life(state: State, gravity: Gravity) -> Life {
    Life { state, due_at: Some(at(0)), ..Life::born(at(-10), gravity) }
}

fn moved(life: &Life, input: &Input, seconds: i64) -> Result<Life, Rejected> {
    next(life, input, at(seconds), &Timing::default())
}

#[test]
fn a_waiver_s_owner_hears_a_week_before_it_ends_and_once() {
    let waived =
        moved(&life(State::Open, Gravity::default()), &Input::Waive { until: at(30 * DAY) }, 0).unwrap();
    assert_eq!((waived.due_at, waived.until, waived.tell), (Some(at(23 * DAY)), Some(at(30 * DAY)), None));
    let nudged = moved(&waived, &Input::Nudge, 23 * DAY).unwrap();
    assert_eq!((nudged.state, nudged.due_at), (State::Waived, Some(at(30 * DAY))));
    assert_eq!(nudged.tell, Some(nudged.version));
    assert_eq!(moved(&nudged, &Input::Nudge, 24 * DAY), Err(Rejected::OutOfPlace));
}

#[test]
fn a_waiver_of_less_than_a_week_ends_without_a_nudge() {
    let waived = moved(&life(State::Open, Gravity::default()), &Input::Waive { until: at(DAY) }, 0).unwrap();
    assert_eq!((waived.due_at, waived.nudged), (Some(at(DAY)), true));
}

#[test]
fn what_comes_back_from_a_waiver_is_judged_anew_and_not_before_its_end() {
    let waived = moved(&life(State::Open, Gravity::default()), &Input::Waive { until: at(DAY) }, 0).unwrap();
    let ended = |compliant, seconds| moved(&waived, &Input::Ended { compliant }, seconds);
    assert_eq!(ended(Some(false), DAY - 1), Err(Rejected::TooEarly));
    assert_eq!(ended(Some(true), DAY).unwrap().state, State::Resolved(Resolution::Compliant));
    assert_eq!(ended(None, DAY).unwrap().state, State::Manual(Manual::Expired));
    let back = ended(Some(false), DAY).unwrap();
    assert_eq!((back.state, back.returned, back.until), (State::Open, true, None));
}

#[test]
fn people_are_called_again_after_a_quarter_an_hour_one_hour_and_four_and_then_no_more() {
    let mut life = Life { due_at: Some(at(900)), ..life(State::Manual(Manual::Denied), Gravity::default()) };
    let mut called = Vec::new();
    while let Some(due) = life.due_at {
        let seconds = due.as_second() - at(0).as_second();
        assert_eq!(moved(&life, &Input::Overdue, seconds - 1), Err(Rejected::TooEarly));
        life = moved(&life, &Input::Overdue, seconds).unwrap();
        assert_eq!(life.tell, Some(life.version));
        called.push(seconds);
    }
    assert_eq!(called, [900, 900 + 3_600, 900 + 3_600 + 14_400]);
    assert_eq!(moved(&life, &Input::Overdue, 9 * DAY), Err(Rejected::NothingNew));
}

#[test]
fn what_was_only_told_calls_nobody_again_unless_it_is_critical() {
    let told = |gravity| {
        let claimed = Life {
            state: State::Reverting(Phase::Claimed),
            work: Work::Confirm,
            ..life(State::Open, gravity)
        };
        moved(&claimed, &Input::Confirmed { granted: Mode::Notify }, 0).unwrap()
    };
    let (calm, passing) = (Gravity::default(), Gravity { critical: false, passes: true });
    assert_eq!(told(calm).due_at, None);
    assert_eq!(told(passing).due_at, Some(at(7 * DAY)));
    let closed = moved(&told(passing), &Input::Overdue, 7 * DAY).unwrap();
    assert_eq!(closed.state, State::Resolved(Resolution::Told));
    assert_eq!(told(Gravity { critical: true, passes: true }).due_at, Some(at(900)));
}

#[test]
fn one_sweep_that_sees_nothing_is_not_enough_and_a_sight_starts_the_count_again() {
    let seen = |life: &Life, compliant, seconds| moved(life, &Input::Sighted { compliant }, seconds);
    let awaiting = life(State::Awaiting(Wait::Approve), Gravity::default());
    let once = seen(&awaiting, true, 0).unwrap();
    assert_eq!((once.state, once.version), (awaiting.state, awaiting.version));
    assert_eq!(seen(&once, true, 299), Err(Rejected::TooEarly));
    let again = seen(&seen(&once, false, 100).unwrap(), true, 400).unwrap();
    assert_eq!(again.state, awaiting.state);
    assert_eq!(seen(&once, true, 300).unwrap().state, State::Resolved(Resolution::Compliant));
}

#[test]
fn an_approval_names_what_was_seen_and_begins_anew() {
    let tired = Life { attempts: 8, stands: 2, ..life(State::Manual(Manual::Exhausted), Gravity::default()) };
    let approve = |version, kill| Input::Approve { by: "claire".into(), of: Vec::new(), version, kill };
    let approved = moved(&tired, &approve(1, false), 0).unwrap();
    assert_eq!((approved.state, approved.attempts, approved.stands), (State::Queued(Work::Revert), 0, 0));
    assert_eq!(moved(&tired, &approve(2, false), 0), Err(Rejected::Outdated));
    assert_eq!(moved(&tired, &approve(1, true), 0), Err(Rejected::KillSwitch));
}

#[test]
fn what_was_put_back_ends_with_a_person_or_with_the_waiver_it_was_wanted_for() {
    let verified = |work, until| {
        let life = Life {
            state: State::Verifying { reads: 1, absences: 1 },
            work,
            until,
            acted: true,
            ..life(State::Open, Gravity::default())
        };
        moved(&life, &Input::Read { gone: true, approve_left: false }, 0).unwrap()
    };
    assert_eq!(verified(Work::Restore, None).state, State::Manual(Manual::Collateral));
    let undone = verified(Work::Undo, Some(at(DAY)));
    assert_eq!((undone.state, undone.due_at), (State::Waived, Some(at(DAY))));
}

#[test]
fn a_stopped_undo_is_put_back_when_it_is_approved_and_not_reverted() {
    let queued = Life { work: Work::Undo, ..life(State::Queued(Work::Undo), Gravity::default()) };
    let claim = Input::Claim { by: WorkerId("w".into()), kill: true };
    let stopped = moved(&queued, &claim, 0).unwrap();
    assert_eq!(stopped.state, State::Awaiting(Wait::Kill));
    let approve =
        Input::Approve { by: "claire".into(), of: Vec::new(), version: stopped.version, kill: false };
    assert_eq!(moved(&stopped, &approve, 1).unwrap().state, State::Queued(Work::Undo));
}
