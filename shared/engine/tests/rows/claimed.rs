//! QUEUED and CLAIMED: what a worker does once it has looked.

use super::{OTHER, found, found_with, other_port_opened};
use crate::world::{GROUP, WORLD_RULE, World, envelope, ipv4_world, line, now, opening, person, record};
use engine::{Attr, Effect, Key, Outcome};
use jiff::SignedDuration;
use model::{Refusal, Uses};
use rules::RuleFile;
use serde_json::json;
use sim::Trouble;

#[test]
fn queued_with_the_kill_switch_on_it_waits_and_nobody_looks() {
    let world = found("revert");
    world.kill_switch(true);
    world.ring(&world.only().finding.id);
    assert_eq!(world.history(), ["OPEN", "QUEUED revert", "AWAITING kill"]);
    assert!(!world.queue.take(Effect::Notify).is_empty());
}

#[test]
fn the_kill_switch_thrown_while_it_is_claimed_is_seen_by_the_claim() {
    let world = found("revert");
    world.ledger.write_meanwhile(0, Key::kill_switch(), [("on".to_owned(), Attr::Bool(true))].into());
    let id = world.only().finding.id;
    assert_eq!(world.ring(&id), Outcome::Later(SignedDuration::from_secs(1)));
    world.ring(&id);
    assert_eq!(world.stands_at(), "AWAITING kill");
    assert!(world.account.calls().is_empty());
}

#[test]
fn a_look_that_was_queued_is_made_with_the_kill_switch_on() {
    let world = World::allowing("notify");
    other_port_opened(&world);
    world.kill_switch(true);
    world.settle();
    assert_eq!(world.stands_at(), "MANUAL told");
}

#[test]
fn a_person_who_asked_to_cancel_is_heeded_though_the_worker_died_and_the_kill_switch_is_on() {
    let world = found("revert");
    let id = world.only().finding.id;
    claim_and_die(&world);
    waive(&world);
    world.kill_switch(true);
    world.after_minutes(2);
    world.ring(&id);
    assert_eq!(world.stands_at(), "WAIVED");
}

#[test]
fn after_eight_claims_it_is_exhausted() {
    let world = found("revert");
    for _ in 0..8 {
        world.account.trouble_reading(Trouble::Throttled);
    }
    world.settle();
    assert_eq!(world.stands_at(), "MANUAL exhausted");
    assert_eq!(world.only().life.attempts, 8);
}

#[test]
fn what_went_or_was_changed_is_verified_and_resolved_without_a_call_and_a_word() {
    for gone in [true, false] {
        let world = found("revert");
        world.with_group(|group| {
            group.lines[0] = line(WORLD_RULE, 22, "198.51.100.0/24");
            group.lines.drain(..usize::from(gone));
        });
        world.settle();
        let ending = ["REVERTING claimed", "VERIFYING", "VERIFYING", "RESOLVED compliant"];
        assert_eq!(world.history()[2..], ending);
        assert!(world.account.calls().is_empty() && world.queue.take(Effect::Notify).is_empty());
        assert!(world.ledger.starting("T#").is_empty(), "its claim is released");
    }
}

#[test]
fn a_newer_change_of_the_line_wins_over_a_read_that_is_older() {
    let world = found("revert");
    // Somebody narrowed it; what AWS answers a reader is still what it was.
    let mut narrowed = record("ec2/ModifySecurityGroupRules/narrowed.json");
    let request = &mut narrowed["requestParameters"]["ModifySecurityGroupRulesRequest"];
    request["GroupId"] = json!(GROUP);
    request["SecurityGroupRule"]["SecurityGroupRuleId"] = json!(WORLD_RULE);
    narrowed["eventTime"] = json!("2026-11-20T09:59:00Z");
    world.evaluate(&envelope(&narrowed)).unwrap();
    let id = world.findings()[0].finding.id.clone();
    world.ring(&id);
    assert_eq!(world.label(&id), "VERIFYING");
    assert!(world.account.calls().is_empty());
    // An older change of the line is no reason to stop.
    let world = found("revert");
    narrowed["eventTime"] = json!("2026-11-20T09:00:00Z");
    world.evaluate(&envelope(&narrowed)).unwrap();
    world.settle();
    assert_eq!(world.stands_at(), "REVERTED");
}

