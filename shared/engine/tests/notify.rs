//! From a doorbell to people.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]

mod world;

use engine::{Doorbell, Effect, Outcome};
use jiff::SignedDuration;
use sim::Mood;
use world::{World, ipv4_world, now};

/// A finding that waits for approval and has that to tell, and its doorbell.
fn telling() -> (World, Doorbell) {
    let world = World::allowing("approve");
    world.evaluate(&ipv4_world()).unwrap();
    let bell = world.queue.take(Effect::Notify).remove(0).doorbell;
    (world, bell)
}

#[test]
fn each_channel_hears_each_version_once_and_the_finding_forgets_it() {
    let (world, bell) = telling();
    for _ in 0..3 {
        assert_eq!(now(world.notify().doorbell(&bell)).unwrap(), Outcome::Done);
    }
    assert_eq!((world.crowd.heard("sns").len(), world.crowd.heard("slack").len()), (1, 1));
    assert_eq!(world.only().life.tell, None);
}

#[test]
fn a_channel_that_is_down_is_tried_again_alone_and_says_when() {
    let (world, bell) = telling();
    world.crowd.set("slack", Mood::DownFor(SignedDuration::from_secs(7)));
    let notify = world.notify();
    for _ in 0..3 {
        assert_eq!(now(notify.doorbell(&bell)).unwrap(), Outcome::Later(SignedDuration::from_secs(7)));
        // Whoever rings before the wait is over does not reach the channel.
        world.crowd.set("slack", Mood::Up);
        world.clock.advance(SignedDuration::from_secs(6));
        assert!(matches!(now(notify.doorbell(&bell)).unwrap(), Outcome::Later(_)));
        assert!(world.crowd.heard("slack").is_empty());
        world.crowd.set("slack", Mood::DownFor(SignedDuration::from_secs(7)));
        world.clock.advance(SignedDuration::from_secs(2));
    }
    assert!(world.only().life.tell.is_some());
    world.crowd.set("slack", Mood::Up);
    world.clock.advance(SignedDuration::from_secs(8));
    assert_eq!(now(notify.doorbell(&bell)).unwrap(), Outcome::Done);
    assert_eq!((world.crowd.heard("sns").len(), world.crowd.heard("slack").len()), (1, 1));
    assert_eq!(world.only().life.tell, None);
}

#[test]
fn a_message_that_a_channel_refuses_is_an_error_and_the_others_hear_it() {
    let (world, bell) = telling();
    world.crowd.set("slack", Mood::Refusing);
    assert!(now(world.notify().doorbell(&bell)).is_err());
    assert_eq!(world.crowd.heard("sns").len(), 1);
    assert!(world.only().life.tell.is_some());
}

#[test]
fn a_ledger_that_fails_after_the_message_was_sent_repeats_it_at_most_once() {
    let (world, bell) = telling();
    world.ledger.fail_commit_after(1);
    assert!(now(world.notify().doorbell(&bell)).is_err());
    for _ in 0..2 {
        world.clock.advance(SignedDuration::from_secs(61));
        let _ = now(world.notify().doorbell(&bell));
    }
    let heard = [world.crowd.heard("slack").len(), world.crowd.heard("sns").len()];
    assert_eq!(heard, [2, 1]);
    assert_eq!(world.only().life.tell, None);
}

#[test]
fn with_nobody_to_tell_the_finding_waits_for_nobody() {
    let (mut world, bell) = telling();
    world.crowd = sim::Crowd::of(&[]);
    assert_eq!(now(world.notify().doorbell(&bell)).unwrap(), Outcome::Done);
    assert_eq!(world.only().life.tell, None);
}

#[test]
fn each_kind_of_channel_has_its_place_in_the_ledger() {
    let (mut world, bell) = telling();
    let kinds = ["pagerduty", "slack", "sns"];
    world.crowd = sim::Crowd::of(&kinds);
    world.crowd.set("pagerduty", Mood::DownFor(SignedDuration::from_secs(7)));
    assert_eq!(now(world.notify().doorbell(&bell)).unwrap(), Outcome::Later(SignedDuration::from_secs(7)));
    world.crowd.set("pagerduty", Mood::Up);
    world.clock.advance(SignedDuration::from_secs(8));
    assert_eq!(now(world.notify().doorbell(&bell)).unwrap(), Outcome::Done);
    assert_eq!(kinds.map(|kind| world.crowd.heard(kind).len()), [1, 1, 1]);
    assert_eq!(world.only().life.tell, None);
}
