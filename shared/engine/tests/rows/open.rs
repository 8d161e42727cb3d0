//! OPEN: where dispatch sends what was just recorded.

use super::{found, found_with, other_port_opened};
use crate::world::{ACCOUNT, GROUP, World, by, envelope, ipv4_world, line, now, opening, person, record};
use engine::{Attr, Effect, Key};
use jiff::SignedDuration;

const WAIVED: &str = "waivers: [{id: lab, resource: 'sg-0aa*', rule: ec2-sg-ssh-open, owner: ops, reason: a lab, \
                      from: 2026-11-01, until: 2026-12-24}]\n";

#[test]
fn with_all_rules_waived_it_is_waived() {
    let world = found_with("revert", WAIVED);
    assert_eq!(world.history(), ["OPEN", "WAIVED"]);
    assert!(world.queue.take(Effect::Revert).is_empty() && world.queue.take(Effect::Notify).is_empty());
}

#[test]
fn with_observe_granted_to_all_it_is_observed_and_says_where_a_second_condition_was_not_asked() {
    let world = found("observe");
    assert_eq!(world.stands_at(), "OBSERVED");
    let world = World::allowing("observe");
    other_port_opened(&world);
    assert_eq!(world.stands_at(), "OBSERVED unconfirmed");
    assert!(world.queue.take(Effect::Revert).is_empty() && world.queue.take(Effect::Notify).is_empty());
}

#[test]
fn what_waits_for_a_second_condition_is_queued_to_confirm_whatever_breaker_and_kill_switch_say() {
    for mode in ["notify", "approve", "revert"] {
        let mut world = World::allowing(mode);
        world
            .config
            .push_str("breaker: {rule_per_10_minutes: 0, account_per_hour: 0, overall_per_hour: 0}\n");
        world.kill_switch(true);
        other_port_opened(&world);
        assert_eq!(world.stands_at(), "QUEUED confirm", "{mode}");
        assert_eq!(world.queue.take(Effect::Revert).len(), 1, "{mode}");
        assert!(world.ledger.starting("B#").is_empty(), "a look is counted by nobody");
    }
}

#[test]
fn with_revert_granted_and_the_guards_shut_it_is_queued_to_revert() {
    let world = found("revert");
    assert_eq!(world.history(), ["OPEN", "QUEUED revert"]);
    assert_eq!(world.queue.take(Effect::Revert).len(), 1);
    assert!(world.queue.take(Effect::Notify).is_empty(), "nothing is said before something was done");
}

#[test]
fn with_approve_granted_it_waits_for_a_person() {
    let world = found("approve");
    assert_eq!(world.history(), ["OPEN", "AWAITING approve"]);
    assert_eq!(world.queue.take(Effect::Notify).len(), 1);
}

#[test]
fn with_the_kill_switch_on_it_waits_for_a_person() {
    let world = World::allowing("revert");
    world.kill_switch(true);
    world.evaluate(&ipv4_world()).unwrap();
    assert_eq!(world.history(), ["OPEN", "AWAITING kill"]);
}

#[test]
fn the_kill_switch_thrown_between_the_look_at_it_and_the_queueing_keeps_it_out_of_the_queue() {
    let world = World::allowing("revert");
    world.ledger.write_meanwhile(1, Key::kill_switch(), [("on".to_owned(), Attr::Bool(true))].into());
    world.evaluate(&ipv4_world()).unwrap();
    assert_eq!(world.history(), ["OPEN", "AWAITING kill"]);
    assert!(world.queue.take(Effect::Revert).is_empty());
    assert!(world.ledger.starting("B#").is_empty(), "what is not queued is not counted");
}

#[test]
fn an_event_of_a_day_ago_waits_for_a_person_and_a_younger_one_does_not() {
    let world = World::allowing("revert");
    world.later("2026-11-21T09:28:54Z".parse::<jiff::Timestamp>().unwrap().duration_since(world.time()));
    world.evaluate(&ipv4_world()).unwrap();
    assert_eq!(world.stands_at(), "QUEUED revert", "24 hours to the second");
    let world = World::allowing("revert");
    world.later("2026-11-21T09:28:55Z".parse::<jiff::Timestamp>().unwrap().duration_since(world.time()));
    world.evaluate(&ipv4_world()).unwrap();
    assert_eq!(world.stands_at(), "AWAITING late");
    world.account.calls();
    world.approve();
    world.settle();
    assert_eq!(world.stands_at(), "REVERTED");
}

