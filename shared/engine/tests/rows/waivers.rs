//! Waivers: what they cover, and that each use is counted.

use super::{OTHER, claimed::waive, found, found_with};
use crate::world::{ACCOUNT, GROUP, WORLD_RULE, World, line, now, opening, person};
use engine::{Attr, DecisionError};
use model::{Manual, State, Waiver, Work};

const SSH: &str = "ec2-sg-ssh-open";

/// The configuration with one waiver: these words, and what every waiver needs.
fn as_code(words: &str) -> String {
    format!(
        "waivers: [{{id: lab, {words}, owner: ops, reason: a lab, from: 2026-11-01, until: 2026-12-24}}]\n"
    )
}

fn uses(world: &World, pk: &str) -> Vec<Attr> {
    world.ledger.starting(pk).into_iter().filter_map(|(_, item)| item.get("uses").cloned()).collect()
}

#[test]
fn a_waiver_as_code_covers_its_rule_account_resource_and_actor_and_nothing_else() {
    let covers = [
        format!("rule: {SSH}"),
        format!("rule: {SSH}, account: '{ACCOUNT}'"),
        "resource: 'sg-0aa11*'".to_owned(),
        "actor: '*assumed-role/yourmedia-operator/*'".to_owned(),
        "actor: 'arn:aws:iam::111122223333:role/yourmedia-operator'".to_owned(),
    ];
    for words in covers {
        let world = found_with("revert", &as_code(&words));
        assert_eq!(world.stands_at(), "WAIVED", "{words}");
        assert_eq!(uses(&world, "WV#code"), [Attr::N(1)], "{words}");
        let by = world.only().finding.violations[0].waived.clone().unwrap();
        assert_eq!((by.id.as_str(), by.owner.as_str()), ("lab", "ops"));
    }
    let others = [
        "rule: ec2-sg-all-traffic-open".to_owned(),
        format!("rule: {SSH}, account: '999988887777'"),
        "resource: 'sg-0bb*'".to_owned(),
        "actor: '*role/somebody-else*'".to_owned(),
    ];
    for words in others {
        let world = found_with("revert", &as_code(&words));
        assert_eq!(world.stands_at(), "QUEUED revert", "{words}");
        assert!(world.ledger.starting("WV#").is_empty(), "{words}");
    }
}

#[test]
fn a_violation_from_before_a_waiver_or_from_its_end_on_is_not_covered() {
    // The event is of 09:28:54, and it is ten o'clock.
    for (from, until, covered) in [
        ("2026-11-20T09:28:54Z", "2026-12-01", true),
        ("2026-11-20T09:28:55Z", "2026-12-01", false),
        ("2026-11-01", "2026-11-20T10:00:01Z", true),
        ("2026-11-01", "2026-11-20T10:00:00Z", false),
    ] {
        let waiver = format!(
            "waivers: [{{id: lab, rule: {SSH}, owner: ops, reason: a lab, from: '{from}', until: '{until}'}}]\n"
        );
        let world = found_with("revert", &waiver);
        assert_eq!(world.state() == State::Waived, covered, "from {from} until {until}");
    }
}

#[test]
fn a_waiver_that_a_person_grants_covers_what_comes_after_it_on_the_same_resource() {
    let world = found("revert");
    waive(&world);
    let first = world.only().finding.id;
    let again = line("sgr-0a9a1", 22, "::/0");
    world.evaluate(&opening(2, GROUP, &[again], world.time())).unwrap();
    let second = world.findings().into_iter().find(|record| record.finding.id != first).unwrap();
    assert_eq!(second.life.state, State::Waived);
    assert_eq!(uses(&world, &format!("WV#{ACCOUNT}")), [Attr::N(1)], "used by the second finding alone");
    let elsewhere = line("sgr-0a9a2", 22, "::/0");
    world.evaluate(&opening(3, "sg-0e15e", &[elsewhere], world.time())).unwrap();
    let waived = world.findings().iter().filter(|record| record.life.state == State::Waived).count();
    assert_eq!((world.findings().len(), waived), (3, 2));
}

