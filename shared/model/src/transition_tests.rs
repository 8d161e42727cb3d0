use super::*;
use crate::{Gravity, StateName};
use expect_test::expect_file;
use std::fmt::Write as _;

const NOW: i64 = 1_800_000_000;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(NOW + seconds).unwrap()
}

fn me() -> WorkerId {
    WorkerId("me".into())
}

/// Every state, with every detail it can carry, in a life that is as far from its limits as can be.
fn every_life() -> Vec<Life> {
    let mut states = vec![
        State::Open,
        State::Queued(Work::Revert),
        State::Queued(Work::Confirm),
        State::Queued(Work::Restore),
        State::Queued(Work::Undo),
        State::Reverting(Phase::Claimed),
        State::Reverting(Phase::Armed),
        State::Verifying { reads: 0, absences: 0 },
        State::Verifying { reads: 1, absences: 0 },
        State::Verifying { reads: 1, absences: 1 },
        State::Waived,
        State::Acked,
        State::Observed { unconfirmed: false },
        State::Observed { unconfirmed: true },
        State::Reverted,
        State::Resolved(Resolution::Compliant),
        State::Resolved(Resolution::Closed),
        State::Resolved(Resolution::Told),
    ];
    states.extend(
        [Wait::Approve, Wait::Breaker, Wait::Kill, Wait::Late, Wait::Returned, Wait::BlastRadius]
            .map(State::Awaiting),
    );
    states.extend(
        [
            Manual::Told,
            Manual::Undecided,
            Manual::Fight,
            Manual::Exhausted,
            Manual::Protected,
            Manual::Imprecise,
            Manual::Denied,
            Manual::NotObservable,
            Manual::NotConfirmed,
            Manual::Stands,
            Manual::Expired,
            Manual::Collateral,
        ]
        .map(State::Manual),
    );
    states.into_iter().map(life_in).collect()
}

fn life_in(state: State) -> Life {
    let held = matches!(state, State::Reverting(_));
    Life {
        state,
        version: 5,
        work: if let State::Queued(work) = state { work } else { Work::Revert },
        epoch: 1,
        attempts: 1,
        lease: held.then(|| Lease { owner: me(), until: at(60) }),
        due_at: (!state.is_terminal()).then(|| at(60)),
        until: matches!(state, State::Waived | State::Acked).then(|| at(0)),
        ..Life::born(at(-10), Gravity::default())
    }
}

fn every_input() -> Vec<(&'static str, Input)> {
    let after = SignedDuration::from_secs(20);
    let by = Untrusted::new("claire");
    vec![
        ("dispatched waived", Input::Dispatched(Disposition::Waived { until: at(86_400) })),
        ("dispatched observed", Input::Dispatched(Disposition::Observed { unconfirmed: false })),
        ("dispatched confirm", Input::Dispatched(Disposition::Confirm)),
        ("dispatched revert", Input::Dispatched(Disposition::Revert)),
        ("dispatched await breaker", Input::Dispatched(Disposition::Await(Wait::Breaker))),
        ("dispatched manual told", Input::Dispatched(Disposition::Manual(Manual::Told))),
        ("claim", Input::Claim { by: me(), kill: false }),
        ("claim, kill switch on", Input::Claim { by: me(), kill: true }),
        ("absent", Input::Absent),
        ("cancelled", Input::Cancelled),
        ("confirmed, approve granted", Input::Confirmed { granted: Mode::Approve }),
        ("confirmed, notify granted", Input::Confirmed { granted: Mode::Notify }),
        ("blast radius", Input::BlastRadius),
        ("gave up, protected", Input::GaveUp(Manual::Protected)),
        ("arm", Input::Arm { by: me(), kill: false }),
        ("arm, kill switch on", Input::Arm { by: me(), kill: true }),
        ("arm by another", Input::Arm { by: WorkerId("other".into()), kill: false }),
        ("answered", Input::Answered),
        ("denied", Input::Denied),
        ("try later", Input::TryLater { after }),
        ("read gone", Input::Read { gone: true, approve_left: false }),
        ("read gone, approve left", Input::Read { gone: true, approve_left: true }),
        ("read present", Input::Read { gone: false, approve_left: false }),
        ("approve", Input::Approve { by: by.clone(), of: Vec::new(), version: 5, kill: false }),
        (
            "approve, kill switch on",
            Input::Approve { by: by.clone(), of: Vec::new(), version: 5, kill: true },
        ),
        ("approve an older version", Input::Approve { by, of: Vec::new(), version: 4, kill: false }),
        ("expire", Input::Expire { kill: false }),
        ("waive", Input::Waive { until: at(86_400) }),
        ("acknowledge", Input::Acknowledge { until: at(3_600) }),
        ("nudge", Input::Nudge),
        ("overdue", Input::Overdue),
        ("ended, compliant", Input::Ended { compliant: Some(true) }),
        ("ended, violating", Input::Ended { compliant: Some(false) }),
        ("ended, not observable", Input::Ended { compliant: None }),
        ("sighted, compliant", Input::Sighted { compliant: true }),
        ("sighted, violating", Input::Sighted { compliant: false }),
        ("echo settled", Input::EchoSettled),
        ("close", Input::Close),
        ("delivered", Input::Delivered { version: 5 }),
    ]
}

