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

#[test]
fn a_waiver_of_exactly_a_week_needs_no_nudge() {
    let week = Input::Waive { until: at(7 * DAY) };
    let waived = moved(&life(State::Open, Gravity::default()), &week, 0).unwrap();
    assert_eq!((waived.due_at, waived.nudged), (Some(at(7 * DAY)), true));
}

#[test]
fn what_comes_back_is_to_be_taken_back_and_keeps_no_yes_from_before() {
    let undone = Life {
        state: State::Waived,
        work: Work::Undo,
        stands: 2,
        attempts: 3,
        until: Some(at(0)),
        approval: Some(Approval { by: "claire".into(), at: at(-5), of: Vec::new() }),
        ..life(State::Open, Gravity::default())
    };
    let back = moved(&undone, &Input::Ended { compliant: Some(false) }, 0).unwrap();
    assert_eq!((back.work, back.approval, back.stands, back.attempts), (Work::Revert, None, 0, 0));
}

#[test]
fn an_echo_that_is_settled_is_not_awaited_any_more() {
    let acted = Life { echo_due: Some(at(900)), ..life(State::Reverted, Gravity::default()) };
    let settled = moved(&acted, &Input::EchoSettled, 0).unwrap();
    assert_eq!((settled.echo_due, settled.version, settled.state), (None, acted.version, acted.state));
    assert_eq!(moved(&settled, &Input::EchoSettled, 0), Err(Rejected::OutOfPlace));
}

#[test]
fn a_move_forgets_sights_and_calls() {
    let tired = Life {
        escalations: 2,
        compliant_since: Some(at(-1)),
        ..life(State::Manual(Manual::Denied), Gravity::default())
    };
    let taken = moved(&tired, &Input::Acknowledge { until: at(DAY) }, 0).unwrap();
    assert_eq!((taken.escalations, taken.compliant_since), (0, None));
}

#[test]
fn what_waits_for_the_breaker_stays_hushed_when_nobody_answers_and_not_when_it_fails() {
    let open = life(State::Open, Gravity::default());
    let waits = |wait| moved(&open, &Input::Dispatched(crate::Disposition::Await(wait)), 0).unwrap();
    assert!(waits(Wait::Breaker).hushed && !waits(Wait::Late).hushed);
    let expired = moved(&waits(Wait::Breaker), &Input::Expire { kill: false }, 3_600).unwrap();
    assert!(expired.hushed && expired.state == State::Manual(Manual::Expired));
    let armed = Life { state: State::Reverting(Phase::Armed), hushed: true, ..open.clone() };
    assert!(!moved(&armed, &Input::Denied, 0).unwrap().hushed);
}

#[test]
fn channels_that_follow_hear_the_end_of_what_people_heard_of_and_of_nothing_else() {
    let seen = |loud, hushed| {
        let gone = Life {
            state: State::Verifying { reads: 1, absences: 1 },
            acted: true,
            loud,
            hushed,
            ..life(State::Open, Gravity::default())
        };
        let ended = moved(&gone, &Input::Read { gone: true, approve_left: false }, 0).unwrap();
        (ended.tell, ended.loud)
    };
    assert_eq!(seen(0, false), (None, 0));
    assert_eq!(seen(1, false), (Some(2), 1), "told once more, and no news");
    assert_eq!(seen(1, true), (Some(2), 0), "people never heard of it by itself");
}

#[test]
fn what_people_must_hear_is_the_version_that_moved() {
    let open = life(State::Open, Gravity::default());
    let asked = moved(&open, &Input::Dispatched(crate::Disposition::Await(Wait::Approve)), 0).unwrap();
    assert_eq!((asked.tell, asked.loud), (Some(asked.version), asked.version));
}

#[test]
fn a_cancel_is_written_down_by_the_next_worker_whatever_else_would_stop_it() {
    let asked = Life {
        state: State::Reverting(Phase::Claimed),
        cancel: true,
        until: Some(at(DAY)),
        attempts: 8,
        ..life(State::Open, Gravity::default())
    };
    let taken = moved(&asked, &Input::Claim { by: WorkerId("next".into()), kill: true }, 0).unwrap();
    assert_eq!((taken.state, taken.cancel), (State::Reverting(Phase::Claimed), true));
    let stopped = moved(&taken, &Input::Absent, 0).unwrap();
    assert_eq!((stopped.state, stopped.cancel, stopped.until), (State::Waived, false, Some(at(DAY))));
    // What is no worker's word does not end its claim.
    assert_eq!(moved(&taken, &Input::Close, 0), Err(Rejected::OutOfPlace));
}
