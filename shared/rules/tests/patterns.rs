//! The event patterns of the shipped rules and of any others: what a rule asks for passes one, everything else none.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test's own failures may panic"
)]

mod matcher;
mod patch;
mod support;

use expect_test::expect;
use matcher::{
    Deployed, ROLE, book, call, deployed, envelope, ours, over_every_call, route, rule, violating, with,
};
use patch::merge;
use proptest::prelude::*;
use rules::patterns::{OWN_ROLE, PATTERN_CHARS_MAX, Pattern, patterns, section, splice};
use rules::{Rule, RuleBook};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use support::{config, events, rule_files};
use trail::{EventKind, Outcome, envelope_source};

const ECHO: (&str, &str) = ("ec2.amazonaws.com", "RevokeSecurityGroupIngress");

fn of(book: &RuleBook) -> Vec<Pattern> {
    let on = book.rules().iter().filter(|rule| rule.off().is_none());
    patterns(on, [ECHO]).unwrap()
}

/// All rules, also those that are off under the shipped configuration.
fn shipped() -> (RuleBook, Deployed) {
    let (book, problems) = RuleBook::read(rule_files(), &config());
    assert_eq!(problems, []);
    let patterns = patterns(book.rules(), [ECHO]).unwrap();
    (book, deployed(&patterns))
}

/// Those of them that name their calls. What a rule over every call asks for may pass a pattern of its own too.
fn naming() -> (RuleBook, Deployed) {
    let files = rule_files().into_iter().filter(|file| !file.rule_yaml.contains("\nevents: any"));
    let (book, problems) = RuleBook::read(files, &config());
    assert_eq!(problems, []);
    let patterns = patterns(book.rules(), [ECHO]).unwrap();
    (book, deployed(&patterns))
}

#[test]
fn every_violating_case_passes_one_pattern_and_its_failed_forged_and_own_likes_none() {
    let ((_, all), (book, patterns)) = (shipped(), naming());
    let mut seen = 0;
    for file in rule_files() {
        for record in violating(&file) {
            assert!(!route(&all, &envelope(&record)).is_empty(), "{}: {record}", file.path);
        }
        if book.rules().iter().all(|rule| !file.path.ends_with(&format!("/{}", rule.id))) {
            continue;
        }
        for record in violating(&file) {
            let (source, name) =
                (record["eventSource"].as_str().unwrap(), record["eventName"].as_str().unwrap());
            let told = format!("{}: {name}", file.path);
            let routed = route(&patterns, &envelope(&record));
            assert_eq!(routed.len(), 1, "{told} {routed:?}");
            seen += 1;
            let wants_failed = |rule: &Rule| rule.failed && rule.events.contains_key(source);
            if !book.rules().iter().any(wants_failed) {
                let failed = with(&record, "errorCode", json!("Client.UnauthorizedOperation"));
                assert_eq!(route(&patterns, &envelope(&failed)), [""; 0], "{told}, failed");
            }
            let dry = with(&record, "errorCode", json!("Client.DryRunOperation"));
            assert_eq!(route(&patterns, &envelope(&dry)), [""; 0], "{told}, dry");
            let own = route(&patterns, &envelope(&ours(&record)));
            assert!(own.iter().all(|pattern| pattern.starts_with("echoes")), "{told}, our own: {own:?}");
            for forged in [("source", json!("com.evil")), ("detail-type", json!("via CloudTrail"))] {
                let forged = with(&envelope(&record), forged.0, forged.1);
                assert_eq!(route(&patterns, &forged), [""; 0], "{told}, forged");
            }
            let other = with(&record, "eventSource", json!("evil.amazonaws.com"));
            let forged = with(&envelope(&other), "source", json!(envelope_source(source)));
            assert_eq!(route(&patterns, &forged), [""; 0], "{told}, of another service");
        }
    }
    assert!(seen > 0);
}

