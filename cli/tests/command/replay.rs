//! `gardefou replay` as people and scripts use it.
use crate::stage::{Stage, envelope, gzip, record};
use expect_test::{Expect, expect};
use serde_json::{Value, json};

fn check(stage: &Stage, args: &[&str], expected: &Expect) {
    expected.assert_eq(&stage.run(&[&["replay"], args].concat()).to_string());
}

/// The records that were judged, by their numbers.
fn judged(ran: &crate::stage::Ran) -> Vec<String> {
    let id = |line: &str| {
        serde_json::from_str::<Value>(line)
            .unwrap()
            .pointer("/event_id")
            .and_then(Value::as_str)
            .unwrap()
            .split_at(34)
            .1
            .to_owned()
    };
    ran.out.lines().map(id).collect()
}

#[test]
fn json_has_one_object_a_line_for_each_rule_that_a_change_violates() {
    let stage = Stage::new("replay-json");
    stage.write("one.json", record(1, 22, "0.0.0.0/0").to_string());
    let mut both = record(2, 443, "0.0.0.0/0");
    both["responseElements"]["securityGroupRuleSet"]["items"][0]["fromPort"] = json!(0);
    stage.write("two.json", both.to_string());
    check(
        &stage,
        &["--format", "json", "one.json", "two.json"],
        &expect![[r#"
        {"event_id":"00000000-0000-4000-8000-000000000001","rule":"ssh-open","severity":"critical","action":"revert","resource":"sg-0123","account":"111122223333","region":"eu-west-3","time":"2026-03-01T12:00:01Z","actor":"alice","message":"port 22 of sg-0123 opened to 0.0.0.0/0 by alice","verdict":"violation","event":"AuthorizeSecurityGroupIngress","file":"one.json","record":1}
        {"event_id":"00000000-0000-4000-8000-000000000002","rule":"ssh-open","severity":"critical","action":"revert","resource":"sg-0123","account":"111122223333","region":"eu-west-3","time":"2026-03-01T12:00:02Z","actor":"alice","message":"port 22 of sg-0123 opened to 0.0.0.0/0 by alice","verdict":"violation","event":"AuthorizeSecurityGroupIngress","file":"two.json","record":1}
        {"event_id":"00000000-0000-4000-8000-000000000002","rule":"web-open","severity":"low","action":"notify","resource":"sg-0123","account":"111122223333","region":"eu-west-3","time":"2026-03-01T12:00:02Z","actor":"alice","message":"port 443 of sg-0123 opened by alice","verdict":"violation","event":"AuthorizeSecurityGroupIngress","file":"two.json","record":1}
        exit 0
    "#]],
    );
}

#[test]
fn text_is_a_table_and_a_sum() {
    let stage = Stage::new("replay-text");
    let records = json!({"Records": [record(1, 22, "0.0.0.0/0"), record(2, 22, "10.0.0.0/8"), record(3, 443, "0.0.0.0/0")]});
    stage.write("trail.json", records.to_string());
    check(
        &stage,
        &["trail.json"],
        &expect![[r#"
             severity  rule      resource  account       region     time                  actor  action  message
             critical  ssh-open  sg-0123   111122223333  eu-west-3  2026-03-01T12:00:01Z  alice  revert  port 22 of sg-0123 opened to 0.0.0.0/0 by alice
             low       web-open  sg-0123   111122223333  eu-west-3  2026-03-01T12:00:03Z  alice  notify  port 443 of sg-0123 opened by alice
            records: 3, not understood: 0, judged: 3, violations: 2, undecided: 0
            exit 0
        "#]],
    );
}

#[test]
fn a_view_that_cannot_be_read_is_undecided_with_its_reason() {
    let stage = Stage::new("replay-undecided");
    let mut odd = record(1, 22, "0.0.0.0/0");
    odd["responseElements"] = Value::Null;
    odd["requestParameters"] = json!({"omitted": true, "reason": "requestParameters too large"});
    stage.write("odd.json", odd.to_string());
    check(
        &stage,
        &["--format", "json", "odd.json"],
        &expect![[r#"
        {"event_id":"00000000-0000-4000-8000-000000000001","rule":"ssh-open","severity":"critical","action":"revert","resource":"ec2.amazonaws.com","account":"111122223333","region":"eu-west-3","time":"2026-03-01T12:00:01Z","actor":"alice","message":"SSH opened to the internet","verdict":"undecided","reason":"requestParameters: CloudTrail left it out because it is oversized","event":"AuthorizeSecurityGroupIngress","file":"odd.json","record":1}
        {"event_id":"00000000-0000-4000-8000-000000000001","rule":"web-open","severity":"low","action":"notify","resource":"ec2.amazonaws.com","account":"111122223333","region":"eu-west-3","time":"2026-03-01T12:00:01Z","actor":"alice","message":"Web opened to the internet","verdict":"undecided","reason":"requestParameters: CloudTrail left it out because it is oversized","event":"AuthorizeSecurityGroupIngress","file":"odd.json","record":1}
        exit 0
    "#]],
    );
    check(
        &stage,
        &["odd.json"],
        &expect![[r#"
             severity  rule      resource           account       region     time                  actor  action     message
             critical  ssh-open  ec2.amazonaws.com  111122223333  eu-west-3  2026-03-01T12:00:01Z  alice  undecided  SSH opened to the internet: requestParameters: CloudTrail left it out because it is oversized
             low       web-open  ec2.amazonaws.com  111122223333  eu-west-3  2026-03-01T12:00:01Z  alice  undecided  Web opened to the internet: requestParameters: CloudTrail left it out because it is oversized
            records: 1, not understood: 0, judged: 1, violations: 0, undecided: 2
            exit 0
        "#]],
    );
}

#[test]
fn every_shape_of_input_is_read_plain_and_gzipped() {
    let stage = Stage::new("replay-shapes");
    let world = |n| record(n, 22, "0.0.0.0/0");
    let shapes = [
        ("record", format!("{:#}", world(1))),
        ("envelope", envelope(&world(2)).to_string()),
        ("records", json!({"Records": [world(3), world(4)]}).to_string()),
        ("lines-of-records", format!("{}\n{}\n", world(5), world(6))),
        ("lines-of-envelopes", format!("{}\r\n\n{}", envelope(&world(7)), envelope(&world(8)))),
    ];
    for (name, text) in &shapes {
        stage.write(&format!("plain/{name}.json"), text);
        stage.write(&format!("gzipped/{name}.gz"), gzip(text.as_bytes()));
        stage.write(&format!("misnamed/{name}.json"), gzip(text.as_bytes()));
    }
    for folder in ["plain", "gzipped", "misnamed"] {
        let mut seen = judged(&stage.run(&["replay", "--format", "json", folder]));
        seen.sort();
        assert_eq!(seen, ["01", "02", "03", "04", "05", "06", "07", "08"], "{folder}");
    }
}

#[test]
fn standard_input_is_read_plain_and_gzipped() {
    let stage = Stage::new("replay-stdin");
    let text = format!("{}\n{}\n", record(1, 22, "0.0.0.0/0"), record(2, 22, "10.0.0.0/8"));
    for bytes in [text.as_bytes().to_vec(), gzip(text.as_bytes())] {
        let ran = stage.run_with(&["replay", "--format", "json", "-"], &bytes);
        assert_eq!((ran.code, judged(&ran)), (Some(0), vec!["01".to_owned()]), "{ran}");
    }
}

#[test]
fn folders_are_read_to_the_bottom_in_the_order_of_names() {
    let stage = Stage::new("replay-folders");
    let text = |n| record(n, 22, "0.0.0.0/0").to_string();
    stage.write("logs/2026/03/02/b.json", text(3));
    stage.write("logs/2026/03/01/a.json", text(2));
    stage.write("logs/z.json", text(1));
    stage.write("logs/.hidden", "not read");
    stage.write("logs/CloudTrail-Digest/2026/digest.json", "not read");
    let ran = stage.run(&["replay", "--format", "json", "logs"]);
    assert_eq!((ran.code, judged(&ran)), (Some(0), ["01", "02", "03"].map(str::to_owned).to_vec()), "{ran}");
}

#[test]
fn records_are_chosen_by_time_account_and_region() {
    let stage = Stage::new("replay-chosen");
    let mut elsewhere = record(3, 22, "0.0.0.0/0");
    elsewhere["recipientAccountId"] = json!("444455556666");
    elsewhere["awsRegion"] = json!("us-east-1");
    let lines = format!("{}\n{}\n{elsewhere}\n", record(1, 22, "0.0.0.0/0"), record(2, 22, "0.0.0.0/0"));
    stage.write("trail.ndjson", lines);
    for (chosen, expected) in [
        (vec![], vec!["01", "02", "03"]),
        (vec!["--from", "2026-03-01T12:00:02Z"], vec!["02", "03"]),
        (vec!["--to", "2026-03-01T12:00:02Z"], vec!["01"]),
        (vec!["--from", "2026-03-01", "--to", "2026-03-02"], vec!["01", "02", "03"]),
        (vec!["--from", "2026-03-02"], vec![]),
        (vec!["--account", "444455556666"], vec!["03"]),
        (vec!["--region", "eu-west-3"], vec!["01", "02"]),
    ] {
        let ran = stage.run(&[vec!["replay", "--format", "json", "trail.ndjson"], chosen.clone()].concat());
        assert_eq!(judged(&ran), expected, "{chosen:?}: {ran}");
    }
}

#[test]
fn calls_that_changed_nothing_are_quiet() {
    let stage = Stage::new("replay-quiet");
    let with = |key: &str, value: Value| {
        let mut record = record(1, 22, "0.0.0.0/0");
        record[key] = value;
        record.to_string()
    };
    stage.write("failed.json", with("errorCode", json!("Client.UnauthorizedOperation")));
    stage.write("dry-run.json", with("errorCode", json!("Client.DryRunOperation")));
    stage.write("read-only.json", with("readOnly", json!(true)));
    check(
        &stage,
        &["--format", "json", "--fail-on", "low", "failed.json", "dry-run.json", "read-only.json"],
        &expect!["exit 0\n"],
    );
}

#[test]
fn the_action_is_what_is_asked_or_what_is_granted() {
    let stage = Stage::new("replay-action");
    stage.write("event.json", record(1, 22, "0.0.0.0/0").to_string());
    let mut role = record(2, 22, "0.0.0.0/0");
    role["userIdentity"] = json!({"type": "AssumedRole", "arn": "arn:aws:sts::111122223333:assumed-role/fire/bob",
        "accountId": "111122223333", "principalId": "AROAEXAMPLE:bob", "sessionContext": {"sessionIssuer":
        {"type": "Role", "arn": "arn:aws:iam::111122223333:role/fire", "userName": "fire"}}});
    stage.write("fire.json", role.to_string());
    stage.write("observe.yaml", "mode: observe\n");
    stage.write("one.yaml", "accounts: {'111122223333': approve}\n");
    stage.write("glass.yaml", "mode: revert\nbreak_glass: ['arn:aws:iam::111122223333:role/fire']\n");
    for (config, event, expected) in [
        (None, "event.json", "revert"),
        (Some("observe.yaml"), "event.json", "observe"),
        (Some("one.yaml"), "event.json", "approve"),
        (Some("glass.yaml"), "event.json", "revert"),
        (Some("glass.yaml"), "fire.json", "notify"),
    ] {
        let mut args = vec!["replay", "--format", "json", event];
        args.extend(config.iter().flat_map(|config| ["--config", config]));
        let ran = stage.run(&args);
        let row: Value = serde_json::from_str(&ran.out).unwrap();
        assert_eq!(row["action"], expected, "{config:?} {event}");
    }
}

#[test]
fn the_exit_status_says_what_was_found() {
    let stage = Stage::new("replay-exit");
    stage.write("low.json", record(1, 443, "0.0.0.0/0").to_string());
    stage.write("critical.json", record(2, 22, "0.0.0.0/0").to_string());
    stage.write("bad.json", "{");
    stage.write(
        "unasked.json",
        r#"{"eventSource": "s3.amazonaws.com", "eventName": "PutObject", "eventTime": 12}"#,
    );
    stage.write("config.yaml", "mod: revert\n");
    stage.write("empty/readme.md", "");
    for (args, expected) in [
        ("low.json critical.json", 0),
        ("--fail-on critical low.json", 0),
        ("--fail-on low low.json", 1),
        ("--fail-on high low.json critical.json", 1),
        ("--fail-on critical bad.json critical.json", 3),
        ("absent.json", 3),
        ("unasked.json", 0),
        ("--strict unasked.json", 3),
        ("", 2),
        ("--format sarif low.json", 2),
        ("--format junit low.json", 2),
        ("--fail-on dreadful low.json", 2),
        ("--from yesterday low.json", 2),
        ("--account 12 low.json", 2),
        ("--config config.yaml low.json", 2),
        ("--config absent.yaml low.json", 2),
        ("--rules absent low.json", 2),
        ("--rules empty low.json", 2),
        ("s3://bucket/logs", 2),
    ] {
        let ran = stage.run(&[vec!["replay"], args.split_whitespace().collect()].concat());
        assert_eq!(ran.code, Some(expected), "{args}: {ran}");
        assert_eq!(ran.err.is_empty(), expected < 2, "{args}: {ran}");
    }
}

#[test]
fn a_rule_that_is_not_sound_is_reported_and_the_others_judge() {
    let stage = Stage::new("replay-rules");
    stage.write("rules/network/odd/rule.yaml", "id: odd\ntitel: A typing error\n");
    stage.write("event.json", record(1, 22, "0.0.0.0/0").to_string());
    let ran = stage.run(&["replay", "--format", "json", "event.json"]);
    assert_eq!((ran.code, judged(&ran)), (Some(3), vec!["01".to_owned()]), "{ran}");
    assert!(ran.err.contains("the rule is left out: rules/network/odd/rule.yaml:2:1: "), "{ran}");
}

#[test]
fn without_a_folder_the_rules_built_into_the_command_are_used() {
    let stage = Stage::new("replay-built-in");
    std::fs::remove_dir_all(stage.dir.join("rules")).unwrap();
    stage.write("event.json", record(1, 22, "0.0.0.0/0").to_string());
    let ran = stage.run(&["replay", "--format", "json", "event.json"]);
    assert!(ran.out.contains(r#""rule":"ec2-sg-ssh-open""#), "{ran}");
}

#[test]
fn an_output_that_is_closed_early_is_no_fault() {
    let stage = Stage::new("replay-pipe");
    let lines = format!("{}\n", record(1, 22, "0.0.0.0/0")).repeat(20_000);
    stage.write("trail.ndjson", lines);
    let mut child = stage.command(&["replay", "--format", "json", "trail.ndjson"]).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), String::from_utf8(output.stderr).unwrap()), (Some(0), String::new()));
}
