//! The circuit breaker, over many findings.

use crate::world::{ACCOUNT, World, group_id, line, now, opening, person};
use engine::{Attr, Effect, FindingRecord};
use model::FindingId;
use serde_json::json;
use sim::Trouble;

/// SSH is opened to the world on a group of its own.
fn violates(world: &World, number: u32, account: &str) {
    let opened = line(&format!("sgr-{number:x}"), 22, "0.0.0.0/0");
    let mut event = opening(number, &group_id(number), &[opened], world.time());
    event["account"] = json!(account);
    event["detail"]["recipientAccountId"] = json!(account);
    world.evaluate(&event).unwrap();
}

fn labels(world: &World, account: &str) -> Vec<String> {
    let of = |record: &FindingRecord| record.finding.resource.account.as_str() == account;
    world.findings().iter().filter(|record| of(record)).map(|record| record.life.state.label()).collect()
}

fn count(world: &World, state: &str) -> usize {
    labels(world, ACCOUNT).iter().filter(|label| *label == state).count()
}

#[test]
fn of_a_thousand_violations_in_one_window_the_cap_is_reverted_the_rest_waits_and_one_digest_tells() {
    let world = World::allowing("revert");
    for number in 1..=1_000 {
        violates(&world, number, ACCOUNT);
    }
    violates(&world, 2_000, "444455556666");
    assert_eq!((count(&world, "QUEUED revert"), count(&world, "AWAITING breaker")), (10, 990));
    assert_eq!(labels(&world, "444455556666"), ["QUEUED revert"]);
    assert_eq!(world.queue.take(Effect::Revert).len(), 11);
    world.tell();
    let heard = world.crowd.everything();
    let mut channels: Vec<_> = heard.iter().map(|heard| (heard.channel, heard.digest)).collect();
    channels.sort_unstable();
    assert_eq!(channels, [("slack", true), ("sns", true)]);
    assert!(world.findings().iter().all(|record| record.life.tell.is_none()), "nothing is left to tell");
}

#[test]
fn the_account_s_own_cap_holds_over_many_windows_of_its_rules() {
    let mut world = World::allowing("revert");
    world.config.push_str("breaker: {rule_per_10_minutes: 10, account_per_hour: 12, overall_per_hour: 15}\n");
    for number in 1..=10 {
        violates(&world, number, ACCOUNT);
    }
    world.after_minutes(10);
    for number in 11..=15 {
        violates(&world, number, ACCOUNT);
    }
    assert_eq!((count(&world, "QUEUED revert"), count(&world, "AWAITING breaker")), (12, 3));
    for number in 21..=25 {
        violates(&world, number, "444455556666");
    }
    let other = labels(&world, "444455556666");
    assert_eq!(other.iter().filter(|label| *label == "QUEUED revert").count(), 3, "fifteen overall");
}

#[test]
fn after_a_window_that_was_too_small_the_next_lets_one_through_and_the_one_after_is_whole_when_that_was_enough()
 {
    let world = World::allowing("revert");
    let mut number = 0;
    let mut wanted = |count: u32| {
        let before = self::count(&world, "QUEUED revert");
        for _ in 0..count {
            number += 1;
            violates(&world, number, ACCOUNT);
        }
        let through = self::count(&world, "QUEUED revert") - before;
        world.after_minutes(10);
        through
    };
    assert_eq!(wanted(11), 10);
    assert_eq!(wanted(3), 1, "half open, and more was wanted");
    assert_eq!(wanted(1), 1, "half open still, and that was enough");
    assert_eq!(wanted(10), 10, "whole");
}

#[test]
fn what_is_tried_again_and_again_counts_once() {
    let world = super::found("revert");
    for trouble in [Trouble::Throttled, Trouble::Throttled, Trouble::AnsweredOnly, Trouble::AnswerLost] {
        world.account.trouble_next(trouble);
    }
    world.settle();
    assert_eq!(world.stands_at(), "REVERTED");
    assert!(world.only().life.epoch >= 4);
    for (key, item) in world.ledger.starting("B#") {
        assert_eq!(item["n"], Attr::N(1), "{key:?}");
    }
}

