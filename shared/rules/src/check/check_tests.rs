use super::*;
use expect_test::{Expect, expect};

const RULE: &str = r"id: ssh
title: SSH opened
severity: high
mode: notify
what: a
why: b
instead: c
misses: d
events:
  ec2.amazonaws.com: [AuthorizeSecurityGroupIngress]
each: openings
when: opening.ingress && opening.exposes('tcp', 22)
message: port 22 of {{ change.resource }}
";

const CASES: &str = r"violates:
  - event: a.json
quiet:
  - event: a.json
    but: {requestParameters: {cidrIp: 198.51.100.0/24}}
    because: one network
";

const EVENT: &str = r#"{"eventVersion": "1.08", "eventTime": "2026-11-20T08:14:03Z",
  "eventSource": "ec2.amazonaws.com", "eventName": "AuthorizeSecurityGroupIngress", "awsRegion": "eu-west-3",
  "eventID": "0b1f3a52-7a0e-4d3e-8a54-6f0b2f6d1001", "eventType": "AwsApiCall", "recipientAccountId": "111122223333",
  "requestParameters": {"groupId": "sg-0123", "ipPermissions": {}, "ipProtocol": "tcp", "fromPort": 22, "toPort": 22,
    "cidrIp": "0.0.0.0/0"}, "responseElements": {"_return": true}}"#;

fn folder(path: &str, rule_yaml: &str, cases_yaml: &str) -> RuleFile {
    let cases_yaml = (!cases_yaml.is_empty()).then(|| cases_yaml.to_owned());
    RuleFile { path: path.to_owned(), rule_yaml: rule_yaml.to_owned(), cases_yaml }
}