#[test]
fn with_notify_granted_people_are_told() {
    let world = found("notify");
    assert_eq!(world.history(), ["OPEN", "MANUAL told"]);
    assert_eq!(world.queue.take(Effect::Notify).len(), 1);
}

#[test]
fn what_a_role_with_glass_to_break_does_is_told_and_not_taken_back() {
    let glass = "break_glass: ['arn:aws:iam::111122223333:role/yourmedia-operator']\n";
    let world = found_with("revert", glass);
    assert_eq!(world.history(), ["OPEN", "MANUAL told"]);
    // Another account's role of that name has no glass.
    let mut world = World::allowing("revert");
    world.config.push_str(glass);
    let other = by(ipv4_world(), "arn:aws:iam::999988887777:role/yourmedia-operator", "claire.martin");
    world.evaluate(&other).unwrap();
    assert_eq!(world.stands_at(), "QUEUED revert");
}

#[test]
fn with_undecided_rules_alone_people_are_told_and_nothing_is_done() {
    let world = World::allowing("revert");
    let unclear = record("ec2/AuthorizeSecurityGroupIngress/range-turned-around.json");
    world.evaluate(&envelope(&unclear)).unwrap();
    assert_eq!(world.history(), ["OPEN", "MANUAL undecided"]);
    world.settle();
    assert!(world.account.calls().is_empty());
}

#[test]
fn the_account_the_unit_and_the_environment_each_lower_what_is_granted() {
    let unit = |mode: &str| format!("units: {{production: {{accounts: ['{ACCOUNT}'], mode: {mode}}}}}\n");
    let account = |mode: &str| format!("accounts: {{'{ACCOUNT}': {mode}}}\n");
    for (mode, state) in [
        ("observe", "OBSERVED"),
        ("notify", "MANUAL told"),
        ("approve", "AWAITING approve"),
        ("revert", "QUEUED revert"),
    ] {
        assert_eq!(found_with("revert", &unit(mode)).stands_at(), state);
        assert_eq!(found_with("observe", &account(mode)).stands_at(), state);
    }
    assert_eq!(found_with("revert", &(account("notify") + &unit("approve"))).stands_at(), "MANUAL told");
}

#[test]
fn the_environment_is_known_from_the_tag_that_a_sweep_saw() {
    for (environment, state) in [("prod", "AWAITING approve"), ("lab", "OBSERVED"), ("none", "QUEUED revert")]
    {
        let mut world = World::allowing("revert");
        world.config.push_str("environments: {tag: env, modes: {prod: approve, lab: observe}}\n");
        world.with_group(|group| {
            group.lines.clear();
            group.tags.insert("env".into(), environment.into());
            group.tags.insert("owner".into(), "somebody".into());
        });
        assert!(world.present());
        let opened = line("sgr-0d00d", 22, "0.0.0.0/0");
        world.evaluate(&opening(1, GROUP, &[opened], world.time())).unwrap();
        assert_eq!(world.stands_at(), state, "{environment}");
        let kept = world.ledger.starting("R#").into_iter().find_map(|(_, item)| item.get("tags").cloned());
        assert_eq!(kept, Some(Attr::S(format!("{{\"env\":\"{environment}\"}}"))), "no other tag is kept");
    }
}

#[test]
fn what_a_dead_evaluate_left_open_is_dispatched_by_the_sweep() {
    let world = World::allowing("revert");
    world.ledger.fail_commit_after(1);
    assert!(world.evaluate(&ipv4_world()).is_err());
    assert_eq!(world.stands_at(), "OPEN");
    world.later(SignedDuration::from_secs(1));
    world.tick();
    assert_eq!(world.history(), ["OPEN", "QUEUED revert"]);
    assert_eq!(world.queue.take(Effect::Revert).len(), 1);
}

#[test]
fn a_person_can_decide_before_it_is_dispatched() {
    for (decision, state) in [("waive", "WAIVED"), ("acknowledge", "ACKED"), ("close", "RESOLVED closed")] {
        let world = World::allowing("revert");
        world.ledger.fail_commit_after(1);
        assert!(world.evaluate(&ipv4_world()).is_err());
        let (id, until, claire, persons) =
            (world.only().finding.id, world.in_days(3), person("claire"), world.persons());
        let decided = match decision {
            "waive" => now(persons.waive(&id, until, &claire, "a demonstration")),
            "acknowledge" => now(persons.acknowledge(&id, until, &claire)),
            _ => now(persons.close(&id, &claire, "a test")),
        };
        decided.unwrap();
        world.tick();
        world.settle();
        assert_eq!(world.stands_at(), state);
        assert!(world.account.calls().is_empty());
    }
}