#[test]
fn what_a_person_approves_counts_and_is_never_refused() {
    let world = World::allowing("revert");
    for number in 1..=13 {
        violates(&world, number, ACCOUNT);
    }
    let waiting = |record: &FindingRecord| record.life.state.label() == "AWAITING breaker";
    let waiting: Vec<(FindingId, u64)> = world
        .findings()
        .iter()
        .filter(|record| waiting(record))
        .map(|record| (record.finding.id.clone(), record.life.version))
        .collect();
    assert_eq!(waiting.len(), 3);
    for (id, version) in waiting {
        now(world.persons().approve(&id, version, &person("claire"))).unwrap();
        assert_eq!(world.label(&id), "QUEUED revert");
    }
    for (key, item) in world.ledger.starting("B#") {
        assert_eq!(item["n"], Attr::N(13), "{key:?}");
    }
}

#[test]
fn what_a_person_approves_counts_under_the_rule_that_would_have_reverted_it() {
    let mut world = World::allowing("revert");
    world.config.push_str("breaker: {rule_per_10_minutes: 0}\n");
    world.config.push_str(
        "waivers: [{id: lab, rule: ec2-sg-high-risk-ports-open, owner: ops, reason: a lab, \
         from: 2026-11-01, until: 2026-12-24}]\n",
    );
    let lines = [line("sgr-01", 3389, "0.0.0.0/0"), line("sgr-02", 22, "0.0.0.0/0")];
    world.evaluate(&opening(1, crate::world::GROUP, &lines, world.time())).unwrap();
    assert_eq!(world.only().finding.violations[0].rule.as_str(), "ec2-sg-high-risk-ports-open");
    assert_eq!(world.stands_at(), "AWAITING breaker");
    world.approve();
    let counted = world.ledger.starting(&format!("B#{ACCOUNT}#"));
    let counted: Vec<&str> =
        counted.iter().filter(|(_, item)| item.contains_key("n")).map(|(key, _)| key.pk.as_str()).collect();
    assert_eq!(counted, [format!("B#{ACCOUNT}#ec2-sg-ssh-open")]);
}

#[test]
fn the_end_of_what_waited_because_of_the_breaker_is_no_news() {
    let mut world = World::allowing("revert");
    world.crowd = sim::Crowd::of(&["slack", "pagerduty"]);
    for number in 1..=30 {
        violates(&world, number, ACCOUNT);
    }
    world.tell();
    assert_eq!(world.crowd.heard("slack").len(), 1);
    // The groups are gone by the time the sweeps look.
    world.with_group(|group| group.lines.clear());
    for _ in 0..2 {
        world.present();
        world.after_minutes(5);
    }
    assert_eq!(count(&world, "RESOLVED compliant"), 20);
    world.tell();
    assert_eq!(world.crowd.heard("slack").len(), 1, "the digest was all");
    let told = world.crowd.everything();
    let first = told.iter().find(|heard| heard.channel == "pagerduty").unwrap();
    let ends = told.iter().filter(|heard| heard.finding == first.finding && heard.channel == "pagerduty");
    assert_eq!(ends.count(), 2, "the incident that the digest opened is closed");
}

#[test]
fn what_nobody_answered_after_the_breaker_opened_calls_people_as_one_finding_would() {
    let world = World::allowing("revert");
    for number in 1..=40 {
        violates(&world, number, ACCOUNT);
    }
    world.tell();
    for _ in 0..8 {
        world.after_minutes(15);
        world.tick();
        world.tell();
    }
    // At once, when it expired, and after 15 and 60 minutes more.
    let heard = world.crowd.everything();
    assert_eq!(heard.iter().filter(|heard| heard.channel == "slack").count(), 4);
    assert!(heard.iter().all(|heard| heard.digest));
}
