use super::*;
use jiff::Timestamp;
use model::{Disposition, Input, Mode, Phase, Resolution, Timing, Untrusted, Wait, Work, WorkerId, next};
use std::collections::HashSet;

const DEPTH: usize = 9;

/// Everything that can happen, at one moment and with no time to wait for.
fn inputs(version: u64) -> Vec<Input> {
    let by = || WorkerId("w".to_owned());
    let dispatched = [
        Disposition::Waived { until: Timestamp::UNIX_EPOCH },
        Disposition::Observed { unconfirmed: false },
        Disposition::Confirm,
        Disposition::Revert,
        Disposition::Await(Wait::Approve),
        Disposition::Manual(Manual::Told),
        Disposition::Manual(Manual::Fight),
    ];
    let mut inputs: Vec<Input> = dispatched.into_iter().map(Input::Dispatched).collect();
    for kill in [false, true] {
        let person = Untrusted::from("zoe");
        inputs.push(Input::Claim { by: by(), kill });
        inputs.push(Input::Arm { by: by(), kill });
        inputs.push(Input::Expire { kill });
        inputs.push(Input::Approve { by: person, of: Vec::new(), version, kill });
        inputs.push(Input::Read { gone: true, approve_left: kill });
        inputs.push(Input::Ended { compliant: Some(kill) });
    }
    inputs.extend([
        Input::Absent,
        Input::Cancelled,
        Input::Confirmed { granted: Mode::Approve },
        Input::Confirmed { granted: Mode::Notify },
        Input::BlastRadius,
        Input::GaveUp(Manual::NotConfirmed),
        Input::Answered,
        Input::Denied,
        Input::Read { gone: false, approve_left: false },
        Input::Waive { until: Timestamp::UNIX_EPOCH },
        Input::Acknowledge { until: Timestamp::UNIX_EPOCH },
        Input::Overdue,
        Input::Ended { compliant: None },
        Input::Sighted { compliant: true },
        Input::Close,
    ]);
    inputs
}

/// A life and whether PagerDuty was called in the course of it.
type Course = (Life, bool);

/// Every life that some course of events reaches.
fn courses(severity: Severity) -> Vec<Course> {
    let now: Timestamp = "2026-11-20T10:00:00Z".parse().unwrap();
    let zero = jiff::SignedDuration::ZERO;
    let timing = Timing { approval: zero, settled: zero, ..Timing::default() };
    let (mut seen, mut all) = (HashSet::new(), vec![(Life::born(now, model::Gravity::default()), false)]);
    let mut newest = all.clone();
    for _ in 0..DEPTH {
        let mut reached = Vec::new();
        for (life, called) in &newest {
            for input in inputs(life.version) {
                let Ok(life) = next(life, &input, now, &timing) else { continue };
                let called = *called || action(severity, &life) == Some(Action::Trigger);
                if seen.insert(format!("{life:?} {called}")) {
                    reached.push((life, called));
                }
            }
        }
        all.extend(reached.iter().cloned());
        newest = reached;
    }
    all
}

#[test]
fn whoever_was_called_hears_that_it_is_taken_over_or_over() {
    for severity in [Severity::High, Severity::Critical] {
        let mut ends = HashSet::new();
        for (life, _) in courses(severity).iter().filter(|(_, called)| *called) {
            let wanted = match life.state {
                State::Acked => Action::Acknowledge,
                State::Waived | State::Observed { .. } | State::Reverted | State::Resolved(_) => {
                    Action::Resolve
                }
                _ => continue,
            };
            assert_eq!(action(severity, life), Some(wanted), "{life:?}");
            ends.insert(life.state.name().as_str());
        }
        assert_eq!(ends.len(), 5, "{ends:?}");
    }
}

#[test]
fn where_nobody_was_ever_called_the_plain_courses_say_nothing() {
    let quiet: HashSet<String> = courses(Severity::Critical)
        .iter()
        .filter(|(life, called)| !called && action(Severity::Critical, life).is_none())
        .map(|(life, _)| format!("{} {}", life.state.label(), life.version))
        .collect();
    for plain in ["REVERTED 7", "OBSERVED 2", "WAIVED 2", "ACKED 2", "RESOLVED closed 2"] {
        assert!(quiet.contains(plain), "{plain} not in {quiet:?}");
    }
}

#[test]
fn below_high_nobody_is_called() {
    for severity in [Severity::Low, Severity::Medium] {
        for (life, _) in courses(severity) {
            assert_eq!(action(severity, &life), None, "{life:?}");
        }
    }
}

#[test]
fn what_may_only_be_told_calls_somebody_when_it_is_critical() {
    let life =
        |state| Life { state, version: 5, ..Life::born(Timestamp::UNIX_EPOCH, model::Gravity::default()) };
    for manual in [Manual::Told, Manual::Undecided] {
        let life = life(State::Manual(manual));
        assert_eq!(action(Severity::High, &life), None);
        assert_eq!(action(Severity::Critical, &life), Some(Action::Trigger));
    }
    for state in [
        State::Open,
        State::Queued(Work::Confirm),
        State::Reverting(Phase::Armed),
        State::Verifying { reads: 1, absences: 1 },
    ] {
        assert_eq!(action(Severity::Critical, &life(state)), None);
    }
    assert_eq!(action(Severity::High, &life(State::Resolved(Resolution::Told))), Some(Action::Resolve));
}
