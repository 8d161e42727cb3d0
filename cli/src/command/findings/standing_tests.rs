use super::decide_tests::check;
use crate::findings::stage_tests::{World, opens};
use expect_test::expect;
use model::{State, Wait};

#[test]
fn a_waiver_without_a_finding_lets_stand_what_happens_from_then_on_and_its_use_is_counted() {
    let world = World::allowing("revert");
    let args = [
        "waive",
        "--rule",
        "ssh-open",
        "--resource",
        "sg-0*",
        "--until",
        "30d",
        "--reason",
        "move",
        "--owner",
        "team",
    ];
    check(
        &world,
        &args,
        &expect![[r#"
        waiver all-ssh-open-1772368200000 is granted until 2026-03-31T12:30:00Z (in 30d), for what happens from now on
        exit Fine
    "#]],
    );
    let mut record = opens(2, 22, &["0.0.0.0/0"]);
    record["eventTime"] = "2026-03-01T12:31:00Z".into();
    world.minutes_pass(2);
    assert_eq!(world.happens(&record).life.state, State::Waived);
    check(
        &world,
        &["waivers"],
        &expect![[r#"
         waiver                      rule      account  resource  actor  owner  ends    used            reason
         all-ssh-open-1772368200000  ssh-open  *        sg-0*     *      team   in 29d  1, last 0s ago  move
        exit Fine
    "#]],
    );
    world.minutes_pass(60 * 24 * 31);
    check(
        &world,
        &["waivers"],
        &expect![[r#"
        no waivers
        exit Fine
    "#]],
    );
    check(
        &world,
        &["waivers", "--all", "--format", "json"],
        &expect![[r#"
        {"id":"all-ssh-open-1772368200000","rule":"ssh-open","resource":"sg-0*","owner":"team","reason":"move","from":"2026-03-01T12:30:00Z","until":"2026-03-31T12:30:00Z","as_code":false,"uses":1,"last_used":"2026-03-01T12:32:00Z","ended":true}
        exit Fine
    "#]],
    );
    check(
        &world,
        &["waive", "--rule", "ssh-open", "--until", "91d", "--reason", "for ever"],
        &expect![[r#"
        gardefou: a waiver ends 90 days after it begins, at the latest
        exit Usage
    "#]],
    );
    check(
        &world,
        &["waive", "--resource", "*", "--until", "1d", "--reason", "all"],
        &expect![[r#"
        gardefou: a waiver of every rule on every resource would switch the guard off
        exit Usage
    "#]],
    );
}

#[test]
fn while_the_kill_switch_is_on_nothing_is_approved() {
    let world = World::allowing("revert");
    check(
        &world,
        &["kill-switch"],
        &expect![[r#"
        the kill switch is off
        exit Fine
    "#]],
    );
    check(
        &world,
        &["kill-switch", "on", "--reason", "something is wrong"],
        &expect![[r#"
        the kill switch is on: nothing is called in any account
        turned by arn:aws:iam::111122223333:user/bob, 2026-03-01T12:30:00Z, 0s ago: something is wrong
        exit Fine
    "#]],
    );
    let record = world.happens(&opens(2, 22, &["0.0.0.0/0"]));
    let id = record.finding.id.as_str();
    assert_eq!(record.life.state, State::Awaiting(Wait::Kill));
    check(
        &world,
        &["approve", id, "--yes"],
        &expect![[r#"
            gardefou: finding `zggogd45o46q3povm4argxb2vo` is AWAITING kill: the kill switch is on
            gardefou: what is possible now:
            gardefou:   gardefou findings kill-switch off --reason '…'                               the kill switch is on: approving is possible once it is off
            gardefou:   gardefou findings acknowledge zggogd45o46q3povm4argxb2vo --for 4h            take it over: nobody is called meanwhile
            gardefou:   gardefou findings waive zggogd45o46q3povm4argxb2vo --until 30d --reason '…'  let it stand
            gardefou:   gardefou findings close zggogd45o46q3povm4argxb2vo --reason '…'              nothing more is done about it
            exit Found
        "#]],
    );
    check(
        &world,
        &["kill-switch", "off", "--reason", "it was the network"],
        &expect![[r#"
        the kill switch is off
        turned by arn:aws:iam::111122223333:user/bob, 2026-03-01T12:30:00Z, 0s ago: it was the network
        what waited because of it waits for approval: gardefou findings list --state awaiting
        exit Fine
    "#]],
    );
    check(
        &world,
        &["approve", id, "--yes"],
        &expect![[r#"
            of sg-002 in 111122223333, eu-west-3 this is taken back, as far as it still stands:
              sgr-0020: tcp 22 from 0.0.0.0/0
            finding zggogd45o46q3povm4argxb2vo is approved: gardefou is at work on it
            exit Fine
        "#]],
    );
}

#[test]
fn what_is_undone_while_the_kill_switch_is_on_waits_and_that_is_said() {
    let world = World::allowing("revert");
    let record = world.happens(&opens(2, 22, &["0.0.0.0/0"]));
    let id = record.finding.id.as_str();
    assert_eq!(record.life.state, State::Reverted);
    check(
        &world,
        &["kill-switch", "on", "--reason", "something is wrong"],
        &expect![[r#"
        the kill switch is on: nothing is called in any account
        turned by arn:aws:iam::111122223333:user/bob, 2026-03-01T12:30:40Z, 0s ago: something is wrong
        exit Fine
    "#]],
    );
    check(
        &world,
        &["undo", id, "--until", "30d", "--reason", "needed"],
        &expect![[r#"
        finding mguj4hpr7tp62yzs6oqyw373gn puts it back; it stands until 2026-03-31T12:30:40Z (in 30d)
        the kill switch is on: nothing is called before it is off, and then it waits for approval
        exit Fine
    "#]],
    );
    world.settle();
    let undo = world.records().into_iter().find(|other| other.finding.id != record.finding.id).unwrap();
    assert_eq!(undo.life.state, State::Awaiting(Wait::Kill));
    check(
        &world,
        &["kill-switch", "off", "--reason", "it was the network"],
        &expect![[r#"
        the kill switch is off
        turned by arn:aws:iam::111122223333:user/bob, 2026-03-01T12:30:40Z, 0s ago: it was the network
        what waited because of it waits for approval: gardefou findings list --state awaiting
        exit Fine
    "#]],
    );
    check(
        &world,
        &["approve", undo.finding.id.as_str(), "--yes"],
        &expect![[r#"
        of sg-002 in 111122223333, eu-west-3 this is put back, as far as it does not stand:
          sgr-0020: tcp 22 from 0.0.0.0/0
        finding mguj4hpr7tp62yzs6oqyw373gn is approved: gardefou is at work on it
        exit Fine
    "#]],
    );
    world.settle();
    assert_eq!(world.record(&undo).life.state, State::Waived);
}
