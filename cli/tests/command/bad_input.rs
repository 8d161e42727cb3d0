//! Bad records are named and stop nothing: the good ones beside them are judged.
use crate::stage::{Stage, gzip, record};
use expect_test::{Expect, expect};
use serde_json::{Value, json};

fn good(n: u8) -> String {
    record(n, 22, "0.0.0.0/0").to_string()
}

/// A bad record as a line between two good ones, and as an element of `Records`: both good ones are judged, and
/// what is said of the bad one is this.
fn check(name: &str, bad: &str, expected: &Expect) {
    let stage = Stage::new(&format!("bad-{name}"));
    stage.write("lines.ndjson", format!("{}\n{bad}\n{}\n", good(1), good(3)));
    stage.write("trail.json", format!(r#"{{"Records":[{},{bad},{}]}}"#, good(1), good(3)));
    let lines = stage.run(&["replay", "--format", "json", "--strict", "lines.ndjson"]);
    let records = stage.run(&["replay", "--format", "json", "--strict", "trail.json"]);
    for ran in [&lines, &records] {
        let of = |n: u8| ran.out.contains(&format!("000000000{n:03}"));
        assert!(of(1) && of(3), "the good records are judged: {ran}");
    }
    expected.assert_eq(&format!("{}exit {:?}\n", lines.err, lines.code.unwrap()));
    assert_eq!(records.err.replace("trail.json", "lines.ndjson"), lines.err);
}

fn with(path: &str, value: Value) -> String {
    let mut record = record(2, 22, "0.0.0.0/0");
    *record.pointer_mut(path).unwrap() = value;
    record.to_string()
}

#[test]
fn wrong_types() {
    check(
        "time",
        &with("/eventTime", json!(12)),
        &expect![[r#"
        gardefou: lines.ndjson: record 2: eventTime: expected a text, found a number
        exit 3
    "#]],
    );
    check(
        "identity",
        &with("/userIdentity", json!("alice")),
        &expect![[r#"
        exit 0
    "#]],
    );
    check(
        "account",
        &with("/recipientAccountId", json!("12")),
        &expect![[r#"
        gardefou: lines.ndjson: record 2: recipientAccountId: malformed account id `12`
        exit 3
    "#]],
    );
    check(
        "nothing",
        "{}",
        &expect![[r#"
        gardefou: lines.ndjson: record 2: eventTime: expected a text, found nothing
        exit 3
    "#]],
    );
    check(
        "request",
        &with("/requestParameters", json!("sg-0123")),
        &expect![[r#"
        exit 0
    "#]],
    );
}

#[test]
fn an_event_version_that_is_not_known() {
    check(
        "version",
        &with("/eventVersion", json!("2.0")),
        &expect![[r#"
        gardefou: lines.ndjson: record 2: eventVersion: version `2.0` is not one that is understood
        exit 3
    "#]],
    );
}

#[test]
fn a_key_that_is_there_twice() {
    let twice = good(2).replacen("\"awsRegion\"", "\"awsRegion\":\"us-east-1\",\"awsRegion\"", 1);
    check(
        "twice",
        &twice,
        &expect![[r#"
        gardefou: lines.ndjson: record 2: top level: the key `awsRegion` is there twice
        exit 3
    "#]],
    );
    let deep = good(2).replacen("\"groupId\"", "\"groupId\":\"sg-0999\",\"groupId\"", 1);
    check(
        "twice-deep",
        &deep,
        &expect![[r#"
        gardefou: lines.ndjson: record 2: requestParameters: the key `groupId` is there twice
        exit 3
    "#]],
    );
}

#[test]
fn nesting_of_ten_thousand_levels() {
    let deep = format!("{}1{}", "[".repeat(10_000), "]".repeat(10_000));
    let record =
        good(2).replacen("\"requestParameters\":{", &format!("\"requestParameters\":{{\"deep\":{deep},"), 1);
    check(
        "deep",
        &record,
        &expect![[r#"
        gardefou: lines.ndjson: record 2: top level: nested deeper than 128 levels
        exit 3
    "#]],
    );
}

#[test]
fn text_from_an_event_cannot_steer_the_terminal() {
    let stage = Stage::new("bad-steering");
    let evil = "\u{1b}[2J\u{202e}eve\u{9b}31m\nroot";
    let mut record = record(1, 22, "0.0.0.0/0");
    record["userIdentity"]["userName"] = json!(evil);
    record["userIdentity"]["arn"] = json!(format!("arn:aws:iam::111122223333:user/{evil}"));
    stage.write("evil.json", record.to_string());
    record["eventTime"] = json!(evil);
    stage.write("worse.json", record.to_string());
    for args in [
        vec!["replay", "evil.json", "worse.json"],
        vec!["replay", "--format", "json", "evil.json", "worse.json"],
        vec!["explain", "evil.json"],
        vec!["plan", "evil.json"],
        vec!["plan", "worse.json"],
    ] {
        let ran = stage.run(&args);
        let steers = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
        assert!(
            !format!("{}{}", ran.out, ran.err).contains(steers),
            "{args:?}: {ran:?}",
            ran = ran.to_string()
        );
    }
}

#[test]
fn malformed_json() {
    let stage = Stage::new("bad-json");
    stage.write(
        "lines.ndjson",
        format!("{}\n{{\"eventVersion\": \"1.11\",,}}\nnot json\n{}\n", good(1), good(3)),
    );
    stage.write("trail.json", format!("{{\"Records\":[{},{{\"a\":}},{}]}}", good(1), good(3)));
    stage.write("cut.json", format!("{{\"Records\":[{},{}", good(1), good(3).split_at(300).0));
    stage.write("other.json", r#"{"some": "thing"}"#);
    stage.write("page.html", "<!doctype html>");
    stage.write("binary.bin", [0u8, 159, 146, 150]);
    let ran = stage.run(&[
        "replay",
        "--format",
        "json",
        "lines.ndjson",
        "trail.json",
        "cut.json",
        "other.json",
        "page.html",
        "binary.bin",
    ]);
    let judged = ran.out.lines().count();
    expect![[r#"
        5 judged
        gardefou: lines.ndjson: record 2: top level: not JSON: key must be a string at line 1 column 25
        gardefou: lines.ndjson: record 3: top level: not JSON: expected ident at line 1 column 2
        gardefou: trail.json: record 2: a: not JSON: expected value at line 1 column 6
        gardefou: cut.json: record 2: readOnly: not JSON: EOF while parsing a value at line 1 column 300
        gardefou: other.json: record 1: eventTime: expected a text, found nothing
        gardefou: page.html: record 1: top level: not JSON: expected value at line 1 column 1
        gardefou: binary.bin: record 1: top level: not JSON: expected value at line 1 column 1
        exit 3
    "#]]
    .assert_eq(&format!("{judged} judged\n{}exit {:?}\n", ran.err, ran.code.unwrap()));
}

#[test]
fn truncated_gzip() {
    let stage = Stage::new("bad-gzip");
    let lines = (1..=60).map(good).collect::<Vec<_>>().join("\n");
    let zipped = gzip(lines.as_bytes());
    stage.write("cut.gz", zipped.split_at(zipped.len() - 20).0);
    stage.write("head.gz", zipped.split_at(5).0);
    stage.write("good.json", good(1));
    let ran = stage.run(&["replay", "--format", "json", "cut.gz", "head.gz", "good.json"]);
    let judged = ran.out.lines().count();
    assert!(judged > 10, "what came before the end is judged: {ran}");
    assert!(ran.out.lines().last().unwrap().contains("good.json"));
    expect![[r#"
        gardefou: cut.gz: the gzip stream breaks off after 53200 decompressed bytes, what came before is judged: incomplete deflate stream
        gardefou: cut.gz: record 60: eventID: not JSON: EOF while parsing a string at line 1 column 100
        gardefou: head.gz: the gzip stream breaks off after 0 decompressed bytes, what came before is judged: unexpected end of file
        exit 3
    "#]].assert_eq(&format!("{}exit {:?}\n", ran.err, ran.code.unwrap()));
}

#[test]
fn a_record_of_one_mebibyte_is_judged() {
    let stage = Stage::new("bad-large");
    let mut large = record(2, 22, "0.0.0.0/0");
    large["additionalEventData"] = json!({"padding": "x".repeat(1 << 20)});
    stage.write("large.ndjson", format!("{}\n{large}\n{}\n", good(1), good(3)));
    let ran = stage.run(&["replay", "--format", "json", "large.ndjson"]);
    assert_eq!((ran.code, ran.out.lines().count(), ran.err.as_str()), (Some(0), 3, ""));
}

#[test]
fn a_folder_that_is_not_there_and_an_empty_file() {
    let stage = Stage::new("bad-absent");
    stage.write("empty.json", "");
    let ran = stage.run(&["replay", "absent", "empty.json"]);
    expect![[r#"
        records: 0, not understood: 0, judged: 0, violations: 0, undecided: 0
        ! gardefou: absent: could not open the file: No such file or directory (os error 2)
        exit 3
    "#]]
    .assert_eq(&ran.to_string());
}
