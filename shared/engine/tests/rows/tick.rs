//! The sweep of every minute: what was lost on the way is done all the same.

use super::{claimed::claim_and_die, found};
use crate::world::{MemorySweep, World, group_id, line, now, opening, person};
use engine::{Effect, Observer, ObserverError, Sweep};
use jiff::{SignedDuration, Timestamp};
use model::{Observed, Resource};
use sim::ManualClock;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

#[test]
fn a_revert_doorbell_that_was_lost_is_rung_again() {
    let world = found("revert");
    world.queue.take(Effect::Revert);
    world.later(SignedDuration::from_secs(89));
    world.tick();
    assert!(world.queue.take(Effect::Revert).is_empty(), "it may still be on its way");
    world.later(SignedDuration::from_secs(1));
    world.tick();
    world.settle();
    assert_eq!(world.stands_at(), "REVERTED");
    assert_eq!(world.meter.take().of("SweepRequeued"), 1);
}

#[test]
fn a_notify_doorbell_that_was_lost_is_rung_again_also_of_what_is_over() {
    let world = found("approve");
    world.queue.take(Effect::Notify);
    world.later(SignedDuration::from_secs(59));
    world.tick();
    assert!(world.queue.take(Effect::Notify).is_empty());
    world.later(SignedDuration::from_secs(1));
    world.tick();
    world.tell();
    assert_eq!(world.crowd.heard("slack"), [2]);

    let world = found("revert");
    world.settle();
    world.queue.take(Effect::Notify);
    assert_eq!(world.stands_at(), "REVERTED");
    world.after_minutes(2);
    world.tick();
    world.tell();
    assert_eq!(world.crowd.heard("slack").len(), 1);
    assert_eq!(world.only().life.tell, None);
}

#[test]
fn a_lease_whose_worker_died_is_rung_for_and_taken_over() {
    let world = found("revert");
    claim_and_die(&world);
    world.queue.take(Effect::Revert);
    world.later(SignedDuration::from_secs(94));
    world.tick();
    assert!(world.queue.take(Effect::Revert).is_empty());
    world.later(SignedDuration::from_secs(1));
    world.tick();
    world.settle();
    assert_eq!(world.stands_at(), "REVERTED");
    assert_eq!(world.only().life.epoch, 2);
}

#[test]
fn one_finding_that_cannot_be_read_holds_up_no_other() {
    let world = World::allowing("revert");
    for number in 1..=20 {
        let opened = line(&format!("sgr-{number:x}"), 22, "0.0.0.0/0");
        // Ten of them are over the breaker's cap; all of them were written.
        world.evaluate(&opening(number, &group_id(number), &[opened], world.time())).unwrap();
    }
    let poisoned = world.findings().remove(0);
    let mut item = world.ledger.items()[&poisoned.key()].clone();
    item.insert("schema".into(), engine::Attr::N(99));
    world.ledger.put(poisoned.key(), item);
    world.queue.take(Effect::Revert);
    world.after_minutes(31);
    world.tick();
    assert_eq!(world.meter.take().of("SweepFailed"), 1);
    let states: Vec<String> = world
        .ledger
        .starting("F#")
        .iter()
        .filter(|(key, _)| key.sk == "S" && *key != poisoned.key())
        .map(|(_, item)| engine::FindingRecord::try_from(item).unwrap().life.state.label())
        .collect();
    assert!(!states.contains(&"AWAITING breaker".to_owned()), "{states:?}");
    assert!(world.queue.take(Effect::Revert).len() >= 9);
    // Nor does it hold up the look at what stands.
    assert!(world.present());
    assert!(world.meter.take().of("SweepFailed") >= 1);
}

#[test]
fn without_time_it_stops_and_with_time_it_goes_on() {
    let world = found("approve");
    world.after_minutes(30);
    now(world.sweep().tick(world.time())).unwrap();
    assert_eq!(world.stands_at(), "AWAITING approve");
    now(world.sweep().tick(Timestamp::MAX)).unwrap();
    assert_eq!(world.stands_at(), "MANUAL expired");
}

#[test]
fn what_the_ledger_refused_once_is_done_in_the_next_minute() {
    let world = found("approve");
    world.after_minutes(30);
    world.ledger.fail_commit_after(0);
    world.tick();
    assert_eq!(world.meter.take().of("SweepFailed"), 1);
    world.tick();
    assert_eq!(world.stands_at(), "MANUAL expired");
}

/// AWS asks to wait each time, after ten seconds.
#[derive(Clone)]
struct Stuck(ManualClock, Arc<Mutex<BTreeSet<String>>>);

impl Observer for Stuck {
    async fn observe(&self, resource: &Resource) -> Result<Observed, ObserverError> {
        self.0.advance(SignedDuration::from_secs(10));
        self.1.lock().unwrap().insert(resource.id.raw().to_owned());
        Err(ObserverError::Throttled("RequestLimitExceeded".into()))
    }
}

#[test]
fn what_takes_all_the_time_of_a_minute_starves_only_its_own_lane() {
    let world = World::allowing("approve");
    for number in 1..=40 {
        let opened = line(&format!("sgr-{number:x}"), 22, "0.0.0.0/0");
        world.evaluate(&opening(number, &group_id(number), &[opened], world.time())).unwrap();
    }
    for record in world.findings() {
        now(world.persons().acknowledge(&record.finding.id, world.in_days(1), &person("paul"))).unwrap();
    }
    world.after_days(1);
    let stuck = Stuck(world.clock.clone(), Arc::default());
    for _ in 0..8 {
        let MemorySweep { evaluate, inventory, trail, places, .. } = world.sweep();
        let sweep = Sweep { evaluate, observer: stuck.clone(), inventory, trail, places };
        let until = world.time().checked_add(SignedDuration::from_secs(5)).unwrap();
        now(sweep.tick(until)).unwrap();
        world.later(SignedDuration::from_secs(50));
    }
    assert_eq!(stuck.1.lock().unwrap().len(), 8, "the oldest of each lane was looked at");
}
