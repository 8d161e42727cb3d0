//! VERIFYING: what was called is read again before it is believed.

use super::{OTHER, found};
use crate::world::{GROUP, WORLD_RULE, World, line, opening};
use engine::{Effect, Outcome};
use jiff::SignedDuration;
use model::FindingId;
use sim::Trouble;

/// Called, and waiting for the first read.
fn verifying() -> (World, FindingId) {
    let world = found("revert");
    let id = world.only().finding.id;
    world.ring(&id);
    assert_eq!(world.stands_at(), "VERIFYING");
    (world, id)
}

fn wait(world: &World, seconds: i64) {
    world.later(SignedDuration::from_secs(seconds));
}

#[test]
fn two_reads_without_it_apart_from_each_other_end_it() {
    let (world, id) = verifying();
    assert_eq!(world.ring(&id), Outcome::Later(SignedDuration::from_secs(10)), "not before its time");
    wait(&world, 10);
    world.ring(&id);
    assert_eq!(world.ring(&id), Outcome::Later(SignedDuration::from_secs(30)));
    assert_eq!(world.stands_at(), "VERIFYING");
    wait(&world, 30);
    world.ring(&id);
    assert_eq!(world.stands_at(), "REVERTED");
    assert!(world.ledger.starting("T#").is_empty());
}

#[test]
fn an_early_sight_only_starts_the_count_again() {
    let (world, id) = verifying();
    let stale = line(WORLD_RULE, 22, "0.0.0.0/0");
    world.with_group(|group| group.lines.push(stale));
    wait(&world, 10);
    world.ring(&id);
    assert_eq!(world.stands_at(), "VERIFYING");
    world.account.remove(&GROUP.parse().unwrap(), &WORLD_RULE.parse().unwrap());
    for state in ["VERIFYING", "REVERTED"] {
        wait(&world, 30);
        world.ring(&id);
        assert_eq!(world.stands_at(), state);
    }
    assert_eq!(world.account.calls().len(), 1);
}

#[test]
fn what_is_there_at_the_second_read_is_queued_again_and_the_third_time_left_to_people() {
    let world = found("revert");
    for _ in 0..3 {
        world.account.trouble_next(Trouble::AnsweredOnly);
    }
    let id = world.only().finding.id;
    for state in ["QUEUED revert", "QUEUED revert", "MANUAL stands"] {
        world.ring(&id);
        assert_eq!(world.stands_at(), "VERIFYING");
        for seconds in [10, 30] {
            wait(&world, seconds);
            world.ring(&id);
        }
        assert_eq!(world.stands_at(), state);
    }
    assert_eq!(world.account.calls().len(), 3);
    assert!(!world.ledger.starting("T#").is_empty(), "it is still this finding's");
}

/// SSH is granted a revert and the other port an approval, in one call.
fn two_ports_in_one_call() -> World {
    let world = World::allowing("revert");
    let lines = [line(WORLD_RULE, 22, "0.0.0.0/0"), line(OTHER, 8081, "0.0.0.0/0")];
    world.with_group(|group| group.lines.push(lines[1].clone()));
    world.evaluate(&opening(1, GROUP, &lines, world.time())).unwrap();
    world
}

#[test]
fn with_culprits_left_that_need_approval_it_waits_for_a_person() {
    let world = two_ports_in_one_call();
    world.settle();
    assert_eq!(world.stands_at(), "AWAITING approve");
    assert_eq!(world.lines(), ["sgr-0fff", OTHER]);
    world.approve();
    world.settle();
    assert_eq!(world.stands_at(), "REVERTED");
    assert_eq!(world.lines(), ["sgr-0fff"]);
}

#[test]
fn the_pre_image_of_what_was_taken_first_is_kept_when_more_is_taken() {
    let world = two_ports_in_one_call();
    world.settle();
    world.approve();
    world.settle();
    let plan = world.only().evidence.plan.unwrap();
    let taken: Vec<_> = plan.takes_back.iter().filter_map(model::Item::id).collect();
    assert_eq!(taken, [WORLD_RULE, OTHER]);
    assert_eq!(plan.steps.len(), 1, "and the plan does only what is left to do");
}

#[test]
fn a_doorbell_that_was_lost_is_rung_by_the_sweep() {
    let (world, _) = verifying();
    world.queue.take(Effect::Revert);
    world.tick();
    assert!(world.queue.take(Effect::Revert).is_empty());
    wait(&world, 10);
    world.tick();
    world.settle();
    assert_eq!(world.stands_at(), "REVERTED");
}

#[test]
fn what_can_never_be_read_again_is_left_to_people_and_what_can_be_later_is_read_later() {
    let (world, id) = verifying();
    for _ in 0..3 {
        wait(&world, 30);
        world.account.trouble_reading(Trouble::Denied);
        world.ring(&id);
    }
    assert_eq!(world.stands_at(), "MANUAL denied");
    assert_eq!(world.account.calls().len(), 1, "nothing is called of what cannot be seen");

    let (world, id) = verifying();
    wait(&world, 30);
    world.account.trouble_reading(Trouble::Throttled);
    let bell = engine::Doorbell { finding: id, version: 0, effect: Effect::Revert };
    assert!(world.revert(&bell).is_err(), "the queue brings it back");
    assert_eq!(world.stands_at(), "VERIFYING");
    world.settle();
    assert_eq!(world.stands_at(), "REVERTED");
}