/// The event files under `events/`, one record each or an envelope.
#[test]
fn of_every_event_as_many_arrive_as_the_rules_judge() {
    let ((book, _), (named, _)) = (shipped(), naming());
    let (patterns, named) = (deployed(&of(&book)), deployed(&of(&named)));
    for (path, bytes) in events() {
        let Ok(change) = trail::parse_record(&bytes) else { continue };
        let record: Value = serde_json::from_slice(&bytes).unwrap();
        let wanted = book.asking(&change).any(|rule| {
            let done = change.outcome == Outcome::Done || (rule.failed && change.outcome != Outcome::DryRun);
            done && (!change.read_only || rule.reads)
        });
        // A sign-in that failed has no `errorCode`: it arrives, and is left.
        let arrives = !route(&patterns, &envelope(&record)).is_empty();
        assert!(arrives == wanted || (arrives && change.kind == EventKind::ConsoleSignIn), "{path}");
        assert!(route(&named, &envelope(&record)).len() <= 1, "{path}");
    }
}

#[test]
fn no_service_s_name_is_asked_of_another_service() {
    let (book, patterns) = naming();
    let pairs: BTreeSet<(&str, &str)> = book
        .rules()
        .iter()
        .flat_map(|rule| &rule.events)
        .flat_map(|(source, names)| names.iter().map(move |name| (source.as_str(), name.as_str())))
        .collect();
    let sources: BTreeSet<&str> =
        pairs.iter().map(|(source, _)| *source).chain(["new.amazonaws.com"]).collect();
    for source in sources {
        for name in pairs.iter().map(|(_, name)| *name).chain(["DescribeSomething"]) {
            let event = envelope(&json!({"eventSource": source, "eventName": name, "readOnly": false}));
            let dated = ["cloudfront.amazonaws.com", "lambda.amazonaws.com"].contains(&source);
            let same = |asked: &str| asked == name || (dated && stem(asked) == stem(name));
            let asked = |(of, asked): &(&str, &str)| *of == source && same(asked);
            let expected = usize::from(pairs.iter().any(asked));
            assert_eq!(route(&patterns, &event).len(), expected, "{source} {name}");
        }
    }
}

/// Without the date of an API.
fn stem(name: &str) -> &str {
    name.split_once("20").map_or(name, |(stem, _)| stem)
}

fn small() -> Vec<Pattern> {
    let lambda = call("lambda.amazonaws.com", "AddPermission20150331v2");
    let secret = call("secretsmanager.amazonaws.com", "GetSecretValue");
    of(&book(vec![
        rule("a", "", &[call("ec2.amazonaws.com", "RunInstances"), lambda]),
        rule("b", "failed: true\n", &[call("cloudtrail.amazonaws.com", "StopLogging")]),
        rule("c", "reads: true\n", &[secret]),
    ]))
}

#[test]
fn what_failed_what_only_reads_and_what_is_our_own_has_patterns_of_its_own() {
    let patterns = deployed(&small());
    let said = |source: &str, name: &str, error: Option<&str>, reads: bool| {
        let mut record = json!({"eventSource": source, "eventName": name, "readOnly": reads});
        if let Some(code) = error {
            record["errorCode"] = json!(code);
        }
        let routed = |record: &Value| route(&patterns, &envelope(record)).join(" ");
        format!("{} | {}", routed(&record), routed(&ours(&record)))
    };
    let (trail, secrets) = ("cloudtrail.amazonaws.com", "secretsmanager.amazonaws.com");
    assert_eq!(said(trail, "StopLogging", None, false), "changes-1 | ");
    assert_eq!(said(trail, "StopLogging", Some("AccessDenied"), false), "failed-1 | ");
    assert_eq!(said(trail, "StopLogging", Some("DryRunOperation"), false), " | ");
    assert_eq!(said(trail, "StopLogging", None, true), " | ");
    assert_eq!(said(secrets, "GetSecretValue", None, true), "reads-1 | ");
    assert_eq!(said(secrets, "GetSecretValue", None, false), "changes-1 | ");
    assert_eq!(said(secrets, "GetSecretValue", Some("AccessDenied"), true), " | ");
    assert_eq!(said(ECHO.0, ECHO.1, None, false), " | echoes-1");
    assert_eq!(said("lambda.amazonaws.com", "AddPermission20150331v2", None, false), "changes-1 | ");
    assert_eq!(said("lambda.amazonaws.com", "AddPermission20300101", None, false), "changes-1 | ");
    assert_eq!(said("lambda.amazonaws.com", "AddPermission", None, false), "changes-1 | ");
    assert_eq!(said("lambda.amazonaws.com", "AddPermissionToAll", None, false), " | ");
}