fn problems(files: &[RuleFile]) -> String {
    let event = |path: &str| (path == "a.json").then(|| EVENT.to_owned());
    let checked = super::check(files, &Config::default(), &event);
    checked.problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// What is said of the sound rule when in it `from` is replaced by `to`.
fn rule(from: &str, to: &str, expected: &Expect) {
    assert!(RULE.contains(from), "{from}");
    expected.assert_eq(&problems(&[folder("r/ssh", &RULE.replace(from, to), CASES)]));
}

/// What is said of the sound cases when in them `from` is replaced by `to`.
fn cases(from: &str, to: &str, expected: &Expect) {
    assert!(CASES.contains(from), "{from}");
    expected.assert_eq(&problems(&[folder("r/ssh", RULE, &CASES.replace(from, to))]));
}

#[test]
fn a_sound_rule_has_no_problem() {
    assert_eq!(problems(&[folder("r/ssh", RULE, CASES)]), "");
}

#[test]
fn a_fault_of_a_rule_is_told_with_its_position() {
    rule(
        "why: b",
        "wyh: b",
        &expect![
            "r/ssh/rule.yaml:6:1: unknown field `wyh`, expected one of id, title, severity, mode, revert, what, why, instead, misses, frameworks, kind, observed, failed, reads, params, needs, events, only, count, sweeps, each, when, holds, message"
        ],
    );
    rule("why: b\n", "", &expect!["r/ssh/rule.yaml:1:5: the rule does not say `why`"]);
    rule(
        "severity: high",
        "severity: hgih",
        &expect!["r/ssh/rule.yaml:3:11: unknown variant `hgih`, expected one of low, medium, high, critical"],
    );
    rule(
        "mode: notify",
        "mode: revert",
        &expect!["r/ssh/rule.yaml:4:7: the rule asks for revert and names no `revert`"],
    );
    rule(
        "title: SSH opened",
        "title: one two three four five six seven eight nine ten eleven",
        &expect!["r/ssh/rule.yaml:2:8: a title has 1 to 10 words, this one 11"],
    );
    rule(
        "Ingress]",
        "Ingres]",
        &expect![[r#"
            r/ssh/cases.yaml:2:12: the case says that it violates, and it is quiet
            r/ssh/rule.yaml:10:23: `AuthorizeSecurityGroupIngres` is no event of ec2.amazonaws.com: did you mean `AuthorizeSecurityGroupIngress`?
            r/ssh/rule.yaml:10:23: no case shows that `AuthorizeSecurityGroupIngres` violates"#]],
    );
    rule(
        "ec2.amazonaws.com",
        "ec2",
        &expect![[r#"
            r/ssh/cases.yaml:2:12: the case says that it violates, and it is quiet
            r/ssh/rule.yaml:10:9: `ec2` is no event source: did you mean `ec2.amazonaws.com`?
            r/ssh/rule.yaml:10:9: no case shows that `AuthorizeSecurityGroupIngress` violates"#]],
    );
    rule(
        "opening.ingress",
        "opening.ingres",
        &expect!["r/ssh/rule.yaml:12:14: an opening has no field `ingres`"],
    );
    rule("('tcp', 22)", "(", &expect!["r/ssh/rule.yaml:13:1: Syntax error: mismatched input '<EOF>'"]);
    rule(
        "change.resource",
        "change.resorce",
        &expect!["r/ssh/rule.yaml:13:24: a message has no `change.resorce`"],
    );
    rule(
        "each: openings",
        "each: gates",
        &expect![
            "r/ssh/rule.yaml:11:7: unknown variant `gates`, expected one of openings, statements, grants, shares, encryption"
        ],
    );
}

#[test]
fn a_fault_of_what_a_rule_declares_is_told_with_its_position() {
    rule(
        "each: openings",
        "each: openings\nneeds: [operator_cidrs]",
        &expect![[r#"
        r/ssh/cases.yaml:2:12: the case says that it violates, and it is quiet
        r/ssh/rule.yaml:12:9: no condition reads the param `operator_cidrs`"#]],
    );
    rule(
        "each: openings",
        "each: openings\nparams: {admin_ports: [99999]}",
        &expect![
            "r/ssh/rule.yaml:12:23: `99999` in `admin_ports` is no port: a number from 0 to 65535 is needed"
        ],
    );
    rule(
        "each: openings",
        "each: openings\nframeworks: {cis: [1]}",
        &expect![
            "r/ssh/rule.yaml:12:14: unknown variant `cis`, expected one of cis-aws, fsbp, gdpr, iso27001, nist-800-53-r5, pci-dss-4.0"
        ],
    );
    rule(
        "opening.ingress &&",
        "change.account != '1' &&",
        &expect![
            "r/ssh/rule.yaml:12:7: the sweep has no `change` to ask this of: say `holds`, or `kind: change`"
        ],
    );
    rule(
        "each: openings",
        "each: openings\nkind: sweep",
        &expect![[r#"
            r/ssh/rule.yaml:1:5: a rule of kind sweep asks for no events
            r/ssh/rule.yaml:1:5: a rule of kind sweep says what it `sweeps`: `AWS::RDS::DBInstance`"#]],
    );
    rule(
        "id: ssh",
        "id: SSH",
        &expect![[r#"
        r/ssh/rule.yaml:1:5: malformed rule id `SSH`
        r/ssh/rule.yaml:1:5: the folder is named `ssh`, the rule `SSH`"#]],
    );
    rule(
        "misses: d\n",
        &format!("misses: d\n{}", "# \n".repeat(60)),
        &expect!["r/ssh/rule.yaml:1:5: a rule has at most 60 lines, this one 73"],
    );
}

#[test]
fn a_fault_of_the_cases_is_told_with_its_position() {
    cases(
        "    because: one network\n",
        "",
        &expect!["r/ssh/cases.yaml:4:12: the case does not say `because`"],
    );
    cases(
        "198.51.100.0/24",
        "0.0.0.0/0",
        &expect![[r#"
        r/ssh/cases.yaml:1:1: no quiet case differs from a violating one in one field only
        r/ssh/cases.yaml:4:12: the case says that it is quiet, and it violates by tcp 22 from 0.0.0.0/0"#]],
    );
    cases(
        "  - event: a.json\nquiet",
        "  - event: a.json\n    culprits: [sgr-1]\nquiet",
        &expect!["r/ssh/cases.yaml:2:12: the culprits are tcp 22 from 0.0.0.0/0"],
    );
    cases(
        "violates:\n  - event: a.json\n",
        "",
        &expect![[r#"
        r/ssh/cases.yaml:1:1: no quiet case differs from a violating one in one field only
        r/ssh/rule.yaml:10:23: no case shows that `AuthorizeSecurityGroupIngress` violates"#]],
    );
    cases(
        "cidrIp: 198.51.100.0/24",
        "cidrIp: 198.51.100.0/24, fromPort: 21",
        &expect!["r/ssh/cases.yaml:1:1: no quiet case differs from a violating one in one field only"],
    );
    cases(
        "event: a.json\nquiet",
        "event: b.json\nquiet",
        &expect![[r#"
        r/ssh/cases.yaml:1:1: no quiet case differs from a violating one in one field only
        r/ssh/cases.yaml:2:12: there is no `b.json` under `events/`
        r/ssh/rule.yaml:10:23: no case shows that `AuthorizeSecurityGroupIngress` violates"#]],
    );
    cases(
        "    because",
        "    config: {admin_ports: [1]}\n    because",
        &expect![[r#"
        r/ssh/cases.yaml:1:1: no quiet case differs from a violating one in one field only
        r/ssh/cases.yaml:4:12: the rule has no param `admin_ports`"#]],
    );
    cases(
        "    because",
        "    config: {operator_cidrs: [0.0.0.0/0]}\n    because",
        &expect![[r#"
        r/ssh/cases.yaml:1:1: no quiet case differs from a violating one in one field only
        r/ssh/cases.yaml:6:30: `0.0.0.0/0` is too much of the internet to be trusted"#]],
    );
    cases(
        "    because",
        "    state: {security-group: {grup: 1}}\n    because",
        &expect![[r#"
        r/ssh/cases.yaml:1:1: no quiet case differs from a violating one in one field only
        r/ssh/cases.yaml:6:12: no observed resource: missing field `group`"#]],
    );
    cases(
        "requestParameters: {",
        "eventID: 3, requestParameters: {",
        &expect![[r#"
        r/ssh/cases.yaml:1:1: no quiet case differs from a violating one in one field only
        r/ssh/cases.yaml:4:12: eventID: expected a text, found a number"#]],
    );
    cases(
        "quiet:",
        "silent:",
        &expect!["r/ssh/cases.yaml:3:1: unknown field `silent`, expected one of violates, quiet, undecided"],
    );
}

#[test]
fn a_rule_without_cases_a_folder_of_another_name_and_a_second_rule_of_the_same_name_are_refused() {
    expect!["r/ssh/rule.yaml:1:5: the rule has no `cases.yaml`"]
        .assert_eq(&problems(&[folder("r/ssh", RULE, "")]));
    expect!["r/shh/rule.yaml:1:5: the folder is named `shh`, the rule `ssh`"]
        .assert_eq(&problems(&[folder("r/shh/", RULE, CASES)]));
    expect!["q/ssh/rule.yaml:1:5: there is another rule `ssh`"]
        .assert_eq(&problems(&[folder("r/ssh", RULE, CASES), folder("q/ssh", RULE, CASES)]));
}

#[test]
fn a_case_that_says_a_plan_is_handed_on() {
    let with_plan = CASES.replace("a.json\nquiet", "a.json\n    plan: revoke it\nquiet");
    let event = |_: &str| Some(EVENT.to_owned());
    let checked = super::check(&[folder("r/ssh", RULE, &with_plan)], &Config::default(), &event);
    let [planned] = checked.plans.as_slice() else { panic!("{:?}", checked.plans) };
    assert_eq!((planned.plan.as_str(), planned.culprits.len()), ("revoke it", 1));
    assert_eq!((planned.problem.line, planned.problem.column), (3, 11));
    assert_eq!(checked.events.into_iter().collect::<Vec<_>>(), ["a.json"]);
}

#[test]
fn two_rules_that_ask_the_same_are_told_however_they_are_written() {
    let copy =
        RULE.replace("id: ssh", "id: ssh-again").replace("exposes('tcp', 22)", "exposes( \"tcp\",22 )");
    let other = RULE.replace("id: ssh", "id: rdp").replace("'tcp', 22", "'tcp', 3389 - 3367");
    let files =
        [folder("r/ssh", RULE, CASES), folder("r/ssh-again", &copy, CASES), folder("r/rdp", &other, CASES)];
    assert_eq!(problems(&files), "r/ssh-again/rule.yaml:12:7: the rule asks the same as `ssh`");
}

#[test]
fn what_looks_covered_and_is_not_is_noted() {
    let rule = RULE.replace("what: a", "observed: false\nwhat: a");
    let checked =
        super::check(&[folder("r/ssh", &rule, CASES)], &Config::default(), &|_| Some(EVENT.to_owned()));
    assert_eq!(checked.notes, ["1 not observed yet, so that only calls are judged: `ssh`"]);
    let rule = RULE.replace("what: a", "kind: change\ncount: {by: actor, within: 1h, atLeast: 9}\nwhat: a");
    let rule = rule.replace("kind: change\n", "");
    assert_eq!(
        problems(&[folder("r/ssh", &rule, CASES)]),
        "r/ssh/rule.yaml:1:5: the sweep sees no repetition: a rule that counts is `kind: change`"
    );
}

#[test]
fn a_rule_over_every_call_needs_one_violating_case() {
    let events = "events:\n  ec2.amazonaws.com: [AuthorizeSecurityGroupIngress]\n";
    let rule = RULE.replace(events, "events: any\nonly: {eventSource: [ec2.amazonaws.com]}\n");
    assert_eq!(problems(&[folder("r/ssh", &rule, CASES)]), "");
    let told = problems(&[folder("r/ssh", &rule, "violates: []\n")]);
    assert!(told.contains("cases.yaml:1:1: no case violates"), "{told}");
    let elsewhere = rule.replace("ec2.amazonaws.com", "rds.amazonaws.com");
    let told = problems(&[folder("r/ssh", &elsewhere, CASES)]);
    assert!(told.contains("the case says that it violates, and it is quiet"), "{told}");
}
