//! WAIVED and ACKED: it stands, and not for ever.

use super::{claimed::waive, found, found_with};
use crate::world::{GROUP, WORLD_RULE, World, now, person};
use engine::{Attr, Effect};
use jiff::SignedDuration;
use sim::Trouble;

fn waived() -> World {
    let world = found("approve");
    world.tell();
    waive(&world);
    world.tell();
    world
}

#[test]
fn its_owner_hears_a_week_before_it_ends_and_once() {
    let world = waived();
    let heard = || world.crowd.heard("slack").len();
    world.after_days(22);
    world.tick();
    world.tell();
    assert_eq!(heard(), 1);
    world.after_days(1);
    for _ in 0..3 {
        world.tick();
        world.tell();
        world.after_days(1);
    }
    assert_eq!((heard(), world.stands_at().as_str()), (2, "WAIVED"));
}

#[test]
fn when_it_ends_what_does_not_stand_is_resolved_when_it_is_seen_gone_twice() {
    let world = waived();
    world.account.remove(&GROUP.parse().unwrap(), &WORLD_RULE.parse().unwrap());
    world.after_days(23);
    world.tick();
    world.after_days(7);
    world.tick();
    assert_eq!(world.stands_at(), "WAIVED", "one look may be an old answer");
    world.after_minutes(6);
    world.tick();
    assert_eq!(world.stands_at(), "RESOLVED compliant");
    assert!(world.ledger.starting("T#").is_empty());
}

#[test]
fn when_it_ends_what_stands_comes_back_and_waits_for_a_person_whatever_is_granted() {
    for mode in ["approve", "revert"] {
        let world = found(mode);
        waive(&world);
        world.after_days(23);
        world.tick();
        world.after_days(7);
        world.tick();
        let wait = if mode == "revert" { "AWAITING returned" } else { "AWAITING approve" };
        assert_eq!(world.history()[3..], ["WAIVED", "OPEN", wait]);
        assert!(world.account.calls().is_empty());
        assert!(!world.queue.take(Effect::Notify).is_empty());
        world.approve();
        world.settle();
        assert_eq!(world.stands_at(), "REVERTED");
    }
}

#[test]
fn when_it_ends_what_cannot_be_observed_is_left_to_people() {
    let world = waived();
    world.after_days(23);
    world.tick();
    world.after_days(7);
    world.account.trouble_reading(Trouble::Throttled);
    world.tick();
    assert_eq!(world.stands_at(), "WAIVED", "the next minute asks again");
    world.account.trouble_reading(Trouble::Denied);
    world.tick();
    assert_eq!(world.stands_at(), "MANUAL expired");
}

#[test]
fn an_acknowledgement_ends_alike_and_within_a_week() {
    let world = found("approve");
    let id = world.only().finding.id;
    let acknowledge = |days| now(world.persons().acknowledge(&id, world.in_days(days), &person("paul")));
    assert!(acknowledge(8).is_err());
    acknowledge(7).unwrap();
    assert_eq!(world.stands_at(), "ACKED");
    world.later(SignedDuration::from_hours(7 * 24 - 1));
    world.tick();
    assert_eq!(world.stands_at(), "ACKED");
    world.after_minutes(60);
    world.tick();
    assert_eq!(world.history()[2..], ["ACKED", "OPEN", "AWAITING approve"]);
}

#[test]
fn a_waiver_that_ended_counts_no_use_when_its_finding_comes_back() {
    let until = "waivers: [{id: lab, resource: 'sg-0aa*', owner: ops, reason: a lab, \
                 from: 2026-11-01, until: 2026-11-22}]\n";
    let world = found_with("revert", until);
    let uses = || world.ledger.starting("WV#code")[0].1["uses"].clone();
    assert_eq!((world.stands_at().as_str(), uses()), ("WAIVED", Attr::N(1)));
    world.after_days(2);
    world.tick();
    assert_eq!((world.stands_at().as_str(), uses()), ("AWAITING returned", Attr::N(1)));
}

#[test]
fn what_was_done_before_it_was_waived_is_still_known_when_it_comes_back() {
    let world = found("revert");
    for _ in 0..3 {
        world.account.trouble_next(Trouble::AnsweredOnly);
    }
    world.settle();
    assert_eq!(world.stands_at(), "MANUAL stands");
    let before = world.only().evidence;
    waive(&world);
    world.after_days(23);
    world.tick();
    world.after_days(7);
    world.tick();
    assert_eq!(world.stands_at(), "AWAITING returned");
    assert_eq!(world.only().evidence.plan, before.plan);
    assert!(before.plan.is_some());
}
