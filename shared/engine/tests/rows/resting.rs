//! What rests is resolved by two sweeps that see nothing of it, or closed by a person who says why.

use super::{claimed::waive, found};
use crate::world::{GROUP, WORLD_RULE, World, ipv4_world, line, now, person};
use engine::DecisionError;
use serde_json::json;

type Rest = (&'static str, fn() -> World);

const RESTS: [Rest; 4] = [
    ("AWAITING approve", || found("approve")),
    ("MANUAL told", || found("notify")),
    ("ACKED", || {
        let world = found("approve");
        now(world.persons().acknowledge(&world.only().finding.id, world.in_days(7), &person("paul")))
            .unwrap();
        world
    }),
    ("WAIVED", || {
        let world = found("revert");
        waive(&world);
        world
    }),
];

#[test]
fn two_sweeps_five_minutes_apart_that_see_nothing_of_it_resolve_it() {
    for (state, rest) in RESTS {
        let world = rest();
        world.present();
        world.account.remove(&GROUP.parse().unwrap(), &WORLD_RULE.parse().unwrap());
        for (minutes, expected) in [(0, state), (4, state), (1, "RESOLVED compliant")] {
            world.after_minutes(minutes);
            assert!(world.present());
            assert_eq!(world.stands_at(), expected, "{minutes} more minutes");
        }
        assert!(world.ledger.starting("T#").is_empty(), "{state}: its claim is released");
    }
}

#[test]
fn a_sight_of_it_between_two_sweeps_starts_the_count_again() {
    let world = found("approve");
    let group = GROUP.parse().unwrap();
    let stands = line(WORLD_RULE, 22, "0.0.0.0/0");
    for there in [false, true, false] {
        world.account.remove(&group, &WORLD_RULE.parse().unwrap());
        if there {
            world.with_group(|group| group.lines.push(stands.clone()));
        }
        world.present();
        world.after_minutes(5);
    }
    assert_eq!(world.stands_at(), "AWAITING approve");
    world.present();
    assert_eq!(world.stands_at(), "RESOLVED compliant");
}

#[test]
fn what_a_sweep_cannot_read_is_not_taken_for_compliant() {
    let world = found("approve");
    for _ in 0..3 {
        world.account.trouble_reading(sim::Trouble::Throttled);
        world.present();
        world.after_minutes(5);
    }
    assert_eq!(world.stands_at(), "AWAITING approve");
    assert_eq!(world.only().life.compliant_since, None);
}

#[test]
fn a_person_closes_it_with_a_reason_and_the_claim_stays() {
    for (state, rest) in RESTS {
        let world = rest();
        let id = world.only().finding.id;
        let close = |reason| now(world.persons().close(&id, &person("claire"), reason));
        for blank in ["", " \n"] {
            assert!(matches!(close(blank), Err(DecisionError::NoReason)));
        }
        assert_eq!(world.stands_at(), state);
        close("it is a honeypot").unwrap();
        assert_eq!(world.stands_at(), "RESOLVED closed");
        assert_eq!(world.ledger.starting("T#").len(), 1);
        // A sweep does not open again what a person closed.
        world.present();
        assert_eq!(world.findings().len(), 1, "{state}");
        assert!(matches!(close("twice"), Err(DecisionError::Refused { .. })));
    }
}

#[test]
fn what_happens_again_after_it_was_closed_is_a_new_finding() {
    let world = found("approve");
    now(world.persons().close(&world.only().finding.id, &person("claire"), "a test")).unwrap();
    let mut again = ipv4_world();
    again["detail"]["eventID"] = json!(crate::world::event_id(7));
    again["detail"]["eventTime"] = json!("2026-11-20T09:50:00Z");
    again["time"] = json!("2026-11-20T09:50:00Z");
    world.evaluate(&again).unwrap();
    let states: Vec<String> = world.findings().iter().map(|finding| finding.life.state.label()).collect();
    assert_eq!(states.len(), 2);
    assert!(states.contains(&"AWAITING approve".to_owned()), "{states:?}");
}