#[test]
fn a_pattern_that_nobody_needs_is_not_written() {
    let names = |patterns: &[Pattern]| patterns.iter().map(Pattern::name).collect::<Vec<_>>().join(" ");
    assert_eq!(names(&small()), "changes-1 failed-1 reads-1 echoes-1");
    assert_eq!(names(&patterns([], []).unwrap()), "");
}

#[test]
fn a_name_that_no_pattern_can_hold_is_refused() {
    let book = book(vec![rule("a", "", &[call("x.amazonaws.com", &"A".repeat(2_000))])]);
    let error = patterns(book.rules(), []).unwrap_err().to_string();
    assert!(error.ends_with("AAA` is too long for a pattern of 2048 characters"), "{error}");
}

#[test]
fn a_section_is_a_policy_and_a_rule_for_each_pattern() {
    let rules = section(&small(), false);
    let (_, first) = rules.split_once("  ChangeRule1:\n").unwrap();
    let (first, _) = first.split_once("      Targets:\n").unwrap();
    expect![[r#"
        Resources:
          ChangeRule1:
            Type: AWS::Events::Rule
            Properties:
              Name: !Sub "${AWS::StackName}-changes-1"
              Description: The calls that the rules ask for, unless they failed, only read or are our own
              EventPattern:
                detail:
                  $or:
                    - eventName: [StopLogging]
                      eventSource: [cloudtrail.amazonaws.com]
                    - eventName: [RunInstances]
                      eventSource: [ec2.amazonaws.com]
                    - eventName: [AddPermission, {prefix: AddPermission20}]
                      eventSource: [lambda.amazonaws.com]
                    - eventName: [GetSecretValue]
                      eventSource: [secretsmanager.amazonaws.com]
                  errorCode: [{exists: false}]
                  readOnly: [{exists: false}, false]
                  userIdentity:
                    sessionContext:
                      sessionIssuer:
                        arn:
                          - exists: false
                          - anything-but:
                              wildcard: [!Sub "arn:${AWS::Partition}:iam::*:role/gardefou/${AWS::StackName}-acting"]
                detail-type: [
                  "AWS API Call via CloudTrail", "AWS Service Event via CloudTrail",
                  "AWS Console Sign In via CloudTrail", "AWS Console Signin via CloudTrail",
                  "AWS Console Action via CloudTrail", "AWS Insight via CloudTrail"]
                source: [aws.cloudtrail, aws.ec2, aws.lambda, aws.secretsmanager]
    "#]]
    .assert_eq(&format!("Resources:\n  ChangeRule1:\n{first}"));
    assert_eq!(rules.matches("State: DISABLED").count(), 1);
    let with_reads = section(&small(), true);
    assert_eq!(with_reads.matches("State: ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS").count(), 1);
}

#[test]
fn a_section_takes_the_place_of_the_one_before_and_of_nothing_else() {
    let template = "A\n  # ---- begin of what `gardefou compile event-patterns --write` writes, by hand\nold\n  \
                    # ---- end of what `gardefou compile event-patterns --write` writes\nB\n";
    let once = splice(template, "  X: 1\n").unwrap();
    assert_eq!(once, template.replace("old", "  X: 1"));
    assert_eq!(splice(&once, "  X: 1\n").unwrap(), once);
    assert!(splice("A\n", "").unwrap_err().to_string().contains("there is no line `  # ---- begin"));
}

#[test]
fn what_a_rule_over_every_call_asks_for_passes_its_pattern_and_no_other() {
    let book = book(vec![
        rule(
            "a",
            "",
            &[call("ec2.amazonaws.com", "RunInstances"), call("rds.amazonaws.com", "StopDBInstance")],
        ),
        over_every_call("b", "", &json!({"userIdentity.type": ["Root"]})),
        over_every_call("c", "", &json!({"eventSource": ["rds.amazonaws.com"], "awsRegion": ["eu-west-3"]})),
        over_every_call("d", "failed: true\n", &json!({"errorCode": ["AccessDenied"]})),
    ]);
    let patterns = deployed(&of(&book));
    let said = |further: Value| {
        let mut record =
            json!({"eventSource": "rds.amazonaws.com", "eventName": "StopDBInstance", "readOnly": false});
        merge(&mut record, &further);
        route(&patterns, &envelope(&record)).join(" ")
    };
    let root = || json!({"type": "Root"});
    assert_eq!(said(json!({})), "changes-4");
    assert_eq!(said(json!({"awsRegion": "eu-west-3"})), "changes-2");
    assert_eq!(said(json!({"awsRegion": "eu-west-3", "userIdentity": root()})), "changes-1");
    assert_eq!(said(json!({"eventSource": "ec2.amazonaws.com", "eventName": "RunInstances"})), "changes-3");
    assert_eq!(said(json!({"eventSource": "new.amazonaws.com", "userIdentity": root()})), "changes-1");
    assert_eq!(said(json!({"eventSource": "new.amazonaws.com"})), "");
    assert_eq!(said(json!({"eventSource": "new.amazonaws.com", "errorCode": "AccessDenied"})), "failed-1");
    assert_eq!(said(json!({"errorCode": "Throttling"})), "");
}

fn any_selector() -> impl Strategy<Value = Value> {
    let of = |key: &'static str, values: &'static [&'static str]| {
        let values = prop::sample::subsequence(values, 1..=values.len().min(2));
        prop::option::of(values.prop_map(move |values| (key, json!(values))))
    };
    let fields = (
        of("eventSource", &["a.amazonaws.com", "b.amazonaws.com", "c.amazonaws.com"]),
        of("eventName", &["Aaa", "Bbb"]),
        of("userIdentity.type", &["Root", "IAMUser"]),
        of("awsRegion", &["eu-west-3", "us-east-1"]),
        prop::option::of(any::<bool>().prop_map(|flag| ("managementEvent", json!([flag])))),
    );
    fields.prop_filter_map("a rule over every call says which", |(a, b, c, d, e)| {
        let fields: serde_json::Map<String, Value> =
            [a, b, c, d, e].into_iter().flatten().map(|(key, values)| (key.to_owned(), values)).collect();
        (1..=3).contains(&fields.len()).then_some(Value::Object(fields))
    })
}

fn any_record() -> impl Strategy<Value = Value> {
    let one = |values: &'static [&'static str]| prop::sample::select(values);
    let source = one(&["a.amazonaws.com", "b.amazonaws.com", "c.amazonaws.com"]);
    let (region, who) =
        (one(&["eu-west-3", "us-east-1", "eu-west-1"]), one(&["Root", "IAMUser", "AssumedRole", ""]));
    (source, one(&["Aaa", "Bbb", "Ccc"]), who, region, any::<Option<bool>>(), any::<Option<bool>>()).prop_map(
        |(source, name, who, region, management, failed)| {
            let mut record = json!({"eventSource": source, "eventName": name, "awsRegion": region});
            let identity = if who.is_empty() { json!({}) } else { json!({"type": who}) };
            let failed = failed.filter(|failed| *failed).map(|_| "AccessDenied");
            let fields =
                json!({"userIdentity": identity, "managementEvent": management, "errorCode": failed});
            merge(&mut record, &fields);
            record
        },
    )
}

fn meets(record: &Value, only: &Value) -> bool {
    only.as_object().unwrap().iter().all(|(path, values)| {
        let found = path.split('.').try_fold(record, |value, key| value.get(key));
        found.is_some_and(|value| values.as_array().unwrap().contains(value))
    })
}

fn any_call() -> impl Strategy<Value = (String, String)> {
    let date =
        prop_oneof![3 => Just(""), 1 => Just("20150331"), 1 => Just("2020_05_31"), 1 => Just("20150331v2")];
    ("[a-c]{1,2}", "[A-C][a-z]{2,30}", date)
        .prop_map(|(source, name, date)| (format!("{source}.amazonaws.com"), format!("{name}{date}")))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(24) })]

    #[test]
    fn whatever_rules_over_every_call_ask_for_arrives_and_nothing_else_does(
        done in prop::collection::vec(any_selector(), 0..3),
        failed in prop::option::of(any_selector()),
        records in prop::collection::vec(any_record(), 1..60),
    ) {
        let named = [call("a.amazonaws.com", "Aaa"), call("a.amazonaws.com", "Bbb"), call("b.amazonaws.com", "Aaa")];
        let mut files = vec![rule("named", "", &named)];
        files.extend(done.iter().enumerate().map(|(at, only)| over_every_call(&format!("r{at}"), "", only)));
        files.extend(failed.iter().map(|only| over_every_call("failed", "failed: true\n", only)));
        let patterns = of(&book(files));
        prop_assert!(patterns.iter().all(|pattern| pattern.chars() <= PATTERN_CHARS_MAX));
        let patterns = deployed(&patterns);
        for record in &records {
            let meets = |only: &&Value| meets(record, only);
            let is_named = named.iter().any(|(source, name)| {
                record["eventSource"] == **source && record["eventName"] == **name
            });
            let refused = record.get("errorCode").is_some();
            let asked = failed.iter().any(|only| meets(&only))
                || (!refused && (is_named || done.iter().any(|only| meets(&only))));
            let routed = route(&patterns, &envelope(record)).len();
            // A rule over every call with several paths is in no other pattern's exceptions: what it asks for may
            // come twice, and nothing comes that nobody asks for.
            let twice = done.iter().chain(&failed).any(|only| meets(&only) && only.as_object().unwrap().len() > 1);
            let sound = if asked && twice { routed >= 1 } else { routed == usize::from(asked) };
            prop_assert!(sound, "{} {}", routed, record);
        }
    }

    #[test]
    fn whatever_the_rules_patterns_are_short_and_disjoint_and_hold_all(
        done in prop::collection::vec(any_call(), 1..200),
        failed in prop::collection::vec(any_call(), 1..30),
        others in prop::collection::vec(any_call(), 1..30),
    ) {
        let book = book(vec![rule("a", "", &done), rule("b", "failed: true\n", &failed)]);
        let patterns = of(&book);
        for pattern in &patterns {
            let text = pattern.json().to_string().replace(OWN_ROLE, ROLE);
            prop_assert!(text.chars().count() <= pattern.chars() && pattern.chars() <= PATTERN_CHARS_MAX);
        }
        let patterns = deployed(&patterns);
        for (source, name) in done.iter().chain(&failed).chain(&others) {
            let record = json!({"eventSource": source, "eventName": name, "readOnly": false});
            let asked = usize::from(book.asks_for(source, name));
            prop_assert_eq!(route(&patterns, &envelope(&record)).len(), asked);
            let refused = with(&record, "errorCode", json!("AccessDenied"));
            let of_b = |rule: &Rule| rule.failed && rule.events.contains_key(source);
            if !book.rules().iter().any(of_b) {
                prop_assert!(route(&patterns, &envelope(&refused)).is_empty());
            }
        }
        for (source, name) in &failed {
            let refused = json!({"eventSource": source, "eventName": name, "errorCode": "AccessDenied"});
            let routed = route(&patterns, &envelope(&refused));
            prop_assert!(routed.len() == 1 && routed[0].starts_with("failed-"), "{:?}", routed);
        }
    }
}
