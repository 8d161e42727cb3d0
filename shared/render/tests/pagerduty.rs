//! What PagerDuty is sent: golden files under `golden/`, and its limits.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail by panicking"
)]
#![expect(dead_code, reason = "the sample serves other tests too")]

mod sample;

use expect_test::{ExpectFile, expect_file};
use model::{Severity, State, Wait};
use sample::{Told, every_state};
use serde_json::Value;
use std::fmt::Write as _;

fn event(told: &Told) -> Value {
    serde_json::to_value(render::pagerduty(&told.story())).unwrap()
}

fn check(told: &Told, golden: &ExpectFile) {
    let event = render::pagerduty(&told.story()).unwrap();
    golden.assert_eq(&(serde_json::to_string_pretty(&event).unwrap() + "\n"));
}

macro_rules! golden {
    ($($name:ident = $told:expr;)+) => {$(
        #[test]
        fn $name() {
            check(&$told, &expect_file![concat!("golden/", stringify!($name), ".pagerduty.json")]);
        }
    )+};
}

golden! {
    an_opening_awaits_approval = sample::awaiting();
    a_denied_revert_asks_for_a_person = sample::manual_denied();
    what_may_only_be_told_is_told = sample::manual_told();
    an_inverse_that_is_not_known_exactly_says_what_to_do_by_hand = sample::imprecise();
    an_undecided_rule_is_shown = sample::undecided();
    a_person_has_taken_it_over = sample::awaiting().in_state(State::Acked);
    hostile_texts_are_shown_and_not_obeyed =
        sample::hostile("<!channel>\r\n\u{1b}[2J`*<https://evil|Approve>*` \u{202e}\"& =cmd()");
}

/// Every state late in a finding's life, by severity, in one table.
#[test]
fn every_state_calls_calms_or_says_nothing() {
    let mut table = String::new();
    for state in every_state() {
        write!(table, "{}", state.label()).unwrap();
        for severity in [Severity::Critical, Severity::High, Severity::Medium, Severity::Low] {
            let mut told = sample::reverted().in_state(state);
            told.life.version = 12;
            told.finding.violations[0].severity = severity;
            let event = event(&told);
            let action = event["event_action"].as_str().unwrap_or("-");
            let shown =
                event["payload"]["severity"].as_str().map_or(String::new(), |name| format!(" {name}"));
            write!(table, "\n    {severity}: {action}{shown}").unwrap();
        }
        table.push('\n');
    }
    expect_file!["golden/states.pagerduty.txt"].assert_eq(&table);
}

#[test]
fn a_finding_keeps_its_key_from_the_call_to_the_end() {
    let mut told = sample::awaiting();
    let key = told.finding.id.to_string();
    assert_eq!(event(&told)["dedup_key"], key.as_str());
    told.life.version = 9;
    for state in [State::Acked, State::Reverted] {
        let event = event(&told.clone().in_state(state));
        assert!(event["payload"].is_null() && event.get("client").is_none(), "{event}");
    }
    told.life.version = 9;
    told.life.state = State::Reverted;
    assert_eq!(event(&told), serde_json::json!({"event_action": "resolve", "dedup_key": key}));
}

#[test]
fn only_what_can_be_approved_is_offered_for_approval() {
    for state in every_state() {
        let told = sample::reverted().in_state(state);
        let id = &told.finding.id;
        let event = event(&told);
        let Some(commands) = event["payload"]["custom_details"]["Commands"].as_array() else { continue };
        assert_eq!(commands[0], format!("gardefou findings show {id}"));
        let person = model::Input::Approve {
            by: "zoe".into(),
            of: Vec::new(),
            version: told.life.version,
            kill: false,
        };
        let moves = model::next(&told.life, &person, told.finding.opened_at, &model::Timing::default());
        let approve = serde_json::json!(format!("gardefou findings approve {id}"));
        assert_eq!(commands.contains(&approve), moves.is_ok(), "{}", state.label());
    }
}

#[test]
fn a_crowded_event_stays_far_below_pagerdutys_limits() {
    for character in ["&", "\"", "\u{1f534}"] {
        let mut told = sample::crowded();
        let long = character.repeat(5_000);
        told.finding.resource.id = long.as_str().into();
        told.evidence.obstacle = Some(long.clone());
        for violation in &mut told.finding.violations {
            (violation.title, violation.message) = (long.clone(), long.as_str().into());
            violation.instead.push_str(&long);
        }
        let event = event(&told.in_state(State::Awaiting(Wait::Breaker)));
        let summary = event["payload"]["summary"].as_str().unwrap();
        assert!(summary.encode_utf16().count() <= 1_024, "{summary}");
        assert!(summary.ends_with("in 111122223333 eu-west-3"), "{summary}");
        let bytes = serde_json::to_vec(&event).unwrap().len();
        assert!((10_000..256 * 1024).contains(&bytes), "{bytes}");
    }
}
