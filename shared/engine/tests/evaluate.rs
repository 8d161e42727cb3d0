//! From a message to a finding and a doorbell.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]

mod world;

use engine::{Effect, Fate, Ignored};
use model::{Manual, State, Wait, Work};
use rules::RuleFile;
use serde_json::json;
use world::{ACTING_ROLE, World, another_world, envelope, ipv4_world, record};

#[test]
fn a_violation_that_may_be_reverted_is_recorded_queued_and_rung_for() {
    let world = World::allowing("revert");
    assert_eq!(world.evaluate(&ipv4_world()).unwrap(), Fate::Violating);
    assert_eq!(world.history(), ["OPEN", "QUEUED revert"]);
    let rung = world.queue.take(Effect::Revert);
    assert_eq!(rung.len(), 1);
    assert_eq!(rung[0].doorbell.finding, world.only().finding.id);
    assert_eq!(world.only().finding.pack.len(), 12, "which rules judged is recorded");
    assert_eq!(world.ledger.starting("T#").len(), 1);
    assert_eq!(world.ledger.starting("EV#").len(), 1);
    assert_eq!(world.ledger.starting("B#").len(), 3);
    assert!(world.ledger.starting("F#").iter().any(|(_, item)| item.contains_key("work")));
}

#[test]
fn a_policy_that_lets_everyone_in_is_told_with_the_statement_and_its_neighbours() {
    let world = World::allowing("revert");
    let policy = envelope(&record("s3/PutBucketPolicy/anyone-reads-among-good-ones.json"));
    assert_eq!(world.evaluate(&policy).unwrap(), Fate::Violating);
    assert_eq!(world.state(), State::Manual(Manual::Told));
    let finding = world.only().finding;
    let ids: Vec<_> = finding.culprits.iter().map(|culprit| culprit.item.id().unwrap()).collect();
    assert_eq!(ids, ["s3/yourmedia-assets/Read"]);
    assert_eq!(finding.neighbours.len(), 2);
    assert_eq!(world.ledger.starting("T#").len(), 1);
    assert!(world.queue.take(Effect::Revert).is_empty());
}

/// A rule that counts group openings: three of one actor within ten minutes.
fn counting(world: &mut World) {
    let lines = [
        "id: many-openings",
        "title: Many openings",
        "severity: low",
        "mode: notify",
        "what: Somebody opens one group after the other.",
        "why: It may be a script.",
        "instead: Ask.",
        "misses: Nothing.",
        "kind: change",
        "count: {by: actor, within: 10m, atLeast: 3}",
        "events: {ec2.amazonaws.com: [AuthorizeSecurityGroupEgress]}",
        "when: 'true'",
        "message: \"many by {{ change.actor.name }}\"",
    ];
    world.own_rule = Some(RuleFile {
        path: "rules/own/many-openings".into(),
        rule_yaml: lines.join("\n"),
        cases_yaml: None,
    });
}

fn opening(number: u32) -> serde_json::Value {
    let mut opening = another_world(number, "111122223333");
    opening["detail"]["eventName"] = json!("AuthorizeSecurityGroupEgress");
    opening
}

#[test]
fn a_rule_that_counts_is_violated_by_the_change_that_fills_its_number_and_once() {
    let mut world = World::allowing("notify");
    counting(&mut world);
    let fates: Vec<Fate> = [1, 2, 2, 3, 4].map(|number| world.evaluate(&opening(number)).unwrap()).into();
    assert_eq!(fates, [Fate::Quiet, Fate::Quiet, Fate::Duplicate, Fate::Violating, Fate::Quiet]);
    assert_eq!(world.state(), State::Manual(Manual::Told));
    assert_eq!(world.ledger.starting("N#many-openings#").len(), 1);
}

