//! What people read: golden files under `golden/`, and the limits of the channels.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail by panicking"
)]

mod sample;

use expect_test::{ExpectFile, expect_file};
use model::{Culprit, State, Wait};
use sample::{Told, every_state};
use serde_json::Value;
use std::fmt::Write as _;

fn check(told: &Told, mail: &ExpectFile, slack: &ExpectFile) {
    let message = render::sns(&told.story());
    mail.assert_eq(&format!("Subject: {}\n\n{}", message.subject, message.body));
    slack.assert_eq(&(serde_json::to_string_pretty(&render::slack(&told.story())).unwrap() + "\n"));
}

macro_rules! golden {
    ($($name:ident = $told:expr;)+) => {$(
        #[test]
        fn $name() {
            check(
                &$told,
                &expect_file![concat!("golden/", stringify!($name), ".txt")],
                &expect_file![concat!("golden/", stringify!($name), ".json")],
            );
        }
    )+};
}

golden! {
    an_ssh_opening_is_taken_back_and_its_neighbour_left_alone = sample::reverted();
    four_rules_are_one_message = sample::four_rules();
    an_opening_awaits_approval = sample::awaiting();
    a_denied_revert_asks_for_a_person = sample::manual_denied();
    what_may_only_be_told_is_told = sample::manual_told();
    an_inverse_that_is_not_known_exactly_says_what_to_do_by_hand = sample::imprecise();
    an_undecided_rule_is_shown = sample::undecided();
    hostile_texts_are_shown_and_not_obeyed =
        sample::hostile("<!channel>\r\n\u{1b}[2J`*<https://evil|Approve>*` \u{202e}\"& =cmd()");
}

/// Every state, untouched and acted upon, in one table.
#[test]
fn every_state_says_what_was_done() {
    let mut table = String::new();
    for state in every_state() {
        for (word, mut told) in [("untouched", sample::ssh()), ("acted", sample::reverted())] {
            told.life.stands = if matches!(state, State::Manual(model::Manual::Stands)) { 3 } else { 0 };
            let message = render::sns(&told.in_state(state).story());
            let said = message.body.lines().nth(2).unwrap();
            let todo = message.body.lines().skip_while(|line| *line != "What to do").nth(1).unwrap();
            let short = message.subject.split([',', ':']).nth(1).unwrap().trim();
            writeln!(table, "{} ({word})\n    [{short}] {said}\n    {todo}", state.label()).unwrap();
        }
    }
    expect_file!["golden/states.txt"].assert_eq(&table);
}

#[test]
fn a_message_told_late_says_how_things_stand_now() {
    let said = |state| {
        let message = render::sns(&sample::reverted().in_state(state).story());
        message.body.lines().nth(2).unwrap().to_owned()
    };
    assert_eq!(said(State::Verifying { reads: 0, absences: 0 }), "It was taken back and is being verified.");
    assert_eq!(said(State::Reverted), "It was taken back and this is verified.");
}

#[test]
fn only_what_aws_says_it_removed_is_called_taken_back() {
    let mut told = sample::reverted();
    told.finding
        .culprits
        .push(Culprit { item: sample::line("sgr-0d4", sample::tcp(22), "::/0", None), prior: None });
    told.finding.violations[0].culprits.push(1);
    told.evidence.plan.as_mut().unwrap().takes_back.push(told.finding.culprits[1].item.clone());
    let body = render::sns(&told.in_state(State::Awaiting(Wait::Approve)).story()).body;
    let under = |heading: &str| body.lines().skip_while(|line| *line != heading).nth(1).unwrap().to_owned();
    assert_eq!(under("Taken back"), r#"- tcp 22 from 0.0.0.0/0 (sgr-0a1), described as "temporary""#);
    assert_eq!(under("Waits for approval"), "- tcp 22 from ::/0 (sgr-0d4)");
}

#[test]
fn what_waits_is_told_apart_from_what_is_only_told() {
    let mut told = sample::ssh();
    told.finding
        .culprits
        .push(Culprit { item: sample::line("sgr-0d4", sample::tcp(22), "::/0", None), prior: None });
    let only_told = model::Violation {
        granted: model::Mode::Notify,
        culprits: vec![1],
        ..told.finding.violations[0].clone()
    };
    told.finding.violations.push(only_told);
    let body = render::sns(&told.in_state(State::Awaiting(Wait::Breaker)).story()).body;
    let under = |heading: &str| body.lines().skip_while(|line| *line != heading).nth(1).unwrap().to_owned();
    assert_eq!(under("Waits for approval"), r#"- tcp 22 from 0.0.0.0/0 (sgr-0a1), described as "temporary""#);
    assert_eq!(under("Only told: no revert is granted for it"), "- tcp 22 from ::/0 (sgr-0d4)");
}

#[test]
fn what_was_seen_again_is_not_called_taken_back() {
    let mut told = sample::reverted();
    told.life.stands = 1;
    let body = render::sns(&told.in_state(State::Awaiting(Wait::Kill)).story()).body;
    assert!(!body.contains("Taken back") && body.contains("It waits for approval"), "{body}");
}

#[test]
fn a_crowded_message_keeps_slacks_limits_and_its_reference() {
    let message = serde_json::to_value(render::slack(&sample::crowded().story())).unwrap();
    let blocks = message["blocks"].as_array().unwrap();
    assert_eq!(blocks.len(), 50);
    let units = |text: &Value| text["text"].as_str().unwrap().encode_utf16().count();
    assert_eq!(units(&blocks[0]["text"]), 150);
    for block in blocks.iter().filter(|block| block["type"] == "section") {
        assert!(block.get("text").is_none_or(|text| (1..=3_000).contains(&units(text))), "{block}");
        let fields = block.get("fields").and_then(Value::as_array).cloned().unwrap_or_default();
        assert!(fields.len() <= 10 && fields.iter().all(|field| units(field) <= 2_000), "{block}");
    }
    assert!(units(&message) <= 4_000);
    let last = blocks[49]["elements"][0]["text"].as_str().unwrap();
    assert!(last.contains(sample::crowded().finding.id.as_str()), "{last}");
}

#[test]
fn a_crowded_mail_keeps_the_limits_of_sns() {
    let message = render::sns(&sample::crowded().story());
    assert_eq!(message.subject.len(), 99);
    assert!(message.subject.is_ascii());
    assert!(message.body.len() < 256 * 1024, "{}", message.body.len());
    assert!(message.body.contains("- and 490 more\n"));
    assert!(message.body.contains(sample::crowded().finding.id.as_str()));
}
