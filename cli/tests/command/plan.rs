//! `gardefou explain` and `plan`.
use crate::stage::{Stage, modified, record};
use expect_test::{Expect, expect};
use serde_json::{Value, json};

fn check(stage: &Stage, args: &[&str], expected: &Expect) {
    expected.assert_eq(&stage.run(args).to_string());
}

/// One call that opens 22 to the world, to one network and to a prefix list.
fn mixed() -> Value {
    let mut record = record(1, 22, "0.0.0.0/0");
    let items = &mut record["responseElements"]["securityGroupRuleSet"]["items"];
    let mut network = items[0].clone();
    network["securityGroupRuleId"] = json!("sgr-0b01");
    network["cidrIpv4"] = json!("10.0.0.0/8");
    network["description"] = json!("office");
    let mut list = items[0].clone();
    list["securityGroupRuleId"] = json!("sgr-0c01");
    list["prefixListId"] = json!("pl-0a1b");
    list.as_object_mut().map(|list| list.remove("cidrIpv4"));
    *items = json!([items[0], network, list]);
    record
}

#[test]
fn explain_shows_views_verdicts_reasons_and_what_would_be_done() {
    let stage = Stage::new("explain");
    stage.write("mixed.json", mixed().to_string());
    check(
        &stage,
        &["explain", "mixed.json"],
        &expect![[r#"
            event    AuthorizeSecurityGroupIngress of ec2.amazonaws.com, 00000000-0000-4000-8000-000000000001
            time     2026-03-01T12:00:01Z
            where    sg-0123 in 111122223333, eu-west-3
            who      alice, from 203.0.113.40
            outcome  done
            openings
              sgr-0a01: tcp 22 from 0.0.0.0/0
              sgr-0b01: tcp 22 from 10.0.0.0/8 (office)
              sgr-0c01: tcp 22 from pl-0a1b
            rules, pack e5d756c4179e
              ssh-open, critical, revert: violated
                port 22 of sg-0123 opened to 0.0.0.0/0 by alice
                culprit  sgr-0a01: tcp 22 from 0.0.0.0/0
                why      One weak key is enough.
                instead  Use Session Manager.
              web-open: quiet
            would be done, if what the event added stands
            security-group-rules, revert, for ssh-open
              revoke sgr-0a01 from sg-0123
              takes back sgr-0a01: tcp 22 from 0.0.0.0/0
            left alone
              sgr-0b01: tcp 22 from 10.0.0.0/8 (office)
              sgr-0c01: tcp 22 from pl-0a1b
            exit 0
        "#]],
    );
    stage.write(
        "observe.yaml",
        "mode: revert\nunits: {production: {accounts: ['111122223333'], mode: notify}}\nwaivers:\n  - {id: move, \
         rule: ssh-open, owner: lea, reason: moves in March, from: 2026-02-01, until: 2026-04-01}\n",
    );
    check(
        &stage,
        &["explain", "--config", "observe.yaml", "mixed.json"],
        &expect![[r#"
            event    AuthorizeSecurityGroupIngress of ec2.amazonaws.com, 00000000-0000-4000-8000-000000000001
            time     2026-03-01T12:00:01Z
            where    sg-0123 in 111122223333, eu-west-3
            who      alice, from 203.0.113.40
            outcome  done
            allowed  notify (every account: revert, unit production: notify)
            openings
              sgr-0a01: tcp 22 from 0.0.0.0/0
              sgr-0b01: tcp 22 from 10.0.0.0/8 (office)
              sgr-0c01: tcp 22 from pl-0a1b
            rules, pack e5d756c4179e
              ssh-open, critical, notify (revert asked): violated
                port 22 of sg-0123 opened to 0.0.0.0/0 by alice
                culprit  sgr-0a01: tcp 22 from 0.0.0.0/0
                why      One weak key is enough.
                instead  Use Session Manager.
                waived   by move of lea, until 2026-04-01T00:00:00Z
              web-open: quiet
            would be done, if what the event added stands
              nothing is taken back
            left alone
              sgr-0b01: tcp 22 from 10.0.0.0/8 (office)
              sgr-0c01: tcp 22 from pl-0a1b
            exit 0
        "#]],
    );
}

#[test]
fn explain_says_why_no_rule_asks() {
    let stage = Stage::new("explain-quiet");
    let mut failed = record(1, 22, "0.0.0.0/0");
    failed["errorCode"] = json!("Client.UnauthorizedOperation");
    let mut other = record(2, 22, "0.0.0.0/0");
    other["eventName"] = json!("RunInstances");
    stage.write("events.ndjson", format!("{failed}\n{other}\n"));
    check(
        &stage,
        &["explain", "events.ndjson"],
        &expect![[r#"
            event    AuthorizeSecurityGroupIngress of ec2.amazonaws.com, 00000000-0000-4000-8000-000000000001
            time     2026-03-01T12:00:01Z
            where    sg-0123 in 111122223333, eu-west-3
            who      alice, from 203.0.113.40
            outcome  failed: Client.UnauthorizedOperation
            openings
              sgr-0a01: tcp 22 from 0.0.0.0/0
            rules, pack e5d756c4179e
              none asks for a call that failed

            event    RunInstances of ec2.amazonaws.com, 00000000-0000-4000-8000-000000000002
            time     2026-03-01T12:00:02Z
            where    sg-0123 in 111122223333, eu-west-3
            who      alice, from 203.0.113.40
            outcome  done
            rules, pack e5d756c4179e
              none asks for this call
            exit 0
        "#]],
    );
}

#[test]
fn plan_names_exactly_the_culprits() {
    let stage = Stage::new("plan");
    stage.write("mixed.json", mixed().to_string());
    check(
        &stage,
        &["plan", "mixed.json"],
        &expect![[r#"
        assuming that what the event added stands, and nothing else is known of the resource
        security-group-rules, revert, for ssh-open
          revoke sgr-0a01 from sg-0123
          takes back sgr-0a01: tcp 22 from 0.0.0.0/0
        exit 0
    "#]],
    );
    stage.write("observe.yaml", "mode: notify\n");
    check(
        &stage,
        &["plan", "--config", "observe.yaml", "mixed.json"],
        &expect![[r#"
        nothing: the violated rules are not granted a revert, or have none
        exit 0
    "#]],
    );
    stage.write("quiet.json", record(2, 22, "10.0.0.0/8").to_string());
    check(
        &stage,
        &["plan", "quiet.json"],
        &expect![[r#"
        nothing: no rule is violated
        exit 0
    "#]],
    );
    stage.write("protected.yaml", "mode: revert\nprotected: [sg-0123]\n");
    check(
        &stage,
        &["plan", "--config", "protected.yaml", "mixed.json"],
        &expect![[r#"
        assuming that what the event added stands, and nothing else is known of the resource
        security-group-rules, revert, for ssh-open
          nothing: protected by gardefou.yaml
        exit 0
    "#]],
    );
}

#[test]
fn plan_refuses_what_is_not_exact_and_says_what_a_person_can_do() {
    let stage = Stage::new("plan-refusals");
    stage.write("modified.json", modified().to_string());
    check(
        &stage,
        &["plan", "modified.json"],
        &expect![[r#"
        assuming that what the event added stands, and nothing else is known of the resource
        security-group-rules, revert, for ssh-open
          nothing: the inverse is not known exactly: sgr-0a01: what it held before is not known
          by hand: aws ec2 revoke-security-group-ingress --group-id sg-0123 --security-group-rule-ids sgr-0a01
          by hand: or put back what they held: aws ec2 modify-security-group-rules --group-id sg-0123
        exit 0
    "#]],
    );
    let mut nameless = record(1, 22, "0.0.0.0/0");
    nameless["responseElements"] = json!({"_return": true});
    stage.write("nameless.json", nameless.to_string());
    check(
        &stage,
        &["plan", "nameless.json"],
        &expect![[r#"
        assuming that what the event added stands, and nothing else is known of the resource
        security-group-rules, revert, for ssh-open
          nothing: AWS did not name what was added
          by hand: aws ec2 describe-security-group-rules --filters Name=group-id,Values=sg-0123
        exit 0
    "#]],
    );
}

#[test]
fn plan_with_a_state_judges_and_plans_on_what_stands() {
    let stage = Stage::new("plan-state");
    stage.write("mixed.json", mixed().to_string());
    stage.write("list.json", {
        let mut record = mixed();
        let items = &mut record["responseElements"]["securityGroupRuleSet"]["items"];
        *items = json!([items[2]]);
        record.to_string()
    });
    stage.write(
        "world.yaml",
        "group: sg-0123\nlines:\n- {rule: sgr-0c01, direction: ingress, traffic: {tcp: [22, 22]}, source: {prefix-list: pl-0a1b}}\n\
         prefix_lists: {pl-0a1b: [0.0.0.0/0]}\n",
    );
    stage.write("narrow.yaml", "group: sg-0123\nprefix_lists: {pl-0a1b: [192.0.2.0/24]}\n");
    stage.write("gone.json", "\"gone\"");
    stage.write(
        "protected.json",
        json!({"security-group": {"group": "sg-0123", "tags": {"gardefou:protect": "bastion"}, "lines": [
            {"rule": "sgr-0a01", "direction": "ingress", "traffic": {"tcp": [22, 22]}, "source": {"net": "0.0.0.0/0"}}
        ]}})
        .to_string(),
    );
    check(
        &stage,
        &["plan", "--state", "world.yaml", "list.json"],
        &expect![[r#"
        security-group-rules, revert, for ssh-open
          revoke sgr-0c01 from sg-0123
          takes back sgr-0c01: tcp 22 from pl-0a1b
        exit 0
    "#]],
    );
    check(
        &stage,
        &["plan", "--state", "narrow.yaml", "list.json"],
        &expect![[r#"
        nothing: no rule is violated
        exit 0
    "#]],
    );
    check(
        &stage,
        &["plan", "--state", "gone.json", "mixed.json"],
        &expect![[r#"
        security-group-rules, revert, for ssh-open
          nothing: what the change added stands no more
        exit 0
    "#]],
    );
    check(
        &stage,
        &["plan", "--state", "protected.json", "mixed.json"],
        &expect![[r#"
        security-group-rules, revert, for ssh-open
          nothing: protected by tag gardefou:protect=bastion
        exit 0
    "#]],
    );
}

#[test]
fn what_cannot_be_read_is_said() {
    let stage = Stage::new("plan-unread");
    stage.write("event.json", mixed().to_string());
    stage.write("bad.json", "{");
    stage.write("state.yaml", "lines: 3\n");
    for (args, code) in [
        (vec!["plan", "absent.json"], 3),
        (vec!["explain", "bad.json"], 3),
        (vec!["plan", "--state", "absent.yaml", "event.json"], 2),
        (vec!["plan", "--state", "state.yaml", "event.json"], 2),
        (vec!["plan", "--state", "bad.json", "event.json"], 2),
        (vec!["explain", "--rules", "absent", "event.json"], 2),
        (vec!["plan"], 2),
        (vec!["undo"], 2),
    ] {
        let ran = stage.run(&args);
        assert_eq!((ran.code, ran.err.is_empty()), (Some(code), false), "{args:?}: {ran}");
    }
}
