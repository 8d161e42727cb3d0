//! ARMED: the pre-image is stored, and a call may have been made.

use super::found;
use crate::world::{WORLD_RULE, World, now, person};
use engine::{Attr, DecisionError, Effect, Key, Outcome};
use jiff::SignedDuration;
use model::{Phase, State};
use sim::Trouble;

#[test]
fn the_pre_image_is_in_the_ledger_before_the_call() {
    let world = found("revert");
    let id = world.only().finding.id;
    die_armed(&world);
    let record = world.find(&id);
    assert_eq!(record.life.state, State::Reverting(Phase::Armed));
    assert_eq!(record.evidence.plan.unwrap().takes_back[0].id(), Some(WORLD_RULE));
    assert!(world.account.calls().is_empty());
}

#[test]
fn answered_it_is_verified_people_hear_of_it_and_an_echo_is_awaited() {
    let world = found("revert");
    world.ring(&world.only().finding.id);
    let record = world.only();
    assert_eq!(world.history()[3..], ["REVERTING armed", "VERIFYING"]);
    assert_eq!((record.life.tell, record.life.loud), (Some(5), 5));
    assert_eq!(
        record.life.echo_due.unwrap(),
        world.time().checked_add(SignedDuration::from_mins(15)).unwrap()
    );
    let again = world.queue.take(Effect::Revert).pop().unwrap();
    assert_eq!(again.delay, SignedDuration::from_secs(10), "rung for the first read");
}

#[test]
fn denied_it_is_left_to_people() {
    let world = found("revert");
    world.account.trouble_next(Trouble::Denied);
    world.ring(&world.only().finding.id);
    assert_eq!(world.history()[3..], ["REVERTING armed", "MANUAL denied"]);
}

#[test]
fn asked_to_wait_it_is_queued_until_the_back_off_has_passed_and_the_same_message_returns() {
    let world = found("revert");
    world.account.trouble_next(Trouble::Throttled);
    let back_off = SignedDuration::from_secs(10);
    assert_eq!(world.ring(&world.only().finding.id), Outcome::Later(back_off));
    assert_eq!(world.stands_at(), "QUEUED revert");
    assert_eq!(world.only().life.due_at, world.time().checked_add(back_off).ok());
}

#[test]
fn the_kill_switch_thrown_between_claim_and_call_stops_the_call() {
    let world = found("revert");
    world.ledger.write_meanwhile(1, Key::kill_switch(), [("on".to_owned(), Attr::Bool(true))].into());
    world.settle();
    assert_eq!(world.history(), ["OPEN", "QUEUED revert", "REVERTING claimed", "AWAITING kill"]);
    assert!(world.account.calls().is_empty());
    assert_eq!(world.only().evidence.plan, None, "what was not armed has no pre-image");
}

#[test]
fn a_lease_that_ran_out_is_taken_over_with_a_new_epoch_and_not_before() {
    let world = found("revert");
    let id = world.only().finding.id;
    die_armed(&world);
    world.queue.take(Effect::Revert);
    world.tick();
    assert!(world.queue.take(Effect::Revert).is_empty(), "a worker that may live is left alone");
    world.ring(&id);
    assert!(world.account.calls().is_empty());

    world.later(SignedDuration::from_secs(95));
    world.tick();
    assert_eq!(world.stands_at(), "REVERTING armed", "the sweep only rings");
    world.settle();
    assert_eq!(world.stands_at(), "REVERTED");
    assert_eq!(world.only().life.epoch, 2);
    assert_eq!(world.account.calls()[0].0, format!("gardefou-{id}-2"));
}

#[test]
fn of_a_call_whose_worker_died_people_hear_though_nobody_has_its_answer() {
    for dies in [false, true] {
        let world = found("revert");
        let id = world.only().finding.id;
        if dies {
            // The call is made, and the worker dies before it can say so.
            world.ledger.fail_commit_after(2);
            let bell = engine::Doorbell { finding: id.clone(), version: 0, effect: Effect::Revert };
            assert!(world.revert(&bell).is_err());
        } else {
            world.account.trouble_next(Trouble::AnswerLost);
            world.ring(&id);
            assert_eq!(world.stands_at(), "REVERTING armed", "it may still land: nobody else gets it");
        }
        world.after_minutes(2);
        world.ring(&id);
        world.settle();
        assert_eq!(world.stands_at(), "REVERTED");
        assert_eq!(world.account.calls().len(), 1);
        world.tell();
        assert_eq!(world.crowd.heard("slack").len(), 1, "dies: {dies}");
    }
}

#[test]
fn once_armed_and_while_it_is_verified_no_person_can_decide() {
    let verifying = found("revert");
    verifying.ring(&verifying.only().finding.id);
    let armed = found("revert");
    die_armed(&armed);
    for (world, state) in [(armed, "REVERTING armed"), (verifying, "VERIFYING")] {
        let (id, until, claire) = (world.only().finding.id, world.in_days(7), person("claire"));
        let persons = world.persons();
        let answers = [
            now(persons.waive(&id, until, &claire, "a demonstration")),
            now(persons.acknowledge(&id, until, &claire)),
            now(persons.close(&id, &claire, "a test")),
            now(persons.approve(&id, world.only().life.version, &claire)),
        ];
        for answer in answers {
            assert!(matches!(answer, Err(DecisionError::Refused { .. })), "{state}: {answer:?}");
        }
        assert_eq!(world.stands_at(), state);
        assert!(world.ledger.starting("WV#").is_empty());
    }
}

/// Armed, and dead before the call.
fn die_armed(world: &World) {
    world.account.trouble_next(Trouble::Throttled);
    world.ledger.fail_commit_after(2);
    let bell = engine::Doorbell { finding: world.only().finding.id, version: 0, effect: Effect::Revert };
    assert!(world.revert(&bell).is_err());
    assert_eq!(world.stands_at(), "REVERTING armed");
}