#[test]
fn of_two_waivers_the_one_that_lasts_longer_is_named_and_used() {
    let one = |id: &str, until: &str| {
        format!("{{id: {id}, rule: {SSH}, owner: {id}, reason: a lab, from: 2026-11-01, until: {until}}}")
    };
    let both = format!("waivers: [{}, {}]\n", one("short", "2026-11-25"), one("long", "2026-12-24"));
    let world = found_with("revert", &both);
    assert_eq!(world.only().finding.violations[0].waived.clone().unwrap().owner, "long");
    let used: Vec<String> = world.ledger.starting("WV#").into_iter().map(|(key, _)| key.sk).collect();
    assert_eq!(used, ["long"]);
    assert_eq!(world.only().life.until.unwrap(), "2026-12-24T00:00:00Z".parse().unwrap());
}

#[test]
fn a_use_is_counted_with_the_move_or_not_at_all() {
    let mut world = World::allowing("revert");
    world.config.push_str(&as_code(&format!("rule: {SSH}")));
    let event = crate::world::ipv4_world();
    world.ledger.fail_commit_after(1);
    assert!(world.evaluate(&event).is_err());
    assert!(uses(&world, "WV#").is_empty());
    for _ in 0..3 {
        world.evaluate(&event).unwrap();
    }
    assert_eq!((world.stands_at().as_str(), uses(&world, "WV#code")), ("WAIVED", vec![Attr::N(1)]));
}

/// SSH, which is waived, and the other port, which needs an approval, in one call.
fn one_of_two_waived() -> World {
    let mut world = World::allowing("revert");
    world.config.push_str(&as_code(&format!("rule: {SSH}")));
    let lines = [line(WORLD_RULE, 22, "0.0.0.0/0"), line(OTHER, 8081, "0.0.0.0/0")];
    world.with_group(|group| group.lines.push(lines[1].clone()));
    world.evaluate(&opening(1, GROUP, &lines, world.time())).unwrap();
    world
}

#[test]
fn where_one_of_two_rules_is_waived_the_other_one_s_mode_decides_and_only_its_culprit_is_touched() {
    let world = one_of_two_waived();
    assert_eq!(world.state(), State::Queued(Work::Confirm));
    assert_eq!(uses(&world, "WV#code"), [Attr::N(1)]);
    world.settle();
    assert_eq!(world.stands_at(), "AWAITING approve");
    world.approve();
    world.settle();
    let calls = format!("{:?}", world.account.calls());
    assert!(calls.contains(OTHER), "{calls}");
    assert!(!calls.contains(WORLD_RULE), "what is waived stands, whatever else is approved: {calls}");
    assert_eq!(world.lines(), [WORLD_RULE, "sgr-0fff"]);
}

#[test]
fn a_waiver_of_everything_too_long_or_of_nobody_is_not_granted() {
    let world = found("approve");
    let id = world.only().finding.id;
    let waive = |days, by: &str, reason: &str| {
        now(world.persons().waive(&id, world.in_days(days), &person(by), reason)).map(drop)
    };
    for refused in [
        waive(91, "claire", "a lab"),
        waive(30, " ", "a lab"),
        waive(30, "claire", "\n"),
        waive(0, "claire", "a lab"),
    ] {
        assert!(matches!(refused, Err(DecisionError::NotWaivable(_))), "{refused:?}");
    }
    assert!(world.ledger.starting("WV#").is_empty());
    assert_eq!(world.stands_at(), "AWAITING approve");
    let everything = Waiver {
        id: "all-of-it".parse().unwrap(),
        rule: None,
        account: None,
        resource: "*".to_owned(),
        actor: None,
        owner: "claire".to_owned(),
        reason: "peace".to_owned(),
        from: world.time(),
        until: world.in_days(1),
    };
    assert!(now(world.persons().grant(&everything)).is_err());
    let narrower = Waiver { rule: SSH.parse().ok(), ..everything };
    now(world.persons().grant(&narrower)).unwrap();
    let ipv6 = line("sgr-0a9a1", 22, "::/0");
    world.evaluate(&opening(2, GROUP, &[ipv6], world.time())).unwrap();
    assert_eq!(uses(&world, "WV#*"), [Attr::N(1)], "one for all accounts is counted where it is kept");
}

#[test]
fn a_waiver_does_not_stand_in_the_way_of_being_told_what_it_does_not_cover() {
    let mut world = World::allowing("notify");
    world.config.push_str(&as_code("rule: ec2-sg-unapproved-public-port"));
    let lines = [line(WORLD_RULE, 22, "0.0.0.0/0"), line(OTHER, 8081, "0.0.0.0/0")];
    world.evaluate(&opening(1, GROUP, &lines, world.time())).unwrap();
    world.settle();
    assert_eq!(world.state(), State::Manual(Manual::Told));
}