#[test]
fn a_writer_that_died_after_counting_tells_the_burst_when_the_message_returns() {
    let mut world = World::allowing("notify");
    counting(&mut world);
    for number in [1, 2] {
        world.evaluate(&opening(number)).unwrap();
    }
    let before = world.ledger.starting("EV#").len();
    world.ledger.fail_commit_after(1);
    assert!(world.evaluate(&opening(3)).is_err(), "counted, and nothing more");
    assert_eq!(world.ledger.starting("EV#").len(), before);
    assert_eq!(world.evaluate(&opening(3)).unwrap(), Fate::Violating);
    assert_eq!(world.state(), State::Manual(Manual::Told));
}

#[test]
fn a_failed_call_is_judged_when_a_rule_asks_for_failed_ones() {
    let mut world = World::allowing("revert");
    let refused = envelope(&record("ec2/AuthorizeSecurityGroupIngress/failed.json"));
    assert_eq!(world.evaluate(&refused).unwrap(), Fate::Ignored(Ignored::Failed));
    let lines = [
        "id: opening-denied",
        "title: An opening was denied",
        "severity: low",
        "mode: notify",
        "what: Somebody tried to open a security group and was denied.",
        "why: It may be a probe.",
        "instead: Ask for the permission.",
        "misses: Nothing.",
        "kind: change",
        "failed: true",
        "events: {ec2.amazonaws.com: [AuthorizeSecurityGroupIngress]}",
        "when: has(change.error)",
        "message: \"denied to {{ change.actor.name }}\"",
    ];
    let path = "mine/opening-denied".to_owned();
    world.own_rule = Some(RuleFile { path, rule_yaml: lines.join("\n"), cases_yaml: None });
    assert_eq!(world.evaluate(&refused).unwrap(), Fate::Violating);
    assert_eq!(world.state(), State::Manual(Manual::Told));
}

#[test]
fn a_quiet_change_is_recorded_and_nothing_is_done() {
    let world = World::allowing("revert");
    let quiet = envelope(&record("ec2/AuthorizeSecurityGroupIngress/one-network.json"));
    assert_eq!(world.evaluate(&quiet).unwrap(), Fate::Quiet);
    assert!(world.findings().is_empty());
    assert_eq!(world.ledger.starting("EV#").len(), 1);
    assert!(world.queue.take(Effect::Revert).is_empty());
}

#[test]
fn the_same_event_again_is_a_duplicate_that_rings_again_while_the_finding_waits() {
    let world = World::allowing("revert");
    world.evaluate(&ipv4_world()).unwrap();
    world.queue.take(Effect::Revert);
    assert_eq!(world.evaluate(&ipv4_world()).unwrap(), Fate::Duplicate);
    assert_eq!(world.history(), ["OPEN", "QUEUED revert"]);
    assert_eq!(world.queue.take(Effect::Revert).len(), 1);
    world.evaluate(&ipv4_world()).unwrap();
    world.settle();
    world.queue.take(Effect::Notify);
    assert_eq!(world.evaluate(&ipv4_world()).unwrap(), Fate::Duplicate);
    assert!(world.queue.take(Effect::Revert).is_empty());
}

#[test]
fn wherever_the_ledger_fails_the_redelivery_completes_what_was_begun() {
    let mut failures = 0;
    for passing in 0..8 {
        let world = World::allowing("revert");
        world.ledger.fail_commit_after(passing);
        failures += u32::from(world.evaluate(&ipv4_world()).is_err());
        world.evaluate(&ipv4_world()).unwrap();
        assert_eq!(world.history(), ["OPEN", "QUEUED revert"], "after {passing} commits");
        assert_eq!(world.ledger.starting("EV#").len(), 1, "after {passing} commits");
        assert!(!world.queue.take(Effect::Revert).is_empty(), "after {passing} commits");
    }
    // The finding, its dispatch, the overall breaker, what is remembered of group and line, the event.
    assert_eq!(failures, 6);
}

