//! AWAITING, and what else a person can approve.

use super::{claimed::waive, found};
use crate::world::{World, now, person};
use engine::{DecisionError, Effect};
use model::{FindingId, Rejected};
use sim::Trouble;

fn approve(world: &World, version: u64, by: &str) -> Result<(), DecisionError> {
    let id = world.only().finding.id;
    now(world.persons().approve(&id, version, &person(by))).map(drop)
}

/// A state, and what leads there.
type Ending = (&'static str, fn(&World));

fn refused(answer: Result<(), DecisionError>) -> Rejected {
    match answer {
        Err(DecisionError::Refused { why, .. }) => why,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_a_person_approves_in_the_version_that_they_saw_is_taken_back() {
    let world = found("approve");
    approve(&world, world.only().life.version, "claire").unwrap();
    assert_eq!(world.history(), ["OPEN", "AWAITING approve", "QUEUED revert"]);
    assert_eq!(world.only().life.approval.unwrap().by.raw(), "claire");
    world.settle();
    assert_eq!(world.stands_at(), "REVERTED");
    assert_eq!(world.account.calls().len(), 1);
}

#[test]
fn an_approval_of_an_older_version_is_refused() {
    let world = found("approve");
    let seen = world.only().life.version;
    now(world.persons().acknowledge(&world.only().finding.id, world.in_days(1), &person("paul"))).unwrap();
    assert_eq!(refused(approve(&world, seen, "claire")), Rejected::Outdated);
    assert_eq!(world.stands_at(), "ACKED");
}

#[test]
fn while_the_kill_switch_is_on_no_approval_is_taken() {
    let world = found("approve");
    world.kill_switch(true);
    assert_eq!(refused(approve(&world, 2, "claire")), Rejected::KillSwitch);
    world.kill_switch(false);
    assert_eq!(world.stands_at(), "AWAITING approve", "lifting it starts nothing");
    approve(&world, 2, "claire").unwrap();
}

#[test]
fn who_made_the_change_does_not_approve_it() {
    let world = found("approve");
    let own = world.only().finding.actor.arn.unwrap();
    assert!(matches!(approve(&world, 2, &own), Err(DecisionError::OwnChange)));
    assert_eq!(world.stands_at(), "AWAITING approve");
}

#[test]
fn an_approval_is_void_for_a_culprit_whose_content_changed() {
    let world = found("approve");
    approve(&world, 2, "claire").unwrap();
    world.with_group(|group| group.lines[0] = crate::world::line(crate::world::WORLD_RULE, 23, "0.0.0.0/0"));
    world.settle();
    assert_eq!(world.stands_at(), "RESOLVED compliant");
    assert!(world.account.calls().is_empty());
}

#[test]
fn when_nobody_answers_it_expires_and_can_still_be_approved() {
    let world = found("approve");
    world.after_minutes(29);
    world.tick();
    assert_eq!(world.stands_at(), "AWAITING approve");
    world.after_minutes(1);
    world.tick();
    assert_eq!(world.stands_at(), "MANUAL expired");
    approve(&world, 3, "claire").unwrap();
    world.settle();
    assert_eq!(world.stands_at(), "REVERTED");
}

#[test]
fn nothing_expires_while_the_kill_switch_is_on() {
    let world = found("approve");
    world.kill_switch(true);
    world.after_minutes(120);
    world.tick();
    assert_eq!(world.stands_at(), "AWAITING approve");
    world.kill_switch(false);
    world.tick();
    assert_eq!(world.stands_at(), "MANUAL expired");
}

#[test]
fn what_was_taken_over_or_given_up_can_be_approved_and_starts_with_fresh_attempts() {
    let endings: [Ending; 3] = [
        ("MANUAL denied", |world| world.account.trouble_next(Trouble::Denied)),
        ("MANUAL exhausted", |world| (0..8).for_each(|_| world.account.trouble_reading(Trouble::Throttled))),
        ("ACKED", |world| {
            world.kill_switch(true);
            world.ring(&world.only().finding.id);
            world.kill_switch(false);
            let id: FindingId = world.only().finding.id;
            now(world.persons().acknowledge(&id, world.in_days(1), &person("paul"))).unwrap();
        }),
    ];
    for (state, trouble) in endings {
        let world = found("revert");
        trouble(&world);
        world.settle();
        assert_eq!(world.stands_at(), state);
        approve(&world, world.only().life.version, "claire").unwrap();
        assert_eq!(world.only().life.attempts, 0);
        world.settle();
        assert_eq!(world.stands_at(), "REVERTED", "{state}");
    }
}

#[test]
fn what_no_automation_may_do_cannot_be_approved() {
    let world = found("notify");
    assert_eq!(refused(approve(&world, 2, "claire")), Rejected::OutOfPlace);
    let world = found("observe");
    assert_eq!(refused(approve(&world, 2, "claire")), Rejected::OutOfPlace);
}

#[test]
fn a_waiver_lets_it_stand_and_its_message_is_kept_up_to_date_where_a_channel_can() {
    let mut world = found("approve");
    world.crowd = sim::Crowd::of(&["pagerduty", "slack"]);
    world.tell();
    waive(&world);
    assert_eq!(world.stands_at(), "WAIVED");
    world.tell();
    assert_eq!((world.crowd.heard("slack"), world.crowd.heard("pagerduty")), (vec![2], vec![2, 3]));
    assert!(world.queue.take(Effect::Revert).is_empty());
}

#[test]
fn a_decision_about_a_finding_that_does_not_exist_is_refused() {
    let world = found("approve");
    let other: FindingId = "bbbbbbbbbbbbbbbbbbbbbbbbbb".parse().unwrap();
    let answer = now(world.persons().approve(&other, 2, &person("claire")));
    assert!(matches!(answer, Err(DecisionError::Unknown(_))));
}
