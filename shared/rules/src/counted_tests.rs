use super::*;
use crate::{Config, RuleFile};

const RULE: &str = "id: denied\ntitle: t\nseverity: medium\nmode: notify\nkind: change\nfailed: true\nevents: any\n\
    only: {errorCode: [AccessDenied]}\nwhen: 'true'\nmessage: m\nparams: {denied_threshold: 3}\n\
    count: {by: actor, within: 10m, atLeast: denied_threshold}\n";

fn read(rule_yaml: &str, config: &str) -> (RuleBook, Vec<String>) {
    let file = RuleFile { path: "r/denied".to_owned(), rule_yaml: rule_yaml.to_owned(), cases_yaml: None };
    let (book, problems) = RuleBook::read([file], &Config::read(config).unwrap());
    (book, problems.iter().map(ToString::to_string).collect())
}

fn denied(n: u8, minute: u8, user: &str) -> Change {
    let record = serde_json::json!({
        "eventVersion": "1.11", "eventTime": format!("2026-03-01T12:{minute:02}:00Z"),
        "eventSource": "iam.amazonaws.com", "eventName": "CreateUser", "awsRegion": "us-east-1",
        "eventID": format!("00000000-0000-4000-8000-0000000000{n:02}"), "eventType": "AwsApiCall",
        "recipientAccountId": "111122223333", "errorCode": "AccessDenied",
        "userIdentity": {"type": "IAMUser", "userName": user, "arn": format!("arn:aws:iam::111122223333:user/{user}")},
    });
    trail::parse_record(record.to_string().as_bytes()).unwrap()
}

/// The numbers of the events that were told.
fn told(book: &RuleBook, events: &[(u8, u8, &str)]) -> Vec<u8> {
    let mut seen = Seen::default();
    let mut tells = |(n, minute, user): &(u8, u8, &str)| {
        let judged = book.judge_counting(&denied(*n, *minute, user), &mut seen);
        judged.iter().any(|judged| matches!(judged.verdict, Verdict::Violation(_))).then_some(*n)
    };
    events.iter().filter_map(&mut tells).collect()
}

#[test]
fn a_burst_by_one_actor_is_told_once() {
    let (book, problems) = read(RULE, "{}");
    assert_eq!(problems, Vec::<String>::new());
    let eve = |n, minute| (n, minute, "eve");
    assert_eq!(told(&book, &[eve(1, 0), eve(2, 1), eve(3, 2), eve(4, 3)]), [3]);
    assert_eq!(told(&book, &[eve(1, 0), eve(2, 9), eve(3, 10)]), [0; 0], "ten minutes are over");
    assert_eq!(told(&book, &[eve(1, 0), (2, 1, "bob"), eve(3, 2), (4, 3, "bob")]), [0; 0], "two actors");
    assert_eq!(told(&book, &[eve(1, 0), eve(1, 0), eve(1, 0)]), [0; 0], "one event, delivered again");
    assert_eq!(told(&book, &[eve(1, 0), eve(2, 1), eve(3, 2), eve(4, 30), eve(5, 31), eve(6, 32)]), [3, 6]);
}

#[test]
fn the_number_may_be_configured() {
    let (book, _) = read(RULE, "params: {denied_threshold: 2}");
    assert_eq!(told(&book, &[(1, 0, "eve"), (2, 1, "eve")]), [2]);
}

#[test]
fn judging_one_change_passes_over_what_counts() {
    let (book, _) = read(RULE, "{}");
    let change = denied(1, 0, "eve");
    assert!(book.judge(&change).is_empty() && !book.asks(&change));
    assert!(book.may_ask("iam.amazonaws.com", "CreateUser", br#"{"errorCode":"AccessDenied"}"#));
}

#[test]
fn a_record_that_only_leaves_out_is_not_even_parsed() {
    let (book, _) = read(RULE, "{}");
    let may = |bytes: &[u8]| book.may_ask("iam.amazonaws.com", "CreateUser", bytes);
    assert!(!may(br#"{"eventName":"CreateUser"}"#));
    assert!(may(br#"{"errorCode":"Access\u0044enied"}"#), "an escape may hide it");
}

#[test]
fn what_can_not_be_counted_is_refused_with_its_position() {
    for (from, to, expected) in [
        (
            "within: 10m",
            "within: 2d",
            "r/denied/rule.yaml:12:28: `within` is written `90s`, `10m` or `2h`, a day at most",
        ),
        (
            "atLeast: denied_threshold",
            "atLeast: 1",
            "r/denied/rule.yaml:12:42: `atLeast` is a number from 2 to 1000",
        ),
        (
            "atLeast: denied_threshold",
            "atLeast: many",
            "r/denied/rule.yaml:12:42: the rule has no param `many`",
        ),
        (
            "by: actor",
            "by: colour",
            "r/denied/rule.yaml:12:13: unknown variant `colour`, expected one of actor, address, account, resource",
        ),
        (
            "only: {errorCode: [AccessDenied]}\n",
            "",
            "r/denied/rule.yaml:1:5: a rule over every call says `only` which: `userIdentity.type: [Root]`",
        ),
        (
            "{errorCode: ",
            "{error: ",
            "r/denied/rule.yaml:8:7: `error` is no path into a record: `userIdentity.type` is how one is written",
        ),
        (
            "[AccessDenied]",
            "[]",
            "r/denied/rule.yaml:8:7: `errorCode` needs texts, numbers, yes or no, or `{wildcard: \"*…*\"}`, one at least",
        ),
        (
            "events: any",
            "events: all",
            "r/denied/rule.yaml:7:1: invalid value: string \"all\", expected `any`, or event sources with their event names",
        ),
        (
            "events: any",
            "events: {iam.amazonaws.com: [CreateUser]}",
            "r/denied/rule.yaml:8:7: `only` narrows `events: any` and nothing else",
        ),
    ] {
        let (_, problems) = read(&RULE.replace(from, to), "{}");
        assert_eq!(problems, [expected]);
    }
}