#[test]
fn an_answer_that_is_lost_after_the_commit_makes_no_second_finding() {
    let world = World::allowing("revert");
    world.ledger.lose_next_answer();
    assert!(world.evaluate(&ipv4_world()).is_err());
    assert_eq!(world.evaluate(&ipv4_world()).unwrap(), Fate::Violating);
    assert_eq!(world.history(), ["OPEN", "QUEUED revert"]);
}

#[test]
fn a_doorbell_that_cannot_be_rung_gives_the_message_back_and_the_redelivery_rings() {
    let world = World::allowing("revert");
    world.queue.set_down(true);
    assert!(world.evaluate(&ipv4_world()).is_err());
    assert!(world.ledger.starting("EV#").is_empty());
    world.queue.set_down(false);
    assert_eq!(world.evaluate(&ipv4_world()).unwrap(), Fate::Violating);
    assert_eq!(world.queue.take(Effect::Revert).len(), 1);
}

#[test]
fn what_must_not_be_judged_is_counted_and_leaves_no_trace() {
    let world = World::allowing("revert");
    let but = |change: fn(&mut serde_json::Value)| {
        let mut envelope = ipv4_world();
        change(&mut envelope);
        world.evaluate(&envelope).unwrap()
    };
    let role = |envelope: &mut serde_json::Value, session: &str| {
        let identity = &mut envelope["detail"]["userIdentity"];
        identity["sessionContext"]["sessionIssuer"]["arn"] = json!(ACTING_ROLE);
        identity["arn"] = json!(format!("arn:aws:sts::111122223333:assumed-role/acting/{session}"));
        identity["principalId"] = json!(format!("AROAEXAMPLE:{session}"));
    };
    assert_eq!(but(|e| e["source"] = json!("custom.ec2")), Fate::Ignored(Ignored::Forged));
    assert_eq!(but(|e| e["account"] = json!("999988887777")), Fate::Ignored(Ignored::Forged));
    assert_eq!(
        but(|e| e["detail"]["errorCode"] = json!("Client.UnauthorizedOperation")),
        Fate::Ignored(Ignored::Failed)
    );
    assert_eq!(
        but(|e| e["detail"]["errorCode"] = json!("Client.DryRunOperation")),
        Fate::Ignored(Ignored::DryRun)
    );
    assert_eq!(but(|e| e["detail"]["readOnly"] = json!(true)), Fate::Ignored(Ignored::ReadOnly));
    assert_eq!(but(|e| e["detail"]["eventName"] = json!("CreateTags")), Fate::Ignored(Ignored::Unasked));
    let elsewhere = but(|e| {
        e["region"] = json!("us-east-1");
        e["detail"]["awsRegion"] = json!("us-east-1");
    });
    assert_eq!(elsewhere, Fate::Ignored(Ignored::OutOfRegion));
    let mut own = ipv4_world();
    role(&mut own, "gardefou-abc-1");
    assert_eq!(world.evaluate(&own).unwrap(), Fate::Echo);
    assert!(world.ledger.items().is_empty());
    // The same role in somebody else's session is judged.
    let mut other = ipv4_world();
    role(&mut other, "somebody");
    assert_eq!(world.evaluate(&other).unwrap(), Fate::Violating);
}

#[test]
fn what_is_no_event_is_refused_and_not_lost() {
    let world = World::allowing("revert");
    for body in [json!({}), json!([]), json!({"detail": 3}), json!({"detail": {"eventVersion": "2.0"}})] {
        let error = world.evaluate(&body).unwrap_err();
        assert_eq!(error.retry(), engine::Retry::Never);
    }
}

#[test]
fn each_mode_does_no_more_than_it_says() {
    let expected = [
        ("observe", State::Observed { unconfirmed: false }, false),
        ("notify", State::Manual(Manual::Told), true),
        ("approve", State::Awaiting(Wait::Approve), true),
        ("revert", State::Queued(Work::Revert), false),
    ];
    for (mode, state, told) in expected {
        let world = World::allowing(mode);
        world.evaluate(&ipv4_world()).unwrap();
        assert_eq!(world.state(), state);
        assert_eq!(!world.queue.take(Effect::Notify).is_empty(), told, "{mode}");
        assert_eq!(!world.queue.take(Effect::Revert).is_empty(), mode == "revert", "{mode}");
    }
}

