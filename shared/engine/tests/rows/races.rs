//! Two people, or two functions, at once: each port's call is a turn, and the turns are dealt.

use super::found;
use crate::world::{WORLD_RULE, World, ipv4_world, line, own_call, person};
use engine::{
    Commit, DecisionError, Desk, Doorbell, Effect, Evaluate, Item, Key, Ledger, LedgerError, Notify, Persons,
    Revert, Write,
};
use jiff::SignedDuration;
use model::WorkerId;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use sim::{ManualClock, MemoryLedger, MemoryQueue};
use std::cell::Cell;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

/// A ledger each of whose calls waits for its turn.
#[derive(Debug, Clone)]
struct Turns(MemoryLedger);

async fn turn() {
    let mut waited = false;
    std::future::poll_fn(
        |_| if std::mem::replace(&mut waited, true) { Poll::Ready(()) } else { Poll::Pending },
    )
    .await;
}

impl Ledger for Turns {
    async fn read(&self, key: &Key) -> Result<Option<Item>, LedgerError> {
        turn().await;
        self.0.read(key).await
    }

    async fn partition(&self, pk: &str, sk_prefix: &str) -> Result<Vec<(Key, Item)>, LedgerError> {
        turn().await;
        self.0.partition(pk, sk_prefix).await
    }

    async fn commit(&self, writes: &[Write]) -> Result<Commit, LedgerError> {
        turn().await;
        self.0.commit(writes).await
    }
}

fn desk(world: &World) -> Desk<Turns, MemoryQueue, ManualClock> {
    let Desk { ledger, queue, clock, timing, meter } = world.desk();
    Desk { ledger: Turns(ledger), queue, clock, timing, meter }
}

fn persons(world: &World) -> Persons<Turns, MemoryQueue, ManualClock> {
    Persons { desk: desk(world), caps: world.guarded().config.breaker }
}

/// Polls both to their ends, the first one wherever `first` says so.
fn dealt<A, B>(
    mut one: Pin<&mut impl Future<Output = A>>,
    mut two: Pin<&mut impl Future<Output = B>>,
    first: impl IntoIterator<Item = bool>,
) -> (A, B) {
    let mut context = Context::from_waker(Waker::noop());
    let (mut a, mut b) = (None, None);
    let mut first = first.into_iter();
    loop {
        let turn = first.next().unwrap_or(a.is_none());
        if turn && a.is_none() {
            if let Poll::Ready(value) = one.as_mut().poll(&mut context) {
                a = Some(value);
            }
        } else if b.is_none()
            && let Poll::Ready(value) = two.as_mut().poll(&mut context)
        {
            b = Some(value);
        }
        match (a.take(), b.take()) {
            (Some(one), Some(two)) => return (one, two),
            (one, two) => (a, b) = (one, two),
        }
    }
}

fn is_refused<T>(answer: &Result<T, DecisionError>) -> bool {
    matches!(answer, Err(DecisionError::Refused { .. }))
}

fn runner(cases: u32) -> TestRunner {
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    TestRunner::new_with_rng(Config { cases, failure_persistence: None, ..Config::default() }, rng)
}

