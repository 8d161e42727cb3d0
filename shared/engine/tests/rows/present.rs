//! Present state through the same rules: of what no event told.

use super::{found, found_with};
use crate::world::{ACCOUNT, GROUP, MemorySweep, WORLD_RULE, World, group, group_id, line, now};
use engine::{Cursor, Effect, Inventory, Key, ObserverError, Page, Place, Reach, Sighted, Sweep};
use jiff::{SignedDuration, Timestamp};
use model::{AccountId, Cause};
use sim::{Account, ManualClock};
use std::sync::atomic::{AtomicI32, Ordering};

#[test]
fn what_no_event_told_of_is_found_once_and_waits_for_a_person() {
    let world = World::allowing("revert");
    for _ in 0..3 {
        assert!(world.present());
        world.after_minutes(10);
    }
    assert!(matches!(world.only().finding.cause, Cause::Sighting { .. }));
    assert_eq!(world.history(), ["OPEN", "AWAITING approve"]);
    assert_eq!(world.meter.take().of("SweepFoundNew"), 1);
    world.approve();
    world.settle();
    assert_eq!(world.stands_at(), "REVERTED");
    assert_eq!(world.lines(), ["sgr-0fff"]);
}

#[test]
fn where_the_owner_says_so_it_is_reverted() {
    let mut world = World::allowing("revert");
    world.config.push_str("sightings: revert\n");
    world.present();
    assert_eq!(world.stands_at(), "QUEUED revert");
    world.settle();
    assert_eq!(world.stands_at(), "REVERTED");
    // And never more than the account allows.
    let mut world = World::allowing("notify");
    world.config.push_str("sightings: revert\n");
    world.present();
    assert_eq!(world.stands_at(), "MANUAL told");
}

#[test]
fn what_an_event_told_of_is_not_found_again() {
    for mode in ["notify", "approve", "revert"] {
        let world = found(mode);
        world.present();
        assert_eq!(world.findings().len(), 1, "{mode}");
    }
}

#[test]
fn an_event_that_comes_after_a_sweep_takes_over_what_nobody_has_decided() {
    let world = World::allowing("revert");
    assert!(world.present());
    assert_eq!(world.stands_at(), "AWAITING approve");
    world.evaluate(&crate::world::ipv4_world()).unwrap();
    world.settle();
    assert!(!world.lines().contains(&WORLD_RULE.to_owned()), "the change is taken back");
    let states: Vec<String> = world.findings().iter().map(|record| record.life.state.label()).collect();
    assert!(states.contains(&"REVERTED".to_owned()), "{states:?}");
}

#[test]
fn what_was_only_observed_is_found_again_when_more_is_allowed() {
    let mut world = found("observe");
    world.present();
    assert_eq!(world.findings().len(), 1);
    world.config = "mode: revert\n".to_owned();
    world.present();
    let states: Vec<String> = world.findings().iter().map(|finding| finding.life.state.label()).collect();
    assert_eq!(states.len(), 2);
    assert!(states.contains(&"AWAITING approve".to_owned()), "{states:?}");
    world.present();
    assert_eq!(world.findings().len(), 2);
}

#[test]
fn what_comes_back_after_the_resource_was_forgotten_is_found_again() {
    let world = World::allowing("revert");
    for round in 1..=3 {
        world.present();
        assert_eq!(world.findings().len(), round);
        world.with_group(|group| {
            group.lines.retain(|line| line.rule.as_ref().unwrap().as_str() != WORLD_RULE);
        });
        for _ in 0..2 {
            world.after_minutes(5);
            world.present();
        }
        assert!(world.findings().iter().all(|finding| finding.life.state.label() == "RESOLVED compliant"));
        // Thirty days later the ledger knows the finding, and no more of the resource.
        for (key, _) in world.ledger.starting("R#") {
            world.ledger.forget(&key);
        }
        world.with_group(|group| group.lines.push(line(WORLD_RULE, 22, "0.0.0.0/0")));
    }
}

#[test]
fn what_is_wholly_waived_is_let_stand_and_found_when_that_ends() {
    let waiver = "waivers: [{id: lab, resource: 'sg-0aa*', owner: ops, reason: a lab, \
                  from: 2026-11-01, until: 2026-11-22}]\n";
    let mut world = World::allowing("revert");
    world.config.push_str(waiver);
    world.present();
    assert!(world.findings().is_empty());
    world.after_days(2);
    world.present();
    assert_eq!(world.stands_at(), "AWAITING approve");
}

#[test]
fn a_sweep_for_what_is_critical_leaves_the_rest_to_the_one_for_all() {
    let world = World::allowing("revert");
    world.with_group(|group| group.lines = vec![line("sgr-081", 8081, "0.0.0.0/0")]);
    now(world.sweep().present(Reach::Critical, Timestamp::MAX)).unwrap();
    assert!(world.findings().is_empty());
    world.present();
    assert_eq!(world.findings().len(), 1);
}

/// An inventory each of whose pages takes ten seconds.
struct Slow(Account, ManualClock);

impl Inventory for Slow {
    async fn page(
        &self,
        account: &AccountId,
        after: Option<&Cursor>,
    ) -> Result<Page<Sighted>, ObserverError> {
        self.1.advance(SignedDuration::from_secs(10));
        self.0.page(account, after).await
    }
}

