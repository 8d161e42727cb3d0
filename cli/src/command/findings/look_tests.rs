use super::decide_tests::{check, typed};
use crate::findings::list;
use crate::findings::stage_tests::{World, now, opens};
use engine::{Attr, Key};
use expect_test::expect;

/// Two findings that wait, and one that was only to be told.
fn three(mode: &str) -> World {
    let world = World::allowing(mode);
    world.happens(&opens(1, 443, &["0.0.0.0/0"]));
    world.happens(&opens(2, 22, &["0.0.0.0/0", "10.0.0.0/8"]));
    world.happens(&opens(3, 22, &["0.0.0.0/0"]));
    world
}

#[test]
fn the_worst_come_first_and_of_these_the_oldest() {
    check(
        &three("approve"),
        &["list"],
        &expect![[r#"
         id      severity  state             age  due     account       resource  title                       who
         zggogd  critical  AWAITING approve  28m  in 30m  111122223333  sg-002    SSH opened to the internet  alice
         2jhlzh  critical  AWAITING approve  27m  in 30m  111122223333  sg-003    SSH opened to the internet  alice
         b6crza  low       MANUAL told       29m  -       111122223333  sg-001    Web opened to the internet  alice
        3 findings: 2 critical, 1 low; 2 awaiting, 1 manual
        exit Fine
    "#]],
    );
}

#[test]
fn on_a_terminal_of_eighty_columns_ids_stay_whole() {
    let world = three("approve");
    let rows = list::rows(&world.records());
    let table = list::fitted(&rows, world.office().now(), Some(80));
    assert!(table.lines().all(|line| line.chars().count() <= 80), "{table}");
    expect![[r#"
        ─────────────────────────────────────────────────────────────────────────
         id       severity   state, due         where          what, who, age
        ═════════════════════════════════════════════════════════════════════════
         zggogd   critical   AWAITING approve   sg-002         SSH opened to the
                             in 30m             111122223333   internet
                                                               alice, 28m ago
        ─────────────────────────────────────────────────────────────────────────
         2jhlzh   critical   AWAITING approve   sg-003         SSH opened to the
                             in 30m             111122223333   internet
                                                               alice, 27m ago
        ─────────────────────────────────────────────────────────────────────────
         b6crza   low        MANUAL told        sg-001         Web opened to the
                             -                  111122223333   internet
                                                               alice, 29m ago
        ─────────────────────────────────────────────────────────────────────────"#]]
    .assert_eq(&table);
}

#[test]
fn what_is_finished_is_listed_when_it_is_asked_for() {
    let world = three("revert");
    check(
        &world,
        &["list"],
        &expect![[r#"
         id      severity  state        age  due  account       resource  title                       who
         b6crza  low       MANUAL told  30m  -    111122223333  sg-001    Web opened to the internet  alice
        1 finding: 1 low; 1 manual
        exit Fine
    "#]],
    );
    check(
        &world,
        &["list", "--state", "reverted", "--resource", "sg-002"],
        &expect![[r#"
         id      severity  state     age  due  account       resource  title                       who
         zggogd  critical  REVERTED  29m  -    111122223333  sg-002    SSH opened to the internet  alice
        1 finding: 1 critical; 1 reverted
        exit Fine
    "#]],
    );
    check(
        &world,
        &["list", "--all", "--rule", "web-*", "--format", "json"],
        &expect![[r#"
        {"finding":"b6crza5qlo4b4yrxldz5ccoclx","severity":"low","state":"MANUAL told","mode":"notify","version":2,"time":"2026-03-01T12:01:00Z","due":null,"account":"111122223333","region":"eu-west-3","resource":"sg-001","title":"Web opened to the internet","rules":["web-open"],"actor":"alice"}
        exit Fine
    "#]],
    );
    check(
        &world,
        &["list", "--all", "--severity", "high", "--since", "2026-03-01T12:03:00Z"],
        &expect![[r#"
         id      severity  state     age  due  account       resource  title                       who
         2jhlzh  critical  REVERTED  28m  -    111122223333  sg-003    SSH opened to the internet  alice
        1 finding: 1 critical; 1 reverted
        exit Fine
    "#]],
    );
    check(
        &world,
        &["list", "--account", "444455556666"],
        &expect![[r#"
        no findings
        exit Fine
    "#]],
    );
}

#[test]
fn a_finding_that_waits_shows_what_waits_and_what_can_be_done() {
    let world = World::allowing("approve");
    let record = world.happens(&opens(2, 22, &["0.0.0.0/0", "10.0.0.0/8"]));
    world.minutes_pass(3);
    check(
        &world,
        &["show", record.finding.id.as_str().get(..6).unwrap()],
        &expect![[r#"
            finding zggogd45o46q3povm4argxb2vo  CRITICAL  AWAITING approve
            SSH opened to the internet

            where     sg-002 (ec2) in 111122223333, eu-west-3
            who       alice of account 111122223333
                      arn:aws:iam::111122223333:user/alice
                      with aws-cli/2.31
            when      2026-03-01T12:02:00Z, 31m ago
            found by  AuthorizeSecurityGroupIngress of ec2.amazonaws.com, event 00000000-0000-4000-8000-000000000002
            recorded  2026-03-01T12:30:00Z, judged by pack 12c6aaf8902e

            state     AWAITING approve, version 2: needs approval
                      It waits for approval because the rule or this account asks for one.
                      Approve it, or take it back by hand. It stands until then.

            Rules
              ssh-open, critical, approve (revert asked)
                port 22 of sg-002 opened to 0.0.0.0/0 by alice
                instead  Use Session Manager.
            Waits for approval
              sgr-0020: tcp 22 from 0.0.0.0/0
            Left alone: added by the same change, and no rule names it
              sgr-0021: tcp 22 from 10.0.0.0/8
            By hand
              aws ec2 revoke-security-group-ingress --group-id sg-002 --security-group-rule-ids sgr-0020
            Timers
              expires at 2026-03-01T13:00:00Z, in 27m
              people are yet to be told of version 2

            What you can do now
              gardefou findings approve zggogd45o46q3povm4argxb2vo                         have it taken back (not by who made the change)
              gardefou findings acknowledge zggogd45o46q3povm4argxb2vo --for 4h            take it over: nobody is called meanwhile
              gardefou findings waive zggogd45o46q3povm4argxb2vo --until 30d --reason '…'  let it stand
              gardefou findings close zggogd45o46q3povm4argxb2vo --reason '…'              nothing more is done about it
            exit Fine
        "#]],
    );
}

#[test]
fn a_finding_that_was_reverted_shows_what_was_taken_back_and_left_alone() {
    let world = World::allowing("revert");
    let record = world.happens(&opens(2, 22, &["0.0.0.0/0", "10.0.0.0/8"]));
    check(
        &world,
        &["show", record.finding.id.as_str()],
        &expect![[r#"
            finding zggogd45o46q3povm4argxb2vo  CRITICAL  REVERTED
            SSH opened to the internet

            where     sg-002 (ec2) in 111122223333, eu-west-3
            who       alice of account 111122223333
                      arn:aws:iam::111122223333:user/alice
                      with aws-cli/2.31
            when      2026-03-01T12:02:00Z, 28m ago
            found by  AuthorizeSecurityGroupIngress of ec2.amazonaws.com, event 00000000-0000-4000-8000-000000000002
            recorded  2026-03-01T12:30:00Z, judged by pack 12c6aaf8902e

            state     REVERTED, version 7
                      It was taken back and this is verified.
                      attempts: 1

            Rules
              ssh-open, critical, revert
                port 22 of sg-002 opened to 0.0.0.0/0 by alice
                instead  Use Session Manager.
            Taken back
              sgr-0020: tcp 22 from 0.0.0.0/0
            Left alone: added by the same change, and no rule names it
              sgr-0021: tcp 22 from 10.0.0.0/8
            Plan
              revoke sgr-0020 from sg-002
              before it: sgr-0020: tcp 22 from 0.0.0.0/0
              armed at 2026-03-01T12:30:00Z
              AWS says it did: sgr-0020
            Timers
              CloudTrail should have told of our own call by 2026-03-01T12:45:00Z, in 14m
              people are yet to be told of version 7

            What you can do now
              gardefou findings undo zggogd45o46q3povm4argxb2vo --until 30d --reason '…'  put back what was taken, and let it stand
            exit Fine
        "#]],
    );
    check(
        &world,
        &["timeline", record.finding.id.as_str()],
        &expect![[r#"
          1  2026-03-01T12:30:00Z  OPEN                                 AuthorizeSecurityGroupIngress 00000000-0000-4000-8000-000000000002
          2  2026-03-01T12:30:00Z  OPEN → QUEUED revert                 dispatch
          3  2026-03-01T12:30:00Z  QUEUED revert → REVERTING claimed    claimed by a worker
          4  2026-03-01T12:30:00Z  REVERTING claimed → REVERTING armed  pre-image stored
          5  2026-03-01T12:30:00Z  REVERTING armed → VERIFYING          AWS answered
          6  2026-03-01T12:30:10Z  VERIFYING → VERIFYING                read again: done
          7  2026-03-01T12:30:40Z  VERIFYING → REVERTED                 read again: done
        the chain holds
        exit Fine
    "#]],
    );
}

#[test]
fn what_is_only_told_names_the_commands_to_run_by_hand() {
    let world = World::allowing("notify");
    let record = world.happens(&opens(2, 22, &["0.0.0.0/0"]));
    check(
        &world,
        &["show", record.finding.id.as_str()],
        &expect![[r#"
        finding zggogd45o46q3povm4argxb2vo  CRITICAL  MANUAL told
        SSH opened to the internet

        where     sg-002 (ec2) in 111122223333, eu-west-3
        who       alice of account 111122223333
                  arn:aws:iam::111122223333:user/alice
                  with aws-cli/2.31
        when      2026-03-01T12:02:00Z, 28m ago
        found by  AuthorizeSecurityGroupIngress of ec2.amazonaws.com, event 00000000-0000-4000-8000-000000000002
        recorded  2026-03-01T12:30:00Z, judged by pack 12c6aaf8902e

        state     MANUAL told, version 2: nothing to take back automatically
                  Nothing was done: no more than telling is granted here.
                  Take it back by hand if it must not stand.

        Rules
          ssh-open, critical, notify (revert asked)
            port 22 of sg-002 opened to 0.0.0.0/0 by alice
            instead  Use Session Manager.
        Only told: no revert is granted for it
          sgr-0020: tcp 22 from 0.0.0.0/0
        By hand
          aws ec2 revoke-security-group-ingress --group-id sg-002 --security-group-rule-ids sgr-0020
        Timers
          due at 2026-03-01T12:45:00Z, in 15m
          people are yet to be told of version 2

        What you can do now
          gardefou findings acknowledge zggogd45o46q3povm4argxb2vo --for 4h            take it over: nobody is called meanwhile
          gardefou findings waive zggogd45o46q3povm4argxb2vo --until 30d --reason '…'  let it stand
          gardefou findings close zggogd45o46q3povm4argxb2vo --reason '…'              nothing more is done about it
        exit Fine
    "#]],
    );
}

#[test]
fn json_of_a_finding_has_what_the_page_has() {
    let world = World::allowing("approve");
    let record = world.happens(&opens(2, 22, &["0.0.0.0/0"]));
    let out = typed(&world, &["show", record.finding.id.as_str(), "--format", "json"]);
    let whole: serde_json::Value = serde_json::from_str(out.lines().next().unwrap()).unwrap();
    assert_eq!(whole["state"], "AWAITING approve");
    assert_eq!(whole["finding"]["resource"]["id"], "sg-002");
    assert_eq!(whole["possible"].as_array().unwrap().len(), 4);
}

#[test]
fn a_line_of_history_that_was_changed_is_marked() {
    let world = World::allowing("approve");
    let record = world.happens(&opens(2, 22, &["0.0.0.0/0"]));
    let key = Key::history(&record.finding.id, 2);
    let mut item = world.ledger.items()[&key].clone();
    item.insert("cause".to_owned(), Attr::S("nothing\u{1b}[2J to see".to_owned()));
    world.ledger.put(key, item);
    check(
        &world,
        &["timeline", record.finding.id.as_str()],
        &expect![[r#"
          1  2026-03-01T12:30:00Z  OPEN                     AuthorizeSecurityGroupIngress 00000000-0000-4000-8000-000000000002
          2  2026-03-01T12:30:00Z  OPEN → AWAITING approve  nothing\u{1b}[2J to see
          !  line 2 was altered
        THE CHAIN DOES NOT HOLD: this history is not what was written
        exit Found
    "#]],
    );
    check(
        &world,
        &["timeline", record.finding.id.as_str(), "--format", "json"],
        &expect![[r#"
        {"version":1,"time":"2026-03-01T12:30:00Z","from":"","to":"OPEN","cause":"AuthorizeSecurityGroupIngress 00000000-0000-4000-8000-000000000002","faults":[]}
        {"version":2,"time":"2026-03-01T12:30:00Z","from":"OPEN","to":"AWAITING approve","cause":"nothing\u001b[2J to see","faults":["line 2 was altered"]}
        exit Found
    "#]],
    );
}

#[test]
fn hostile_names_steer_no_terminal_anywhere() {
    let world = World::allowing("approve");
    let mut record = opens(2, 22, &["0.0.0.0/0"]);
    let hostile = "a\u{1b}[2J\u{202e}\nb";
    record["userIdentity"]["userName"] = hostile.into();
    record["userIdentity"]["arn"] = format!("arn:aws:iam::111122223333:user/{hostile}").into();
    record["userAgent"] = hostile.into();
    let id = world.happens(&record).finding.id;
    for args in [
        vec!["list"],
        vec!["show", id.as_str()],
        vec!["timeline", id.as_str()],
        vec!["show", id.as_str(), "--format", "json"],
        vec!["list", "--format", "json"],
    ] {
        let out = typed(&world, &args);
        let steers = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
        assert!(!out.contains(steers) && !out.contains("\nb"), "{out:?}");
        assert!(out.contains("exit Fine"), "{out}");
    }
}

#[test]
fn a_beginning_that_fits_two_findings_is_refused_and_an_open_one_comes_before_an_ended_one() {
    let world = World::allowing("approve");
    let record = world.happens(&opens(2, 22, &["0.0.0.0/0"]));
    let prefix = record.finding.id.as_str().get(..6).unwrap();
    let other = |end: &str| format!("F#{prefix}{end:a>20}");
    world.ledger.put(Key { pk: other("b"), sk: "S".to_owned() }, [].into());
    // It is in no lane of the work index: it has ended, as far as that tells.
    let found = now(world.office().resolve(&prefix.parse().unwrap())).unwrap();
    assert_eq!(found, record.finding.id);
    world.ledger.put(Key { pk: "F#zzzzzzaaaaaaaaaaaaaaaaaaaa".to_owned(), sk: "S".to_owned() }, [].into());
    world.ledger.put(Key { pk: "F#zzzzzzbaaaaaaaaaaaaaaaaaaa".to_owned(), sk: "S".to_owned() }, [].into());
    check(
        &world,
        &["show", "zzzzzz"],
        &expect![[r#"
        gardefou: `zzzzzz` begins 2 findings, zzzzzzaaaaaaaaaaaaaaaaaaaa and zzzzzzbaaaaaaaaaaaaaaaaaaa among them: give more of it
        exit Usage
    "#]],
    );
    check(
        &world,
        &["show", "yyyyyy"],
        &expect![[r#"
        gardefou: no finding begins with `yyyyyy`
        exit Found
    "#]],
    );
}
