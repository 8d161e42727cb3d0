//! CloudTrail's records of our own calls.

use super::found;
use crate::world::{ACTING_ROLE, GROUP, WORLD_RULE, World, by, event_id, line, opening, own_call};
use engine::{Effect, Fate, FindingRecord};
use jiff::SignedDuration;

/// Taken back, and CloudTrail has not told of it yet.
fn reverted() -> World {
    let world = found("revert");
    world.settle();
    assert_eq!(world.stands_at(), "REVERTED");
    assert!(world.only().life.echo_due.is_some());
    world
}

/// CloudTrail tells that this line was revoked.
fn tells(world: &World, number: u32, port: u16, net: &str) -> Fate {
    let first = world.findings().into_iter().find(|record| record.evidence.plan.is_some()).unwrap();
    let event = own_call(number, &first, &[line(WORLD_RULE, port, net)], world.time());
    world.evaluate(&event).unwrap()
}

fn linked(world: &World) -> Vec<FindingRecord> {
    let collateral = |record: &FindingRecord| matches!(record.finding.cause, model::Cause::Collateral { .. });
    world.findings().into_iter().filter(collateral).collect()
}

#[test]
fn the_record_of_our_own_call_is_consumed_once() {
    let world = reverted();
    assert_eq!(tells(&world, 1, 22, "0.0.0.0/0"), Fate::Echo);
    let record = world.only();
    assert_eq!(record.evidence.echoes.len(), 1);
    assert_eq!(record.evidence.echoes[0].to_string(), event_id(1));
    assert_eq!((record.life.echo_due, record.life.version), (None, 7));
    let before = world.ledger.items();
    assert_eq!(tells(&world, 1, 22, "0.0.0.0/0"), Fate::Echo);
    assert_eq!(world.ledger.items(), before, "the second time it changes nothing");
    world.after_minutes(20);
    world.tick();
    assert_eq!(world.meter.take().of("EchoMissing"), 0);
}

#[test]
fn a_role_of_another_account_that_calls_itself_as_we_do_is_counted_and_judged_like_any_other() {
    let world = reverted();
    let session = format!("gardefou-{}-1", world.only().finding.id);
    let role = "arn:aws:iam::999988887777:role/gardefou/acting";
    let forged = line("sgr-0bad", 22, "::/0");
    let event = by(opening(5, GROUP, &[forged], world.time()), role, &session);
    assert_eq!(world.evaluate(&event).unwrap(), Fate::Violating);
    assert_eq!(world.meter.take().of("EchoForged"), 1);
    let first = world.findings().into_iter().find(|record| record.evidence.plan.is_some()).unwrap();
    assert!(first.life.echo_due.is_some() && first.evidence.echoes.is_empty(), "it is no echo");
    assert_eq!(world.queue.take(Effect::Revert).len(), 1);
}

#[test]
fn our_role_in_a_session_that_is_not_named_as_ours_is_judged() {
    let world = World::allowing("revert");
    let opened = line("sgr-0bad", 22, "::/0");
    let event = by(opening(5, GROUP, &[opened], world.time()), ACTING_ROLE, "somebody");
    assert_eq!(world.evaluate(&event).unwrap(), Fate::Violating);
}

#[test]
fn an_echo_that_shows_that_something_compliant_went_has_it_put_back_and_told() {
    let world = reverted();
    assert_eq!(tells(&world, 1, 22, "198.51.100.0/24"), Fate::Echo);
    assert_eq!(linked(&world)[0].life.state.label(), "QUEUED restore");
    // The breaker has no word in it, and the record that comes twice opens nothing more.
    assert!(world.ledger.starting("B#").iter().all(|(_, item)| item["n"] == engine::Attr::N(1)));
    tells(&world, 1, 22, "198.51.100.0/24");
    world.settle();
    let linked = linked(&world);
    assert_eq!(linked.len(), 1);
    assert_eq!(linked[0].life.state.label(), "MANUAL collateral");
    let group = world.account.group(&GROUP.parse().unwrap()).unwrap();
    assert!(group.lines.iter().any(|own| own.same_content(&line("sgr-1", 22, "198.51.100.0/24"))));
    world.tell();
    let heard = world.crowd.everything();
    assert!(heard.iter().any(|heard| heard.finding == linked[0].finding.id && heard.channel == "slack"));
}

#[test]
fn an_echo_that_shows_something_else_that_violates_has_nothing_put_back() {
    let world = reverted();
    tells(&world, 1, 3389, "0.0.0.0/0");
    assert!(linked(&world).is_empty());
}

#[test]
fn what_went_by_mistake_is_put_back_though_the_worker_died_before_it_could_compare() {
    let world = found("revert");
    let id = world.only().finding.id;
    // The call is made; then the worker dies.
    world.ledger.fail_commit_after(2);
    let bell = engine::Doorbell { finding: id.clone(), version: 0, effect: Effect::Revert };
    assert!(world.revert(&bell).is_err());
    assert_eq!(world.account.calls().len(), 1);
    tells(&world, 1, 22, "198.51.100.0/24");
    world.after_minutes(2);
    world.tick();
    world.settle();
    assert_eq!(world.label(&id), "REVERTED");
    assert_eq!(linked(&world)[0].life.state.label(), "MANUAL collateral");
    assert_eq!(world.find(&id).evidence.echoes.len(), 1);
}

#[test]
fn restoring_waits_while_the_kill_switch_is_on() {
    let world = reverted();
    tells(&world, 1, 22, "198.51.100.0/24");
    world.kill_switch(true);
    world.settle();
    assert_eq!(linked(&world)[0].life.state.label(), "AWAITING kill");
    assert_eq!(world.account.calls().len(), 1);
}

#[test]
fn an_echo_that_does_not_come_is_counted_after_a_quarter_of_an_hour_and_waited_for_no_longer() {
    let world = reverted();
    world.tell();
    world.tick();
    assert_eq!(world.meter.take().of("EchoMissing"), 0);
    world.later(SignedDuration::from_mins(15));
    world.tick();
    assert_eq!(world.meter.take().of("EchoMissing"), 1);
    assert_eq!(world.only().life.echo_due, None);
    let (_, item) = world.ledger.starting("F#").into_iter().find(|(key, _)| key.sk == "S").unwrap();
    assert!(!item.contains_key("work"), "nobody has to look at it any more");
    world.tick();
    assert_eq!(world.meter.take().of("EchoMissing"), 0);
    // It comes after all.
    tells(&world, 1, 22, "0.0.0.0/0");
    assert_eq!(world.only().evidence.echoes.len(), 1);
}

#[test]
fn wherever_the_ledger_fails_an_echo_that_returns_puts_back_what_went() {
    let mut failures = 0;
    for passing in 0..2 {
        let world = reverted();
        let first = world.only();
        let event = own_call(1, &first, &[line(WORLD_RULE, 22, "198.51.100.0/24")], world.time());
        world.ledger.fail_commit_after(passing);
        failures += u32::from(world.evaluate(&event).is_err());
        assert_eq!(world.evaluate(&event).unwrap(), Fate::Echo);
        world.settle();
        assert_eq!(linked(&world).len(), 1, "after {passing} commits");
        assert_eq!(linked(&world)[0].life.state.label(), "MANUAL collateral", "after {passing} commits");
        assert_eq!(world.find(&first.finding.id).evidence.echoes.len(), 1, "after {passing} commits");
    }
    assert_eq!(failures, 2, "the linked finding and the note");
}