/// What else of a life became different, beside its state, version, epoch, timer and message.
fn changed(before: &Life, life: &Life) -> String {
    let parts = [
        (before.work != life.work).then(|| format!("work {:?}", life.work).to_lowercase()),
        (before.attempts != life.attempts).then(|| format!("attempts {}", life.attempts)),
        (before.stands != life.stands).then(|| format!("stands {}", life.stands)),
        (before.acted != life.acted).then(|| format!("acted {}", life.acted)),
        (before.cancel != life.cancel).then(|| format!("cancel {}", life.cancel)),
        (before.approval != life.approval).then(|| format!("approved {}", life.approval.is_some())),
        (before.lease != life.lease).then(|| match &life.lease {
            Some(lease) => format!("lease {} {:+}", lease.owner.0, lease.until.as_second() - NOW),
            None => "no lease".to_owned(),
        }),
        (before.until != life.until)
            .then(|| format!("until {:+}", life.until.map_or(0, |u| u.as_second() - NOW))),
        (before.echo_due != life.echo_due)
            .then(|| format!("echo {:+}", life.echo_due.map_or(0, |due| due.as_second() - NOW))),
        (before.hushed != life.hushed).then(|| format!("hushed {}", life.hushed)),
        (before.returned != life.returned).then(|| "returned".to_owned()),
    ];
    parts.into_iter().flatten().fold(String::new(), |text, part| format!("{text}; {part}"))
}

fn show(before: &Life, outcome: &Result<Life, Rejected>) -> String {
    match outcome {
        Err(rejected) => format!("- {rejected}"),
        Ok(life) => {
            let counts = match life.state {
                State::Verifying { reads, absences } => format!(" reads {reads} absences {absences}"),
                _ => String::new(),
            };
            let tell = life.tell.map_or(String::new(), |version| format!(", tell {version}"));
            let due = life.due_at.map_or(String::new(), |due| format!(", due {:+}", due.as_second() - NOW));
            let more = changed(before, life);
            format!("{}{counts} v{} e{}{due}{tell}{more}", life.state.label(), life.version, life.epoch)
        }
    }
}

#[test]
fn every_state_answers_every_input_as_the_table_says() {
    let timing = Timing::default();
    let mut table = String::new();
    for life in every_life() {
        let counts = match life.state {
            State::Verifying { reads, absences } => format!(" reads {reads} absences {absences}"),
            _ => String::new(),
        };
        writeln!(table, "{}{counts}", life.state.label()).unwrap();
        for (name, input) in every_input() {
            let outcome = next(&life, &input, at(0), &timing);
            if outcome != Err(Rejected::OutOfPlace) {
                writeln!(table, "    {name} -> {}", show(&life, &outcome)).unwrap();
            }
        }
    }
    expect_file!["../tests/transitions.txt"].assert_eq(&table);
}