#[test]
fn what_is_not_confirmed_on_present_state_is_resolved_and_nobody_hears() {
    let world = World::allowing("approve");
    world.with_group(|group| drop(group.tags.insert("public".into(), "approved".into())));
    other_port_opened(&world);
    world.settle();
    assert_eq!(world.stands_at(), "RESOLVED compliant");
    assert!(world.queue.take(Effect::Notify).is_empty());
}

#[test]
fn what_is_confirmed_and_needs_approval_waits_and_what_is_only_told_is_told() {
    for (mode, state) in [("approve", "AWAITING approve"), ("notify", "MANUAL told")] {
        let world = World::allowing(mode);
        other_port_opened(&world);
        world.settle();
        assert_eq!(world.history(), ["OPEN", "QUEUED confirm", "REVERTING claimed", state]);
        assert!(world.account.calls().is_empty());
    }
}

#[test]
fn what_was_approved_after_it_was_confirmed_is_taken_back() {
    let world = World::allowing("approve");
    other_port_opened(&world);
    world.settle();
    world.approve();
    world.settle();
    assert_eq!(world.stands_at(), "REVERTED");
    assert!(!world.lines().contains(&OTHER.to_owned()));
}

#[test]
fn the_environment_that_is_seen_now_lowers_what_was_granted_when_it_was_found() {
    for (environment, state) in [
        ("prod", "AWAITING approve"),
        ("test", "MANUAL told"),
        ("lab", "RESOLVED compliant"),
        ("-", "REVERTED"),
    ] {
        let world = found_with(
            "revert",
            "environments: {tag: env, modes: {prod: approve, test: notify, lab: observe}}\n",
        );
        world.with_group(|group| drop(group.tags.insert("env".into(), environment.into())));
        world.settle();
        assert_eq!(world.stands_at(), state, "{environment}");
        assert_eq!(world.account.calls().len(), usize::from(state == "REVERTED"), "{environment}");
    }
}

#[test]
fn on_a_group_on_which_too_much_depends_a_person_is_asked_and_the_approval_holds() {
    let uses = |interfaces, load_balancers, references| Some(Uses { interfaces, load_balancers, references });
    let cases = [
        ("default", None, "default group"),
        ("web", uses(21, 0, 0), "21 network interfaces"),
        ("web", uses(1, 1, 0), "load balancers"),
        ("web", uses(0, 0, 6), "6 other groups"),
    ];
    for (name, uses, why) in cases {
        let world = found("revert");
        world.with_group(|group| (group.name, group.uses) = (name.into(), uses));
        world.settle();
        assert_eq!(world.stands_at(), "AWAITING blast-radius", "{why}");
        assert!(world.only().evidence.obstacle.unwrap().contains(why));
        assert!(world.account.calls().is_empty());
        world.approve();
        world.settle();
        assert_eq!(world.stands_at(), "REVERTED", "{why}");
    }
    let world = found("revert");
    world.with_group(|group| group.uses = uses(20, 0, 5));
    world.settle();
    assert_eq!(world.stands_at(), "REVERTED", "at the limits nobody is asked");
}

#[test]
fn what_is_protected_is_left_to_people_by_tag_and_by_configuration() {
    let world = found("revert");
    world.with_group(|group| drop(group.tags.insert("gardefou:protect".into(), "payments".into())));
    world.settle();
    assert_eq!(world.stands_at(), "MANUAL protected");
    assert!(matches!(world.only().evidence.refusal, Some(Refusal::Protected { .. })));

    // Protected after it was queued, and, where a person approves, all the same.
    let protected = format!("protected: [{GROUP}]\n");
    let mut world = found("revert");
    world.config.push_str(&protected);
    world.settle();
    assert_eq!(world.stands_at(), "MANUAL protected");
    let world = found_with("approve", &protected);
    assert_eq!(world.stands_at(), "AWAITING approve");
    world.approve();
    world.settle();
    assert_eq!(world.stands_at(), "MANUAL protected");
    assert!(world.account.calls().is_empty());
}

#[test]
fn what_cannot_be_read_is_left_to_people_each_under_its_reason() {
    for (trouble, state) in [(Trouble::Denied, "MANUAL denied"), (Trouble::Nonsense, "MANUAL not-observable")]
    {
        let world = found("revert");
        world.account.trouble_reading(trouble);
        world.settle();
        assert_eq!(world.stands_at(), state);
        let world = World::allowing("notify");
        other_port_opened(&world);
        world.account.trouble_reading(trouble);
        world.settle();
        assert_eq!(world.stands_at(), "MANUAL not-confirmed", "only to be told, it says so");
    }
}