#[test]
fn an_invocation_without_time_stops_at_a_page_and_the_next_goes_on_from_there() {
    let world = World::allowing("revert");
    for number in 0..25 {
        let opened = line(&format!("sgr-{number:x}"), 22, "0.0.0.0/0");
        world.account.put(group(&group_id(number), vec![opened]));
    }
    world.account.page_by(5);
    let (start, mut invocations, mut found) = (world.time(), 0, Vec::new());
    loop {
        let MemorySweep { evaluate, observer, trail, places, .. } = world.sweep();
        let inventory = Slow(world.account.clone(), world.clock.clone());
        let sweep = Sweep { evaluate, observer, inventory, trail, places };
        invocations += 1;
        let until = world.time().checked_add(SignedDuration::from_secs(15)).unwrap();
        let through = now(sweep.present(Reach::All, until)).unwrap();
        found.push(world.findings().len());
        assert_eq!(now(sweep.unfinished()).unwrap().is_empty(), through);
        if through {
            break;
        }
        assert!(invocations < 20, "it begins from the start each time");
    }
    assert_eq!(found[..3], [10, 20, 26], "two pages fit into each");
    assert_eq!(world.time().duration_since(start), SignedDuration::from_secs(60), "six pages, none twice");
}

#[test]
fn an_account_that_cannot_be_looked_at_holds_up_no_other() {
    let world = World::allowing("revert");
    world.account.hide("999988887777".parse().unwrap());
    let place = |account: &str| Place { account: account.parse().unwrap() };
    let mut sweep = world.sweep();
    sweep.places = vec![place("999988887777"), place(ACCOUNT)];
    assert!(now(sweep.present(Reach::All, Timestamp::MAX)).unwrap());
    assert_eq!(world.stands_at(), "AWAITING approve");
    assert_eq!(world.meter.take().of("SweepBlind"), 1, "and it is said");
}

/// AWS asks to wait once, at this page.
struct Busy(Account, AtomicI32);

impl Inventory for Busy {
    async fn page(
        &self,
        account: &AccountId,
        after: Option<&Cursor>,
    ) -> Result<Page<Sighted>, ObserverError> {
        if self.1.fetch_sub(1, Ordering::SeqCst) == 0 {
            return Err(ObserverError::Throttled("RequestLimitExceeded".into()));
        }
        self.0.page(account, after).await
    }
}

#[test]
fn an_account_that_asks_to_wait_is_gone_on_with_from_the_same_page() {
    let world = World::allowing("revert");
    for number in 0..4 {
        let opened = line(&format!("sgr-{number:x}"), 22, "0.0.0.0/0");
        world.account.put(group(&group_id(number), vec![opened]));
    }
    world.account.page_by(2);
    let MemorySweep { evaluate, observer, trail, places, .. } = world.sweep();
    let inventory = Busy(world.account.clone(), AtomicI32::new(1));
    let sweep = Sweep { evaluate, observer, inventory, trail, places };
    assert!(now(sweep.present(Reach::All, Timestamp::MAX)).is_err());
    assert_eq!((world.findings().len(), now(sweep.unfinished()).unwrap()), (2, vec![Reach::All]));
    assert!(now(sweep.present(Reach::All, Timestamp::MAX)).unwrap());
    assert_eq!(world.findings().len(), 5);
    assert_eq!(world.meter.take().of("SweepBlind"), 0);
}

#[test]
fn with_an_empty_ledger_two_hundred_of_ten_thousand_groups_are_found_in_one_pass() {
    let world = World::allowing("revert");
    world.account.page_by(1_000);
    for number in 1..=10_000 {
        let net = if number % 50 == 0 { "0.0.0.0/0" } else { "10.0.0.0/8" };
        world.account.put(group(&group_id(number), vec![line(&format!("sgr-{number:x}"), 22, net)]));
    }
    world.account.remove(&GROUP.parse().unwrap(), &WORLD_RULE.parse().unwrap());
    assert!(world.present());
    let found = world.findings();
    println!("figure sweep_found {} findings (goal = 200)", found.len());
    assert_eq!(found.len(), 200);
    assert!(found.iter().all(|record| record.life.state.label() == "AWAITING approve"));
    assert!(world.queue.take(Effect::Revert).is_empty());
}

#[test]
fn a_claim_whose_finding_is_forgotten_hides_nothing() {
    let world = found_with("observe", "");
    let record = world.only();
    world.ledger.forget(&record.key());
    world.ledger.forget(&Key::resource(&record.finding.resource));
    let mut again = World::allowing("approve");
    (again.ledger, again.account) = (world.ledger.clone(), world.account.clone());
    again.present();
    let new = again.findings();
    assert_eq!(new.len(), 1);
    assert_ne!(new[0].finding.id, record.finding.id);
}

#[test]
fn wherever_the_ledger_fails_the_next_sweep_completes_what_was_begun() {
    let mut failures = 0;
    for passing in 0..4 {
        let mut world = World::allowing("revert");
        world.config.push_str("sightings: revert\n");
        world.ledger.fail_commit_after(passing);
        failures += u32::from(now(world.sweep().present(Reach::All, Timestamp::MAX)).is_err());
        world.after_minutes(2);
        assert!(world.present(), "after {passing} commits");
        world.tick();
        assert_eq!(world.history(), ["OPEN", "QUEUED revert"], "after {passing} commits");
        assert!(!world.queue.take(Effect::Revert).is_empty(), "after {passing} commits");
    }
    // The finding, its dispatch, the overall breaker, the end of the sweep.
    assert_eq!(failures, 4);
}
