//! A person wants back what was taken.

use super::{found, other_port_opened};
use crate::world::{ACTING_ROLE, GROUP, WORLD_RULE, World, by, line, now, opening, person};
use engine::{DecisionError, Fate, FindingRecord};
use model::{Cause, FindingId, Opening};

/// SSH was opened with a description, and taken back.
fn reverted() -> (World, Opening) {
    let world = World::allowing("revert");
    let described =
        Opening { description: Some("the old bastion".into()), ..line(WORLD_RULE, 22, "0.0.0.0/0") };
    world.with_group(|group| group.lines[0] = described.clone());
    world.evaluate(&opening(1, GROUP, std::slice::from_ref(&described), world.time())).unwrap();
    world.settle();
    assert_eq!(world.stands_at(), "REVERTED");
    (world, described)
}

fn undo(world: &World, id: &FindingId, days: i64) -> Result<FindingRecord, DecisionError> {
    now(world.persons().undo(id, world.in_days(days), &person("paul"), "still needed"))
}

fn first(world: &World) -> FindingId {
    let of_event = |record: &FindingRecord| matches!(record.finding.cause, Cause::Event(_));
    world.findings().into_iter().find(of_event).unwrap().finding.id
}

#[test]
fn what_is_put_back_is_what_was_taken_with_its_description_and_it_ends_waived() {
    let (world, was) = reverted();
    let undone = undo(&world, &first(&world), 30).unwrap();
    assert_eq!(undone.life.state.label(), "QUEUED undo");
    world.settle();
    assert_eq!(world.label(&undone.finding.id), "WAIVED");
    assert_eq!(world.find(&undone.finding.id).life.until.unwrap(), undone.life.until.unwrap());
    let lines = world.account.group(&GROUP.parse().unwrap()).unwrap().lines;
    let back: Vec<_> = lines.iter().filter(|own| own.same_content(&was)).collect();
    assert_eq!((back.len(), &back[0].description), (1, &was.description));
    assert_eq!(lines.len(), 2);
    assert_eq!(world.label(&first(&world)), "REVERTED", "a terminal finding does not move");
}

#[test]
fn neither_the_event_nor_its_echo_nor_a_sweep_takes_it_back_again() {
    let (world, was) = reverted();
    let undone = undo(&world, &first(&world), 30).unwrap().finding.id;
    world.settle();
    let calls = world.account.calls().len();
    let lines = world.account.group(&GROUP.parse().unwrap()).unwrap().lines;
    let back = lines.into_iter().find(|own| own.same_content(&was)).unwrap();
    let session = format!("gardefou-{undone}-{}", world.find(&undone).life.epoch);
    let echo = by(opening(8, GROUP, std::slice::from_ref(&back), world.time()), ACTING_ROLE, &session);
    assert_eq!(world.evaluate(&echo).unwrap(), Fate::Echo);
    assert_eq!(world.find(&undone).evidence.echoes.len(), 1);
    // The first event again, and somebody who opens the same once more.
    let mut again = opening(1, GROUP, &[was], world.time());
    again["detail"]["eventTime"] = serde_json::json!("2026-11-20T10:00:00Z");
    assert_eq!(world.evaluate(&again).unwrap(), Fate::Duplicate);
    world.evaluate(&opening(9, GROUP, &[back], world.time())).unwrap();
    for _ in 0..3 {
        world.present();
        world.tick();
        world.settle();
        world.after_minutes(10);
    }
    assert_eq!(world.account.calls().len(), calls);
    assert_eq!(world.label(&undone), "WAIVED");
}

#[test]
fn when_the_waiver_ends_it_waits_for_a_person_and_is_found_once() {
    let (world, _) = reverted();
    let undone = undo(&world, &first(&world), 30).unwrap().finding.id;
    world.settle();
    world.after_days(23);
    world.tick();
    world.after_days(8);
    world.tick();
    assert_eq!(world.label(&undone), "AWAITING returned");
    world.present();
    assert_eq!(world.findings().len(), 2, "a sweep does not tell of it a second time");
    let version = world.find(&undone).life.version;
    now(world.persons().approve(&undone, version, &person("claire"))).unwrap();
    world.settle();
    assert_eq!(world.label(&undone), "REVERTED");
    assert_eq!(world.lines(), ["sgr-0fff"]);
}

#[test]
fn twice_is_refused_and_so_is_what_was_not_taken_back() {
    let (world, _) = reverted();
    let id = first(&world);
    undo(&world, &id, 30).unwrap();
    assert!(matches!(undo(&world, &id, 30), Err(DecisionError::Undone(_))));
    world.settle();
    assert!(matches!(undo(&world, &id, 30), Err(DecisionError::Undone(_))));
    assert_eq!(world.ledger.starting("WV#").len(), world.find(&id).finding.violations.len());

    let waiting = found("approve");
    assert!(matches!(undo(&waiting, &first(&waiting), 30), Err(DecisionError::NothingToUndo(..))));
    let (world, _) = reverted();
    assert!(matches!(undo(&world, &first(&world), 91), Err(DecisionError::NotWaivable(_))));
    assert_eq!(world.findings().len(), 1, "nothing is written of it");
}

#[test]
fn while_the_kill_switch_is_on_it_waits() {
    let (world, _) = reverted();
    let undone = undo(&world, &first(&world), 30).unwrap().finding.id;
    world.kill_switch(true);
    world.settle();
    assert_eq!(world.label(&undone), "AWAITING kill");
    assert_eq!(world.lines(), ["sgr-0fff"]);
}

#[test]
fn what_was_taken_in_two_steps_is_put_back_whole() {
    let world = found("revert");
    other_port_opened(&world);
    world.settle();
    let [ssh, other] = world.findings().try_into().unwrap();
    let (ssh, other) = if ssh.life.state.label() == "REVERTED" { (ssh, other) } else { (other, ssh) };
    now(world.persons().approve(&other.finding.id, other.life.version, &person("claire"))).unwrap();
    world.settle();
    for id in [ssh.finding.id, other.finding.id] {
        undo(&world, &id, 30).unwrap();
    }
    world.settle();
    assert_eq!(world.lines().len(), 3);
}
