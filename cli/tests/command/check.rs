//! `gardefou check`.

use crate::stage::{Stage, modified, record};
use expect_test::{Expect, expect};

fn check(stage: &Stage, expected: &Expect) {
    expected.assert_eq(&stage.run(&["check"]).to_string());
}

const CASES: &str = "\
violates:
- event: ec2/world.json
  culprits: [sgr-0a01]
  plan: revoke sgr-0a01 from sg-0123
- event: ec2/modified.json
  plan: imprecise
quiet:
- event: ec2/world.json
  but: {responseElements: {securityGroupRuleSet: {items: [{groupId: sg-0123, securityGroupRuleId: sgr-0a01, isEgress: false, ipProtocol: tcp, fromPort: 22, toPort: 22, cidrIpv4: 10.0.0.0/8}]}}}
  because: one network, not the internet
";

fn checked(name: &str, cases: &str) -> Stage {
    let stage = Stage::new(name);
    std::fs::remove_dir_all(stage.dir.join("rules/network/web-open")).unwrap_or_default();
    stage.write("rules/network/ssh-open/cases.yaml", cases);
    stage.write("events/ec2/world.json", record(1, 22, "0.0.0.0/0").to_string());
    stage.write("events/ec2/modified.json", modified().to_string());
    stage
}

#[test]
fn check_runs_the_cases_with_what_the_reverter_would_do() {
    check(
        &checked("check", CASES),
        &expect![[r#"
            rules: 1, cases: 3, problems: 0
            exit 0
        "#]],
    );
    let wrong = CASES
        .replace("revoke sgr-0a01", "revoke sgr-0b02")
        .replace("plan: imprecise", "plan: already undone");
    check(
        &checked("check-plan", &wrong),
        &expect![[r#"
            rules/network/ssh-open/cases.yaml:4:9: the plan is `revoke sgr-0a01 from sg-0123`
            rules/network/ssh-open/cases.yaml:6:9: the plan is `imprecise`
            rules: 1, cases: 3, problems: 2
            exit 1
        "#]],
    );
}

#[test]
fn check_names_file_line_and_column_of_every_problem() {
    let stage = checked("check-problems", &CASES.replace("0.0.0.0/8", "0.0.0.0/0"));
    stage.write("rules/network/odd/rule.yaml", "id: odd\ntitel: A typing error\n");
    let rule =
        std::fs::read_to_string(stage.dir.join("rules/network/ssh-open/rule.yaml")).unwrap_or_default();
    stage.write(
        "rules/network/ssh-open/rule.yaml",
        rule.replace("revert: security-group-rules", "revert: a-miracle"),
    );
    let ran = stage.run(&["check"]);
    assert_eq!(ran.code, Some(1), "{ran}");
    expect![[r#"
        rules/network/odd/rule.yaml:2:1: unknown field `titel`, expected one of id, title, severity, mode, revert, what, why, instead, misses, frameworks, kind, observed, failed, reads, params, needs, events, only, count, sweeps, each, when, holds, message
        rules/network/ssh-open/cases.yaml:4:9: the plan is `imprecise`
        rules/network/ssh-open/cases.yaml:8:10: the case says that it is quiet, and it violates by sgr-0a01
        rules/network/ssh-open/rule.yaml:6:9: there is no reverter `a-miracle`
        rules: 2, cases: 3, problems: 4
        exit 1
    "#]].assert_eq(&ran.to_string());
}

#[test]
fn check_takes_events_from_elsewhere_and_from_nowhere_else() {
    let stage = checked("check-events", &CASES.replace("ec2/world.json", "../events/ec2/world.json"));
    let ran = stage.run(&["check"]);
    assert!(ran.out.contains("there is no `../events/ec2/world.json`"), "{ran}");
    let stage = checked("check-elsewhere", CASES);
    std::fs::rename(stage.dir.join("events"), stage.dir.join("recorded")).unwrap_or_default();
    let ran = stage.run(&["check", "--events", "recorded"]);
    assert_eq!(ran.code, Some(0), "{ran}");
}
