//! MANUAL: people are called, and called again, and not for ever.

use super::{claimed::waive, found, other_port_opened};
use crate::world::{GROUP, World, line, now, opening, person};
use rules::RuleFile;

#[test]
fn people_are_called_three_times_more_and_then_no_more() {
    let world = found("approve");
    world.after_minutes(30);
    world.tick();
    world.tell();
    assert_eq!(world.stands_at(), "MANUAL expired");
    let calls = |world: &World| world.crowd.heard("slack").len();
    assert_eq!(calls(&world), 1, "what waits is told as what was not answered");
    for (minutes, heard) in [(14, 1), (1, 2), (59, 2), (1, 3), (239, 3), (1, 4), (10_000, 4), (10_000, 4)] {
        world.after_minutes(minutes);
        world.tick();
        world.tell();
        assert_eq!(calls(&world), heard, "after {minutes} more minutes");
    }
    assert_eq!(world.stands_at(), "MANUAL expired", "it is no better for that");
}

#[test]
fn who_takes_it_over_is_not_called() {
    let world = found("approve");
    world.after_minutes(30);
    world.tick();
    now(world.persons().acknowledge(&world.only().finding.id, world.in_days(2), &person("paul"))).unwrap();
    world.tell();
    let heard = world.crowd.heard("slack").len();
    world.after_minutes(600);
    world.tick();
    world.tell();
    assert_eq!(world.crowd.heard("slack").len(), heard);
}

#[test]
fn a_waiver_ends_it() {
    let world = found("notify");
    waive(&world);
    assert_eq!(world.stands_at(), "WAIVED");
}

/// People are told of each change of a group, which no rule of state speaks of.
fn told_of_a_change(kind: &str) -> World {
    let mut world = World::allowing("notify");
    let lines = [
        "id: any-opening",
        "title: A group was changed",
        "severity: low",
        "mode: notify",
        "what: Somebody opens a group.",
        "why: It may be a script.",
        "instead: Ask.",
        "misses: Nothing.",
        &format!("kind: {kind}"),
        "events: {ec2.amazonaws.com: [AuthorizeSecurityGroupIngress]}",
        "when: 'true'",
        "message: \"opened by {{ change.actor.name }}\"",
    ];
    let (path, rule_yaml) = ("rules/own/any-opening".to_owned(), lines.join("\n"));
    world.own_rule = Some(RuleFile { path, rule_yaml, cases_yaml: None });
    let office = line("sgr-0ff1ce", 443, "198.51.100.0/24");
    world.evaluate(&opening(1, GROUP, &[office], world.time())).unwrap();
    world
}

#[test]
fn what_people_were_told_of_a_change_is_closed_after_seven_days_and_nobody_is_called_again() {
    let world = told_of_a_change("change");
    world.tell();
    assert_eq!(world.stands_at(), "MANUAL told");
    world.after_minutes(7 * 24 * 60 - 1);
    world.tick();
    assert_eq!(world.stands_at(), "MANUAL told");
    world.after_minutes(1);
    world.tick();
    assert_eq!(world.stands_at(), "RESOLVED told");
    world.tell();
    assert_eq!(world.crowd.heard("slack").len(), 1);
}

#[test]
fn what_people_were_told_of_a_state_stays_and_nobody_is_called_again_below_critical() {
    let world = World::allowing("notify");
    other_port_opened(&world);
    world.settle();
    world.tell();
    assert_eq!(world.stands_at(), "MANUAL told");
    world.after_days(30);
    world.tick();
    world.tell();
    assert_eq!(world.stands_at(), "MANUAL told");
    assert_eq!(world.crowd.heard("slack").len(), 1);

    let critical = found("notify");
    critical.after_minutes(15);
    critical.tick();
    critical.tell();
    assert_eq!(critical.crowd.heard("slack").len(), 1, "told and called again in one");
    critical.after_minutes(60);
    critical.tick();
    critical.tell();
    assert_eq!(critical.crowd.heard("slack").len(), 2);
}
