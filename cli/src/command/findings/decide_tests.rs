use super::{What, decide, look};
use crate::cloud;
use crate::findings::stage_tests::{ALICE, BOB, World, opens, person};
use clap::Parser as _;
use expect_test::{Expect, expect};
use model::{State, Wait};

#[derive(Debug, clap::Parser)]
struct Typed {
    #[command(subcommand)]
    what: What,
}

/// What bob gets to see who types this after `gardefou findings`, and how it ends.
pub(super) fn typed(world: &World, args: &[&str]) -> String {
    typed_by(world, BOB, args)
}

fn typed_by(world: &World, who: &str, args: &[&str]) -> String {
    let Typed { what } = Typed::try_parse_from(std::iter::once(&"findings").chain(args)).unwrap();
    let (ended, out) = world.writes(async |office, streams| {
        let done = match &what {
            What::List(args) => look::list(args, office, streams).await,
            What::Show(args) => look::show(args, office, streams).await,
            What::Timeline(args) => look::timeline(args, office, streams).await,
            What::Waivers(args) => look::waivers(args, office, streams).await,
            What::Decide(what) => decide::decide(what, office, &person(who), streams).await,
        };
        super::ended(done.map_err(|trouble| cloud::complain(trouble, streams))).unwrap()
    });
    format!("{out}exit {ended:?}\n")
}

pub(super) fn check(world: &World, args: &[&str], expected: &Expect) {
    expected.assert_eq(&typed(world, args));
}