#[test]
fn a_terminal_finding_does_not_move() {
    for life in every_life().into_iter().filter(|life| life.state.is_terminal()) {
        for (name, input) in every_input() {
            assert!(
                next(&life, &input, at(0), &Timing::default()).is_err(),
                "{:?} moved by {name}",
                life.state
            );
        }
    }
}

#[test]
fn each_transition_grows_the_version_by_one_and_never_lowers_the_epoch() {
    for life in every_life() {
        for (name, input) in every_input() {
            if let Ok(moved) = next(&life, &input, at(0), &Timing::default()) {
                // What only notes something moves nothing.
                let notes = matches!(input, Input::Sighted { .. }) && moved.state == life.state;
                assert_eq!(moved.version, life.version + u64::from(!notes), "{:?} by {name}", life.state);
                assert!(moved.epoch >= life.epoch, "{:?} by {name}", life.state);
            }
        }
    }
}

#[test]
fn only_a_worker_that_holds_the_lease_has_one() {
    for life in every_life() {
        for (name, input) in every_input() {
            if let Ok(moved) = next(&life, &input, at(0), &Timing::default()) {
                let reverting = moved.state.name() == StateName::Reverting;
                assert_eq!(moved.lease.is_some(), reverting, "{:?} by {name}", life.state);
            }
        }
    }
}

#[test]
fn what_is_not_terminal_always_has_a_timer_unless_nobody_is_called_any_more() {
    for life in every_life() {
        for (name, input) in every_input() {
            if let Ok(moved) = next(&life, &input, at(0), &Timing::default()) {
                let rests = matches!(moved.state, State::Manual(Manual::Told | Manual::Undecided));
                let timer = moved.due_at.is_some();
                assert!(timer || rests || moved.state.is_terminal(), "{:?} by {name}", life.state);
                assert!(!timer || !moved.state.is_terminal(), "{:?} by {name}", life.state);
            }
        }
    }
}

#[test]
fn a_waiver_is_refused_once_a_call_may_have_been_made() {
    let waive = Input::Waive { until: at(86_400) };
    for state in [State::Reverting(Phase::Armed), State::Verifying { reads: 0, absences: 0 }] {
        let refused = next(&life_in(state), &waive, at(0), &Timing::default());
        assert_eq!(refused, Err(Rejected::OutOfPlace));
    }
}

#[test]
fn a_waiver_before_the_call_asks_the_worker_to_stop_and_it_does() {
    let timing = Timing::default();
    let claimed = life_in(State::Reverting(Phase::Claimed));
    let asked = next(&claimed, &Input::Waive { until: at(86_400) }, at(0), &timing).unwrap();
    assert_eq!((asked.state, asked.lease.clone(), asked.version), (claimed.state, claimed.lease.clone(), 6));
    for input in [Input::Arm { by: me(), kill: false }, Input::Cancelled] {
        let stopped = next(&asked, &input, at(1), &timing).unwrap();
        assert_eq!((stopped.state, stopped.until), (State::Waived, Some(at(86_400))));
    }
    assert_eq!(next(&claimed, &Input::Cancelled, at(1), &timing), Err(Rejected::OutOfPlace));
}

#[test]
fn a_cancel_that_was_asked_for_wins_before_the_call() {
    let asked = Life { cancel: true, ..life_in(State::Reverting(Phase::Claimed)) };
    let moved = next(&asked, &Input::Arm { by: me(), kill: false }, at(0), &Timing::default()).unwrap();
    assert_eq!(moved.state, State::Waived);
}