#[test]
fn of_an_approval_and_a_waiver_at_the_same_time_one_wins_and_the_other_is_refused() {
    let wins = Cell::new((0, 0));
    let turns = (0_usize..16, prop::collection::vec(any::<bool>(), 0..24));
    let raced = runner(1_000).run(&turns, |(head_start, rest)| {
        let world = found("approve");
        let (id, version) = (world.only().finding.id, world.only().life.version);
        let (one, two) = (persons(&world), persons(&world));
        let (claire, paul, until) = (person("claire"), person("paul"), world.in_days(30));
        let approve = pin!(one.approve(&id, version, &claire));
        let waive = pin!(two.waive(&id, until, &paul, "a demonstration"));
        // Both have read it when the first of them writes.
        let read = [true, true, false, false].into_iter();
        let dealt = dealt(approve, waive, read.chain(std::iter::repeat_n(true, head_start)).chain(rest));
        let (approvals, waivers) = wins.get();
        match dealt {
            (Ok(_), waived) => {
                prop_assert!(is_refused(&waived), "{waived:?}");
                prop_assert_eq!(world.stands_at(), "QUEUED revert");
                prop_assert!(world.ledger.starting("WV#").is_empty(), "no waiver is left of it");
                wins.set((approvals + 1, waivers));
            }
            (approved, Ok(_)) => {
                prop_assert!(is_refused(&approved), "{approved:?}");
                prop_assert_eq!(world.stands_at(), "WAIVED");
                prop_assert!(world.ledger.starting("B#").is_empty(), "nothing is counted of it");
                wins.set((approvals, waivers + 1));
            }
            both => prop_assert!(false, "nobody won: {both:?}"),
        }
        Ok(())
    });
    raced.unwrap();
    let (approvals, waivers) = wins.get();
    assert_eq!(approvals + waivers, 1_000);
    assert!(approvals >= 100 && waivers >= 100, "{approvals} approvals, {waivers} waivers");
}

#[test]
fn of_two_approvals_at_the_same_time_one_wins_and_counts_once() {
    let turns = prop::collection::vec(any::<bool>(), 0..48);
    let raced = runner(200).run(&turns, |turns| {
        let world = found("approve");
        let (id, version) = (world.only().finding.id, world.only().life.version);
        let (one, two) = (persons(&world), persons(&world));
        let (claire, paul) = (person("claire"), person("paul"));
        let (one, two) = (pin!(one.approve(&id, version, &claire)), pin!(two.approve(&id, version, &paul)));
        let (one, two) = dealt(one, two, turns);
        prop_assert!(one.is_ok() != two.is_ok(), "{one:?} {two:?}");
        for (_, item) in world.ledger.starting("B#") {
            prop_assert_eq!(&item["n"], &engine::Attr::N(1));
        }
        Ok(())
    });
    raced.unwrap();
}

#[test]
fn of_two_functions_that_read_the_same_event_at_once_both_end_and_there_is_one_finding() {
    let turns = prop::collection::vec(any::<bool>(), 0..60);
    let raced = runner(300).run(&turns, |turns| {
        let world = World::allowing("revert");
        let evaluate = || Evaluate { desk: desk(&world), guarded: world.guarded() };
        let (one, two, body) = (evaluate(), evaluate(), ipv4_world().to_string());
        let (one, two) = dealt(pin!(one.message(body.as_bytes())), pin!(two.message(body.as_bytes())), turns);
        prop_assert!(one.is_ok() && two.is_ok(), "{one:?} {two:?}");
        prop_assert_eq!(world.history(), ["OPEN", "QUEUED revert"]);
        // The window of all accounts is kept outside the transaction, and need not be exact.
        for (key, item) in world.ledger.starting("B#1") {
            prop_assert_eq!(&item["n"], &engine::Attr::N(1), "counted once: {:?}", key);
        }
        world.settle();
        prop_assert_eq!(world.account.calls().len(), 1);
        Ok(())
    });
    raced.unwrap();
}

#[test]
fn of_two_workers_at_once_one_calls() {
    let turns = prop::collection::vec(any::<bool>(), 0..40);
    let raced = runner(300).run(&turns, |turns| {
        let world = found("revert");
        let worker = || Revert {
            desk: desk(&world),
            observer: world.account.clone(),
            hands: world.account.clone(),
            guarded: world.guarded(),
        };
        let bell = Doorbell { finding: world.only().finding.id, version: 2, effect: Effect::Revert };
        let (one, two) = (worker(), worker());
        let (first, second) = (WorkerId("first".into()), WorkerId("second".into()));
        let (one, two) = dealt(pin!(one.doorbell(&bell, &first)), pin!(two.doorbell(&bell, &second)), turns);
        prop_assert!(one.is_ok() && two.is_ok(), "{one:?} {two:?}");
        prop_assert_eq!(world.account.calls().len(), 1);
        prop_assert_eq!(world.only().life.epoch, 1);
        world.settle();
        prop_assert_eq!(world.stands_at(), "REVERTED");
        Ok(())
    });
    raced.unwrap();
}