#[test]
fn waived_before_the_worker_came_it_is_left_alone() {
    let world = found("revert");
    waive(&world);
    assert_eq!(world.history(), ["OPEN", "QUEUED revert", "WAIVED"]);
    world.settle();
    assert!(world.account.calls().is_empty());
}

#[test]
fn a_cancel_asked_while_it_is_claimed_stops_the_next_worker_and_no_call_is_made() {
    let world = found("revert");
    claim_and_die(&world);
    waive(&world);
    assert_eq!(world.stands_at(), "REVERTING claimed");
    assert!(world.only().life.cancel);
    world.after_minutes(2);
    world.tick();
    world.settle();
    assert_eq!(world.stands_at(), "WAIVED");
    assert!(world.account.calls().is_empty());
    assert_eq!(world.lines().len(), 2);
}

#[test]
fn only_one_of_two_workers_gets_it() {
    let world = found("revert");
    claim_and_die(&world);
    let bell = world.queue.take(Effect::Revert).remove(0).doorbell;
    assert_eq!(world.revert_as("second", &bell).unwrap(), Outcome::Done);
    assert_eq!(world.only().life.epoch, 1);
    assert!(world.account.calls().is_empty());
}

/// A worker claims it and dies before it writes anything more.
pub(super) fn claim_and_die(world: &World) {
    let id = world.only().finding.id;
    world.account.trouble_reading(Trouble::Throttled);
    world.ledger.fail_commit_after(1);
    let bell = engine::Doorbell { finding: id, version: 0, effect: Effect::Revert };
    assert!(world.revert(&bell).is_err());
    assert_eq!(world.stands_at(), "REVERTING claimed");
}

pub(super) fn waive(world: &World) {
    let id = world.only().finding.id;
    now(world.persons().waive(&id, world.in_days(30), &person("claire"), "a demonstration")).unwrap();
}

#[test]
fn what_the_event_says_and_the_ledger_does_not_know_is_left_to_people() {
    let world = World::allowing("revert");
    let mut oldest = ipv4_world();
    // An answer that CloudTrail left out: the line has no id by which it could be named.
    oldest["detail"]["responseElements"] = serde_json::Value::Null;
    world.evaluate(&oldest).unwrap();
    world.settle();
    assert_eq!(world.stands_at(), "MANUAL imprecise");
    assert!(world.account.calls().is_empty());
}

/// A rule of ours that may revert and asks a second condition, and the line that it names.
fn asking_again(holds: &str, mode: &str) -> World {
    let mut world = World::allowing(mode);
    let lines = [
        "id: office-line",
        "title: A line for the office",
        "severity: high",
        "mode: revert",
        "revert: security-group-rules",
        "what: Somebody lets the office in.",
        "why: It has moved.",
        "instead: Ask.",
        "misses: Nothing.",
        "events: {ec2.amazonaws.com: [AuthorizeSecurityGroupIngress]}",
        "each: openings",
        "when: opening.ingress && opening.from_port == 8443",
        &format!("holds: \"{holds}\""),
        "message: \"opened by {{ change.actor.name }}\"",
    ];
    let (path, rule_yaml) = ("rules/own/office-line".to_owned(), lines.join("\n"));
    world.own_rule = Some(RuleFile { path, rule_yaml, cases_yaml: None });
    let office = line("sgr-0ff1ce", 8443, "198.51.100.0/24");
    world.with_group(|group| group.lines = vec![office.clone()]);
    world.evaluate(&opening(1, GROUP, &[office], world.time())).unwrap();
    world
}

#[test]
fn a_revert_with_a_second_condition_is_made_where_it_holds_and_nowhere_else() {
    for (tag, state, calls) in [("open", "REVERTED", 1), ("closed", "RESOLVED compliant", 0)] {
        let world = asking_again("'open' in observed.tags", "revert");
        assert_eq!(world.stands_at(), "QUEUED revert");
        world.with_group(|group| drop(group.tags.insert(tag.into(), "".into())));
        world.settle();
        assert_eq!((world.stands_at().as_str(), world.account.calls().len()), (state, calls));
    }
}

#[test]
fn a_second_condition_that_cannot_be_answered_is_left_to_people() {
    for (mode, state) in [("revert", "MANUAL not-observable"), ("notify", "MANUAL not-confirmed")] {
        let world = asking_again("observed.tags['team'] == 'office'", mode);
        world.settle();
        assert_eq!(world.stands_at(), state);
        assert!(world.account.calls().is_empty());
    }
}