#[test]
fn the_breaker_opens_at_its_cap_for_one_account_and_for_no_other() {
    let world = World::allowing("revert");
    for number in 1..=12 {
        world.evaluate(&another_world(number, "111122223333")).unwrap();
    }
    world.evaluate(&another_world(13, "444455556666")).unwrap();
    let count = |account: &str, state: State| {
        let of = |finding: &&engine::FindingRecord| finding.finding.resource.account.as_str() == account;
        world.findings().iter().filter(of).filter(|finding| finding.life.state == state).count()
    };
    assert_eq!(count("111122223333", State::Queued(Work::Revert)), 10);
    assert_eq!(count("111122223333", State::Awaiting(Wait::Breaker)), 2);
    assert_eq!(count("444455556666", State::Queued(Work::Revert)), 1);
}

#[test]
fn one_call_that_violates_five_rules_is_one_finding_and_counts_once() {
    let world = World::allowing("revert");
    world.evaluate(&envelope(&record("ec2/AuthorizeSecurityGroupIngress/all-protocols.json"))).unwrap();
    let rules: Vec<String> =
        world.only().finding.violations.iter().map(|rule| rule.rule.to_string()).collect();
    assert_eq!(rules.len(), 5, "{rules:?}");
    for (key, item) in world.ledger.starting("B#") {
        assert_eq!(item["n"], engine::Attr::N(1), "{key:?}");
    }
}

#[test]
fn with_the_kill_switch_on_a_person_is_asked() {
    let world = World::allowing("revert");
    world.kill_switch(true);
    world.evaluate(&ipv4_world()).unwrap();
    assert_eq!(world.state(), State::Awaiting(Wait::Kill));
    world.kill_switch(false);
}

#[test]
fn evidence_older_than_a_day_needs_approval() {
    let world = World::allowing("revert");
    world.clock.advance(jiff::SignedDuration::from_hours(24));
    world.evaluate(&ipv4_world()).unwrap();
    assert_eq!(world.state(), State::Awaiting(Wait::Late));
}

#[test]
fn break_glass_and_protected_resources_are_told_and_not_touched() {
    let mut world = World::allowing("revert");
    world.config.push_str("break_glass: ['arn:aws:iam::111122223333:role/yourmedia-operator']\n");
    world.evaluate(&ipv4_world()).unwrap();
    assert_eq!(world.state(), State::Manual(Manual::Told));

    let mut world = World::allowing("revert");
    world.config.push_str("protected: [sg-0aa11bb22cc33dd44]\n");
    world.evaluate(&ipv4_world()).unwrap();
    assert_eq!(world.state(), State::Manual(Manual::Protected));
}

#[test]
fn what_the_change_added_beside_the_culprits_is_said_to_be_left_alone() {
    let world = World::allowing("revert");
    world
        .evaluate(&envelope(&record("ec2/AuthorizeSecurityGroupIngress/several-sources-one-violates.json")))
        .unwrap();
    let finding = world.only().finding;
    assert_eq!(finding.culprits.len(), 1);
    assert!(!finding.neighbours.is_empty());
}

#[test]
fn a_finding_whose_culprits_another_finding_owns_is_not_made_twice() {
    let world = World::allowing("revert");
    world.evaluate(&ipv4_world()).unwrap();
    // The same line, reported by another event (a modification to what it already was).
    let mut again = ipv4_world();
    again["detail"]["eventID"] = json!("c3819789-6ccb-4cbf-a56e-000000000099");
    assert_eq!(world.evaluate(&again).unwrap(), Fate::Violating);
    assert_eq!(world.findings().len(), 1);
    assert_eq!(world.ledger.starting("EV#").len(), 2);
}