#[test]
fn whoever_asks_to_cancel_while_a_worker_works_either_stops_the_call_or_is_refused() {
    let ends = Cell::new((0, 0));
    let turns = prop::collection::vec(any::<bool>(), 0..24);
    let raced = runner(300).run(&turns, |turns| {
        let world = found("revert");
        let id = world.only().finding.id;
        let (observer, hands) = (world.account.clone(), world.account.clone());
        let worker = Revert { desk: desk(&world), observer, hands, guarded: world.guarded() };
        let bell = Doorbell { finding: id.clone(), version: 2, effect: Effect::Revert };
        let (name, people, claire) = (WorkerId("first".into()), persons(&world), person("claire"));
        let waive = people.waive(&id, world.in_days(30), &claire, "a demonstration");
        let (done, waived) = dealt(pin!(worker.doorbell(&bell, &name)), pin!(waive), turns);
        prop_assert!(done.is_ok(), "{done:?}");
        world.after_minutes(2);
        world.tick();
        world.settle();
        let (stopped, refused) = ends.get();
        if waived.is_ok() {
            prop_assert_eq!(world.stands_at(), "WAIVED");
            prop_assert!(world.account.calls().is_empty(), "nothing is called once a waiver was taken");
            ends.set((stopped + 1, refused));
        } else {
            prop_assert!(is_refused(&waived), "{waived:?}");
            prop_assert_eq!(world.stands_at(), "REVERTED");
            prop_assert!(world.ledger.starting("WV#").is_empty());
            ends.set((stopped, refused + 1));
        }
        Ok(())
    });
    raced.unwrap();
    let (stopped, refused) = ends.get();
    assert!(stopped >= 20 && refused >= 20, "{stopped} stopped, {refused} refused");
}

/// Called, and with that to tell; and CloudTrail's record of the call.
fn called() -> (World, String) {
    let world = found("revert");
    world.ring(&world.only().finding.id);
    let revoked = [line(WORLD_RULE, 22, "0.0.0.0/0")];
    let echo = own_call(1, &world.only(), &revoked, world.time()).to_string();
    world.later(SignedDuration::from_secs(10));
    (world, echo)
}

#[test]
fn an_echo_is_not_lost_to_who_tells_people_or_verifies_at_the_same_time() {
    let turns = (any::<bool>(), prop::collection::vec(any::<bool>(), 0..24));
    let raced = runner(400).run(&turns, |(tells, turns)| {
        let (world, echo) = called();
        let evaluate = Evaluate { desk: desk(&world), guarded: world.guarded() };
        let heard = pin!(evaluate.message(echo.as_bytes()));
        let bell = |effect| Doorbell { finding: world.only().finding.id, version: 5, effect };
        let (answer, other) = if tells {
            let back_off = SignedDuration::from_secs(10);
            let notify = Notify { desk: desk(&world), audience: world.crowd.clone(), back_off };
            let (answer, told) = dealt(heard, pin!(notify.doorbell(&bell(Effect::Notify))), turns);
            (answer, told.is_ok())
        } else {
            let (observer, hands) = (world.account.clone(), world.account.clone());
            let worker = Revert { desk: desk(&world), observer, hands, guarded: world.guarded() };
            let name = WorkerId("first".into());
            let bell = bell(Effect::Revert);
            let (answer, read) = dealt(heard, pin!(worker.doorbell(&bell, &name)), turns);
            (answer, read.is_ok())
        };
        prop_assert!(answer.is_ok() && other);
        let record = world.only();
        prop_assert_eq!(record.evidence.echoes.len(), 1);
        prop_assert_eq!(record.life.echo_due, None);
        prop_assert_eq!(record.life.tell.is_none(), tells);
        prop_assert_eq!(record.life.version, if tells { 5 } else { 6 });
        Ok(())
    });
    raced.unwrap();
}
