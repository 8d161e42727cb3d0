//! `gardefou new rule`, and packs of one's own.

use crate::stage::{Stage, record};
use expect_test::{Expect, expect};

fn check(stage: &Stage, args: &[&str], expected: &Expect) {
    expected.assert_eq(&stage.run(args).to_string());
}

/// A stage without the rules that every stage begins with.
fn empty(name: &str) -> Stage {
    let stage = Stage::new(name);
    std::fs::remove_dir_all(stage.dir.join("rules")).unwrap();
    std::fs::create_dir(stage.dir.join("events")).unwrap();
    stage
}

#[test]
fn a_new_rule_passes_check_at_once() {
    let stage = empty("new");
    check(
        &stage,
        &["new", "rule", "sns-topic-public", "--pack", "data"],
        &expect![[r#"
        rules/data/sns-topic-public/rule.yaml
        rules/data/sns-topic-public/cases.yaml
        events/ec2/AuthorizeSecurityGroupIngress/sns-topic-public.json
        now make it yours, and: gardefou check --rules rules
        exit 0
    "#]],
    );
    check(
        &stage,
        &["check"],
        &expect![[r#"
        rules: 1, cases: 4, problems: 0
        exit 0
    "#]],
    );
    check(
        &stage,
        &["new", "rule", "second", "--rules", "rules"],
        &expect![[r#"
        rules/own/second/rule.yaml
        rules/own/second/cases.yaml
        events/ec2/AuthorizeSecurityGroupIngress/second.json
        now make it yours, and: gardefou check --rules rules
        exit 0
    "#]],
    );
    check(
        &stage,
        &["check"],
        &expect![[r#"
        rules: 2, cases: 8, problems: 0
        exit 0
    "#]],
    );
}

#[test]
fn a_rule_that_is_there_is_not_touched() {
    let stage = Stage::new("new-there");
    let before = std::fs::read(stage.dir.join("rules/network/ssh-open/rule.yaml")).unwrap();
    check(
        &stage,
        &["new", "rule", "ssh-open", "--pack", "network"],
        &expect![[r#"
        ! gardefou: there is a `rules/network/ssh-open` already
        exit 2
    "#]],
    );
    assert_eq!(before, std::fs::read(stage.dir.join("rules/network/ssh-open/rule.yaml")).unwrap());
    for args in [["new", "rule", "Not A Name", "--pack=own"], ["new", "rule", "name", "--pack=../own"]] {
        assert_eq!(stage.run(&args).code, Some(2));
    }
}

#[test]
fn a_pack_of_one_s_own_stands_beside_the_shipped_one() {
    let stage = Stage::new("packs");
    std::fs::create_dir_all(stage.dir.join("company/events")).unwrap();
    assert_eq!(stage.run(&["new", "rule", "ours", "--rules", "company/rules"]).code, Some(0));
    stage.write("events.json", record(1, 22, "0.0.0.0/0").to_string());
    stage.write(
        "company/gardefou.yaml",
        "packs: [rules]\nmode: revert\nrules:\n  ssh-open: {mode: notify, severity: high, because: we have a bastion}\n",
    );
    check(
        &stage,
        &["replay", "--config", "company/gardefou.yaml", "events.json"],
        &expect![[r#"
         severity  rule      resource  account       region     time                  actor  action  message
         high      ssh-open  sg-0123   111122223333  eu-west-3  2026-03-01T12:00:01Z  alice  notify  port 22 of sg-0123 opened to 0.0.0.0/0 by alice
        records: 1, not understood: 0, judged: 1, violations: 1, undecided: 0
        exit 0
    "#]],
    );
    let ran = stage.run(&["check", "--config", "company/gardefou.yaml", "--events", "company/events"]);
    assert!(
        ran.out.contains("note: `ssh-open`: mode lowered from revert to notify: we have a bastion"),
        "{ran}"
    );
    assert!(ran.out.contains("rules: 3,"), "{ran}");
    let ran =
        stage.run(&["check", "--rules", "rules", "--rules", "company/rules", "--events", "company/events"]);
    assert!(ran.out.contains("rules: 3,"), "{ran}");
}

#[test]
fn what_is_said_of_a_rule_that_there_is_not_is_a_problem_of_the_configuration() {
    let stage = Stage::new("overrides");
    stage.write("none.json", "");
    stage.write("own.yaml", "rules: {shh-open: {off: true, because: a typing error}}\n");
    check(
        &stage,
        &["replay", "--config", "own.yaml", "none.json"],
        &expect![[r#"
        records: 0, not understood: 0, judged: 0, violations: 0, undecided: 0
        ! gardefou: own.yaml:1:19: there is no rule `shh-open`
        exit 3
    "#]],
    );
}

#[test]
fn a_burst_is_told_once_in_a_replay() {
    let stage = empty("burst");
    let rule = "id: burst\ntitle: Many openings\nseverity: low\nmode: notify\nkind: change\nwhat: a\nwhy: b\n\
        instead: c\nmisses: d\nevents: any\nonly: {eventName: [AuthorizeSecurityGroupIngress]}\nwhen: 'true'\n\
        message: m\ncount: {by: actor, within: 10m, atLeast: 3}\n";
    stage.write("rules/own/burst/rule.yaml", rule);
    let records: Vec<String> = (1..=5).map(|n| record(n, 443, "0.0.0.0/0").to_string()).collect();
    stage.write("trail.ndjson", records.join("\n"));
    check(
        &stage,
        &["replay", "trail.ndjson"],
        &expect![[r#"
         severity  rule   resource  account       region     time                  actor  action  message
         low       burst  sg-0123   111122223333  eu-west-3  2026-03-01T12:00:03Z  alice  notify  m
        records: 5, not understood: 0, judged: 5, violations: 1, undecided: 0
        exit 0
    "#]],
    );
    stage.write("one.json", record(1, 443, "0.0.0.0/0").to_string());
    let ran = stage.run(&["explain", "one.json"]);
    assert!(ran.out.contains("burst, low: counted, 3 within 600 s by one actor: `replay` tells"), "{ran}");
    stage.write("events/one.json", record(1, 443, "0.0.0.0/0").to_string());
    check(
        &stage,
        &["check"],
        &expect![[r#"
            rules/own/burst/rule.yaml:1:5: the rule has no `cases.yaml`
            rules: 1, cases: 0, problems: 1
            exit 1
        "#]],
    );
}