#[test]
fn a_lease_is_taken_over_only_when_it_has_run_out_and_with_a_new_epoch() {
    let life = life_in(State::Reverting(Phase::Armed));
    let other = Input::Claim { by: WorkerId("other".into()), kill: false };
    assert_eq!(next(&life, &other, at(59), &Timing::default()), Err(Rejected::LeaseHeld));
    let taken = next(&life, &other, at(60), &Timing::default()).unwrap();
    assert_eq!((taken.state, taken.epoch), (State::Reverting(Phase::Claimed), 2));
    assert_eq!(taken.lease.unwrap().owner, WorkerId("other".into()));
}

#[test]
fn no_call_is_started_with_too_little_of_the_lease_left() {
    let life = life_in(State::Reverting(Phase::Claimed));
    let arm = Input::Arm { by: me(), kill: false };
    assert!(next(&life, &arm, at(34), &Timing::default()).is_ok());
    assert_eq!(next(&life, &arm, at(35), &Timing::default()), Err(Rejected::LeaseLost));
}

#[test]
fn eight_claims_without_success_end_by_hand() {
    let tired = Life { attempts: ATTEMPTS_MAX, ..life_in(State::Queued(Work::Revert)) };
    let moved = next(&tired, &Input::Claim { by: me(), kill: false }, at(0), &Timing::default()).unwrap();
    assert_eq!(moved.state, State::Manual(Manual::Exhausted));
}

#[test]
fn what_stands_after_three_reverts_ends_by_hand() {
    let stubborn = Life { stands: STANDS_MAX - 1, ..life_in(State::Verifying { reads: 1, absences: 0 }) };
    let seen = Input::Read { gone: false, approve_left: false };
    let moved = next(&stubborn, &seen, at(0), &Timing::default()).unwrap();
    assert_eq!(moved.state, State::Manual(Manual::Stands));
}

#[test]
fn gone_without_a_step_of_ours_is_resolved_and_not_claimed_as_a_revert() {
    let gone = Input::Read { gone: true, approve_left: false };
    let settled = life_in(State::Verifying { reads: 1, absences: 1 });
    let moved = |life: &Life| next(life, &gone, at(0), &Timing::default()).unwrap().state;
    assert_eq!(moved(&settled), State::Resolved(Resolution::Compliant));
    assert_eq!(moved(&Life { acted: true, ..settled }), State::Reverted);
}

#[test]
fn a_message_that_was_delivered_is_told_only_once() {
    let telling = Life { tell: Some(5), ..life_in(State::Manual(Manual::Told)) };
    let told = next(&telling, &Input::Delivered { version: 5 }, at(0), &Timing::default()).unwrap();
    assert_eq!((told.tell, told.version), (None, 5));
    assert_eq!(
        next(&telling, &Input::Delivered { version: 4 }, at(0), &Timing::default()),
        Err(Rejected::Outdated)
    );
}

#[test]
fn a_claim_counts_the_eighth_attempt_and_refuses_the_ninth() {
    let queued = |attempts| Life { attempts, ..life_in(State::Queued(Work::Revert)) };
    let claim = |attempts| {
        next(&queued(attempts), &Input::Claim { by: me(), kill: false }, at(0), &Timing::default())
    };
    let eighth = claim(ATTEMPTS_MAX - 1).unwrap();
    assert_eq!((eighth.state, eighth.attempts), (State::Reverting(Phase::Claimed), ATTEMPTS_MAX));
    assert_eq!(claim(ATTEMPTS_MAX).unwrap().state, State::Manual(Manual::Exhausted));
}

#[test]
fn an_approval_expires_at_its_time_and_not_before() {
    let awaiting = life_in(State::Awaiting(Wait::Approve));
    let expire = |seconds| next(&awaiting, &Input::Expire { kill: false }, at(seconds), &Timing::default());
    assert_eq!(expire(59), Err(Rejected::TooEarly));
    assert_eq!(expire(60).unwrap().state, State::Manual(Manual::Expired));
}
