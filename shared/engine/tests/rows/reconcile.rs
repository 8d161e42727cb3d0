//! What the trail remembers and the ledger does not.

use super::found;
use crate::world::{ACCOUNT, World, event_id, group_id, ipv4_world, line, opening, own_call, record};
use engine::{Cursor, Effect, Sweep, TrailError, TrailLog};
use jiff::{SignedDuration, Timestamp};
use model::AccountId;
use serde_json::{Value, json};
use sim::{ManualClock, MemoryTrail};

/// The trail remembers what an envelope tells.
fn remember(world: &World, envelope: &Value) {
    let at: Timestamp = envelope["detail"]["eventTime"].as_str().unwrap().parse().unwrap();
    world.trail.record(ACCOUNT.parse().unwrap(), at, envelope["detail"].to_string().into_bytes());
}

fn violation(world: &World, number: u32) -> Value {
    let opened = line(&format!("sgr-{number:x}"), 22, "0.0.0.0/0");
    opening(number, &group_id(number), &[opened], world.time())
}

fn figures(world: &World) -> (u64, u64, u64) {
    let coverage = world.reconcile().unwrap().unwrap();
    (coverage.seen, coverage.missed, coverage.recovered)
}

#[test]
fn events_that_never_arrived_are_processed_and_counted() {
    let world = World::allowing("revert");
    for number in 1..=6 {
        let event = violation(&world, number);
        remember(&world, &event);
        if number <= 4 {
            world.evaluate(&event).unwrap();
        }
    }
    // No rule asks for it: it counts for nothing.
    let mut quiet = ipv4_world();
    quiet["detail"]["eventName"] = json!("CreateTags");
    remember(&world, &quiet);
    world.queue.take(Effect::Revert);
    world.after_minutes(60);
    assert_eq!(figures(&world), (4, 2, 2));
    assert_eq!(world.findings().len(), 6);
    assert_eq!(world.queue.take(Effect::Revert).len(), 2);
    let measured = world.meter.take();
    assert_eq!(
        (measured.of("CoverageSeen"), measured.of("MissedEvents"), measured.of("RecoveredEvents")),
        (4, 2, 2)
    );
    assert_eq!(figures(&world), (6, 0, 0), "the next time they are known");
}

#[test]
fn an_event_that_is_still_on_its_way_is_not_missed() {
    let world = World::allowing("revert");
    remember(&world, &violation(&world, 1));
    world.after_minutes(14);
    assert_eq!(figures(&world), (0, 0, 0));
    world.after_minutes(2);
    assert_eq!(figures(&world), (0, 1, 1));
}

#[test]
fn our_own_calls_among_them_are_echoes_and_not_judged() {
    let world = found("revert");
    world.settle();
    let echo = own_call(9, &world.only(), &[line("sgr-0a1b2c3d4e5f60718", 22, "0.0.0.0/0")], world.time());
    remember(&world, &echo);
    world.after_minutes(16);
    assert_eq!(figures(&world), (0, 1, 1));
    assert_eq!(world.only().evidence.echoes[0].to_string(), event_id(9));
    assert_eq!(world.only().life.echo_due, None);
    assert_eq!(figures(&world), (1, 0, 0));
    assert!(world.ledger.starting("EV#").len() == 1, "only the violation was judged");
}

#[test]
fn what_cannot_be_read_is_counted_and_holds_up_nothing() {
    let world = World::allowing("revert");
    world.trail.record(ACCOUNT.parse().unwrap(), world.time(), b"{\"eventVersion\": 3}".to_vec());
    remember(&world, &violation(&world, 1));
    world.after_minutes(60);
    assert_eq!(figures(&world), (0, 1, 1));
    assert_eq!(world.meter.take().of("TrailUnreadable"), 1);
}

#[test]
fn a_trail_that_may_not_be_read_is_said_and_holds_up_no_other() {
    let world = World::allowing("revert");
    world.trail.deny(true);
    assert_eq!(figures(&world), (0, 0, 0));
    assert_eq!(world.meter.take().of("SweepBlind"), 1);
}

/// A trail each of whose pages takes ten seconds.
struct Slow(MemoryTrail, ManualClock);

impl TrailLog for Slow {
    async fn lookup(
        &self,
        account: &AccountId,
        between: (Timestamp, Timestamp),
        after: Option<&Cursor>,
    ) -> Result<engine::Page<Vec<u8>>, TrailError> {
        self.1.advance(SignedDuration::from_secs(10));
        self.0.lookup(account, between, after).await
    }
}

#[test]
fn without_time_it_stops_goes_on_and_its_figures_add_up() {
    let world = World::allowing("observe");
    for number in 1..=170 {
        let event = violation(&world, number);
        remember(&world, &event);
        if number % 10 != 0 {
            world.evaluate(&event).unwrap();
        }
    }
    world.after_minutes(60);
    let mut invocations = 0;
    let coverage = loop {
        let crate::world::MemorySweep { evaluate, observer, inventory, places, .. } = world.sweep();
        let trail = Slow(world.trail.clone(), world.clock.clone());
        let sweep = Sweep { evaluate, observer, inventory, trail, places };
        invocations += 1;
        let until = world.time().checked_add(SignedDuration::from_secs(15)).unwrap();
        if let Some(coverage) = crate::world::now(sweep.reconcile(until)).unwrap() {
            break coverage;
        }
        assert!(invocations < 10, "it begins from the start each time");
    };
    assert_eq!(invocations, 2);
    assert_eq!((coverage.seen, coverage.missed, coverage.recovered), (153, 17, 17));
}

#[test]
fn a_quiet_event_that_rules_ask_for_is_covered_too() {
    let world = World::allowing("revert");
    let mut quiet = record("ec2/AuthorizeSecurityGroupIngress/one-network.json");
    quiet["eventTime"] = json!("2026-11-20T09:00:00Z");
    remember(&world, &crate::world::envelope(&quiet));
    assert_eq!(figures(&world), (0, 1, 1));
    assert_eq!(figures(&world), (1, 0, 0));
    assert!(world.findings().is_empty());
}