#[test]
fn what_is_approved_is_taken_back_and_not_approved_again() {
    let world = World::allowing("approve");
    let record = world.happens(&opens(2, 22, &["0.0.0.0/0", "10.0.0.0/8"]));
    let id = record.finding.id.as_str();
    check(
        &world,
        &["approve", id],
        &expect![[r#"
        of sg-002 in 111122223333, eu-west-3 this is taken back, as far as it still stands:
          sgr-0020: tcp 22 from 0.0.0.0/0
        gardefou: nobody is there to be asked: look with `show`, and approve with --yes
        exit Usage
    "#]],
    );
    assert_eq!(world.record(&record).life.state, State::Awaiting(Wait::Approve));
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
    world.settle();
    assert_eq!(world.record(&record).life.state, State::Reverted);
    check(
        &world,
        &["approve", id, "--yes"],
        &expect![[r#"
            gardefou: finding `zggogd45o46q3povm4argxb2vo` is REVERTED: this does not happen in the state the finding is in
            gardefou: what is possible now:
            gardefou:   gardefou findings undo zggogd45o46q3povm4argxb2vo --until 30d --reason '…'  put back what was taken, and let it stand
            exit Found
        "#]],
    );
}

#[test]
fn what_is_undone_is_put_back_and_stands() {
    let world = World::allowing("revert");
    let record = world.happens(&opens(2, 22, &["0.0.0.0/0", "10.0.0.0/8"]));
    let id = record.finding.id.as_str();
    check(
        &world,
        &["undo", id, "--until", "30d", "--reason", "a partner needs it"],
        &expect![[r#"
        finding mguj4hpr7tp62yzs6oqyw373gn puts it back; it stands until 2026-03-31T12:30:40Z (in 30d)
        exit Fine
    "#]],
    );
    world.settle();
    let undo = world.records().into_iter().find(|other| other.finding.id != record.finding.id).unwrap();
    assert_eq!(undo.life.state, State::Waived);
    check(
        &world,
        &["show", undo.finding.id.as_str()],
        &expect![[r#"
            finding mguj4hpr7tp62yzs6oqyw373gn  CRITICAL  WAIVED
            A revert is undone

            where     sg-002 (ec2) in 111122223333, eu-west-3
            who       alice of account 111122223333
                      arn:aws:iam::111122223333:user/alice
                      with aws-cli/2.31
            when      2026-03-01T12:30:40Z, 40s ago
            found by  arn:aws:iam::111122223333:user/bob wants back what finding zggogd45o46q3povm4argxb2vo took
            recorded  2026-03-01T12:30:40Z, judged by pack 12c6aaf8902e

            state     WAIVED, version 6
                      A waiver lets it stand until 2026-03-31T12:30:40Z.
                      When the waiver ends it is judged again: take it back before, or have the waiver renewed.
            approved  by arn:aws:iam::111122223333:user/bob, 2026-03-01T12:30:40Z, 40s ago
                      attempts: 1

            Rules
              ssh-open, critical, revert
                port 22 of sg-002 opened to 0.0.0.0/0 by alice
                instead  Use Session Manager.
            Let stand
              sgr-0020: tcp 22 from 0.0.0.0/0
            Plan
              put 1 lines back into sg-002
              armed at 2026-03-01T12:30:40Z
              AWS says it did: sgr-0000000200000000
            Timers
              looked at again at 2026-03-24T12:30:40Z, in 22d
              it may stand until 2026-03-31T12:30:40Z, in 29d
              CloudTrail should have told of our own call by 2026-03-01T12:45:40Z, in 14m
              people are yet to be told of version 6
            Linked
              finding zggogd45o46q3povm4argxb2vo, which is undone

            What you can do now
              gardefou findings close mguj4hpr7tp62yzs6oqyw373gn --reason '…'  nothing more is done about it
            exit Fine
        "#]],
    );
    check(
        &world,
        &["undo", id, "--until", "30d", "--reason", "again"],
        &expect![[r#"
        gardefou: it was undone before: finding `mguj4hpr7tp62yzs6oqyw373gn`
        exit Found
    "#]],
    );
}

#[test]
fn who_made_the_change_does_not_approve_it() {
    let world = World::allowing("approve");
    let record = world.happens(&opens(2, 22, &["0.0.0.0/0"]));
    let out = typed_by(&world, ALICE, &["approve", record.finding.id.as_str(), "--yes"]);
    expect![[r#"
        of sg-002 in 111122223333, eu-west-3 this is taken back, as far as it still stands:
          sgr-0020: tcp 22 from 0.0.0.0/0
        gardefou: who made the change does not approve it
        exit Found
    "#]]
    .assert_eq(&out);
}

#[test]
fn a_doorbell_that_is_not_heard_leaves_the_decision_and_is_said() {
    let world = World::allowing("approve");
    let record = world.happens(&opens(2, 22, &["0.0.0.0/0"]));
    world.queue.set_down(true);
    check(
        &world,
        &["approve", record.finding.id.as_str(), "--yes"],
        &expect![[r#"
            of sg-002 in 111122223333, eu-west-3 this is taken back, as far as it still stands:
              sgr-0020: tcp 22 from 0.0.0.0/0
            finding zggogd45o46q3povm4argxb2vo is approved: gardefou is at work on it
            gardefou: it is decided; gardefou could not be told at once and notices by itself within a minute (the doorbell could not be sent: the queue is down)
            exit Fine
        "#]],
    );
    assert!(matches!(world.record(&record).life.state, State::Queued(_)));
}

#[test]
fn a_person_takes_over_lets_stand_and_closes() {
    let world = World::allowing("approve");
    let record = world.happens(&opens(2, 22, &["0.0.0.0/0"]));
    let id = record.finding.id.as_str();
    check(
        &world,
        &["acknowledge", id, "--for", "2h"],
        &expect![[r#"
        finding zggogd45o46q3povm4argxb2vo is yours until 2026-03-01T14:30:00Z (in 2h)
        exit Fine
    "#]],
    );
    check(
        &world,
        &["acknowledge", id],
        &expect![[r#"
        gardefou: finding `zggogd45o46q3povm4argxb2vo` is ACKED: this does not happen in the state the finding is in
        gardefou: what is possible now:
        gardefou:   gardefou findings approve zggogd45o46q3povm4argxb2vo                         have it taken back (not by who made the change)
        gardefou:   gardefou findings waive zggogd45o46q3povm4argxb2vo --until 30d --reason '…'  let it stand
        gardefou:   gardefou findings close zggogd45o46q3povm4argxb2vo --reason '…'              nothing more is done about it
        exit Found
    "#]],
    );
    check(
        &world,
        &["waive", id, "--until", "2026-03-31", "--reason", "migration"],
        &expect![[r#"
        finding zggogd45o46q3povm4argxb2vo is waived: it stands until 2026-03-31T00:00:00Z (in 29d)
        exit Fine
    "#]],
    );
    check(
        &world,
        &["waivers"],
        &expect![[r#"
         waiver                        rule      account       resource  actor  owner                               ends    used   reason
         zggogd45-1772368200-ssh-open  ssh-open  111122223333  sg-002    *      arn:aws:iam::111122223333:user/bob  in 29d  never  migration
        exit Fine
    "#]],
    );
    check(
        &world,
        &["close", id, "--reason", " "],
        &expect![[r#"
        gardefou: this needs a reason
        exit Usage
    "#]],
    );
    check(
        &world,
        &["close", id, "--reason", "the group is gone"],
        &expect![[r#"
        finding zggogd45o46q3povm4argxb2vo is closed
        exit Fine
    "#]],
    );
    check(
        &world,
        &["close", id, "--reason", "again"],
        &expect![[r#"
        gardefou: finding `zggogd45o46q3povm4argxb2vo` is RESOLVED closed: this does not happen in the state the finding is in
        gardefou: what is possible now:
        gardefou:   nothing: it has ended, and what happens again is a new finding
        exit Found
    "#]],
    );
}

#[test]
fn what_is_typed_wrong_is_refused_before_anything_is_asked() {
    for args in [
        vec!["show"],
        vec!["show", "SHORT1"],
        vec!["close", "abcdef"],
        vec!["waive", "abcdef", "--until", "30d"],
        vec!["waive", "abcdef", "--rule", "ssh-open", "--until", "30d", "--reason", "x"],
        vec!["waive", "--account", "111122223333", "--until", "30d", "--reason", "x"],
        vec!["waive", "--rule", "ssh-open", "--until", "soon", "--reason", "x"],
        vec!["acknowledge", "abcdef", "--for", "-1h"],
        vec!["undo", "abcdef", "--reason", "x"],
        vec!["kill-switch", "on"],
        vec!["kill-switch", "maybe", "--reason", "x"],
        vec!["list", "--state", "nowhere"],
        vec!["list", "--since", "yesterday"],
        vec!["list", "--severity", "bad"],
    ] {
        let typed = Typed::try_parse_from(std::iter::once("findings").chain(args.iter().copied()));
        assert!(typed.is_err(), "{args:?}");
    }
}
