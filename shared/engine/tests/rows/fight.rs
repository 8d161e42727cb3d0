//! Somebody puts back what was taken.

use crate::world::{GROUP, World, line, now, opening, person};
use jiff::Timestamp;
use model::FindingId;
use render::Story;
use serde_json::json;

const TERRAFORM: &str = "APN/1.0 HashiCorp/1.0 Terraform/1.9.8 terraform-provider-aws/5.75.0";

/// SSH is opened again, under a new id, and whatever may be done is done.
fn again(world: &World, round: u32, agent: Option<&str>) -> FindingId {
    let opened = line(&format!("sgr-{round:x}"), 22, "0.0.0.0/0");
    world.with_group(|group| {
        group.lines.retain(|line| line.rule.as_ref().is_some_and(|rule| rule.as_str() == "sgr-0fff"));
        group.lines.push(opened.clone());
    });
    let mut event = opening(round, GROUP, &[opened], world.time());
    if let Some(agent) = agent {
        event["detail"]["userAgent"] = json!(agent);
    }
    let before: Vec<FindingId> = world.findings().into_iter().map(|record| record.finding.id).collect();
    world.evaluate(&event).unwrap();
    world.settle();
    let new = world.findings().into_iter().find(|record| !before.contains(&record.finding.id));
    new.unwrap().finding.id
}

fn every(world: &World, minutes: i64, round: u32) {
    let start: Timestamp = "2026-11-20T10:00:00Z".parse().unwrap();
    let next = start.as_second() + minutes * 60 * i64::from(round);
    world.later(Timestamp::from_second(next).unwrap().duration_since(world.time()));
}

#[test]
fn terraform_that_puts_it_back_every_five_minutes_is_reverted_twice_at_most_and_then_named() {
    let world = World::allowing("revert");
    let mut last = None;
    for round in 1..=6 {
        every(&world, 5, round);
        last = Some(again(&world, round, Some(TERRAFORM)));
    }
    let reverts = world.account.calls().len();
    assert!((1..=2).contains(&reverts), "{reverts}");
    let record = world.find(&last.unwrap());
    assert_eq!(record.life.state.label(), "MANUAL fight");
    let story =
        Story { finding: &record.finding, life: &record.life, evidence: &record.evidence, digest: false };
    let (mail, slack) = (render::sns(&story).body, format!("{:?}", render::slack(&story)));
    for text in [mail, slack] {
        for wanted in ["Terraform", "fix the code", "claire.martin"] {
            assert!(text.contains(wanted), "`{wanted}` is missing: {text}");
        }
    }
}

#[test]
fn people_who_put_it_back_are_stopped_the_third_time_in_half_an_hour() {
    let world = World::allowing("revert");
    let states: Vec<String> = (1..=3)
        .map(|round| {
            every(&world, 8, round);
            let id = again(&world, round, None);
            world.label(&id)
        })
        .collect();
    assert_eq!(states, ["REVERTED", "REVERTED", "MANUAL fight"]);
    assert_eq!(world.account.calls().len(), 2);
    // A person may say that it goes all the same.
    let fought =
        world.findings().into_iter().find(|record| record.life.state.label() == "MANUAL fight").unwrap();
    let (id, version) = (fought.finding.id, fought.life.version);
    now(world.persons().approve(&id, version, &person("paul"))).unwrap();
    world.settle();
    assert_eq!(world.label(&id), "REVERTED");
}

#[test]
fn people_who_put_it_back_now_and_then_are_reverted_three_times_a_day() {
    let world = World::allowing("revert");
    let states: Vec<String> = (1..=4)
        .map(|round| {
            every(&world, 60, round);
            let id = again(&world, round, None);
            world.label(&id)
        })
        .collect();
    assert_eq!(states, ["REVERTED", "REVERTED", "REVERTED", "MANUAL fight"]);
}

#[test]
fn another_content_on_the_same_group_is_no_fight() {
    let world = World::allowing("revert");
    let ports = [22, 3306, 5432, 6379];
    for (round, port) in (1..).zip(ports) {
        let opened = line(&format!("sgr-{round:x}"), port, "0.0.0.0/0");
        world.with_group(|group| group.lines.push(opened.clone()));
        world.evaluate(&opening(round, GROUP, &[opened], world.time())).unwrap();
        world.settle();
    }
    assert_eq!(world.account.calls().len(), 4);
}
