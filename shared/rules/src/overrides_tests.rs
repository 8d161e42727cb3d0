use crate::{Config, RuleBook, RuleFile};
use expect_test::{Expect, expect};

const SSH: &str = "id: ssh\ntitle: t\nseverity: high\nmode: revert\nrevert: security-group-rules\n\
    params: {bad_ports: [22]}\nevents: {ec2.amazonaws.com: [AuthorizeSecurityGroupIngress]}\neach: openings\n\
    when: opening.ingress && opening.exposes('tcp', params.bad_ports)\nmessage: m\n";
const TOLD: &str = "id: told\ntitle: t\nseverity: low\nmode: observe\nevents: {ec2.amazonaws.com: [StopInstances]}\n\
    when: 'true'\nmessage: m\n";

fn book(config: &str) -> (RuleBook, Vec<String>) {
    let file = |id: &str, text: &str| RuleFile {
        path: format!("r/{id}"),
        rule_yaml: text.to_owned(),
        cases_yaml: None,
    };
    let (book, problems) =
        RuleBook::read([file("ssh", SSH), file("told", TOLD)], &Config::read(config).unwrap());
    (book, problems.iter().map(ToString::to_string).collect())
}

fn check(config: &str, expected: &Expect) {
    let (book, problems) = book(config);
    let rules = book.rules().iter().map(|rule| format!("{} {} {}", rule.id, rule.severity, rule.mode));
    let lines: Vec<String> = rules.chain(book.notes().iter().cloned()).chain(problems).collect();
    expected.assert_eq(&lines.join("\n"));
}

#[test]
fn mode_and_severity_are_lowered_and_raised_and_said_so() {
    check(
        "rules:\n  ssh: {mode: notify, severity: critical, because: Terraform owns the groups}\n  told: {mode: notify}\n",
        &expect![[r#"
            ssh critical notify
            told low notify
            `ssh`: mode lowered from revert to notify: Terraform owns the groups
            `ssh`: severity raised from high to critical: Terraform owns the groups
            `told`: mode raised from observe to notify"#]],
    );
}

#[test]
fn a_rule_that_is_off_is_asked_of_nothing() {
    let config = "rules: {told: {off: true, because: nobody reads it}}";
    check(
        config,
        &expect![[r#"
        ssh high revert
        told low observe
        `told` is off: nobody reads it"#]],
    );
    let (book, _) = book(config);
    assert!(!book.asks_for("ec2.amazonaws.com", "StopInstances"));
    assert!(book.asks_for("ec2.amazonaws.com", "AuthorizeSecurityGroupIngress"));
}

#[test]
fn what_is_said_of_nothing_is_told_with_its_position() {
    check(
        "rules:\n  shh: {mode: notify}\n  ssh: {params: {good_ports: [1]}}\n  told: {mode: revert}\n",
        &expect![[r#"
            ssh high revert
            told low revert
            `told`: mode raised from observe to revert
            gardefou.yaml:2:8: there is no rule `shh`
            gardefou.yaml:3:30: the rule `ssh` has no param `good_ports`
            gardefou.yaml:4:9: the rule `told` names no `revert`: at most it can notify"#]],
    );
}

#[test]
fn what_is_wrong_in_itself_is_refused_with_its_position() {
    let refused = |text: &str| Config::read(text).unwrap_err().to_string();
    expect!["gardefou.yaml:2:8: a rule that is off says `because`"]
        .assert_eq(&refused("rules:\n  ssh: {off: true}\n"));
    expect![[r#"gardefou.yaml:1:35: `"ssh"` in `bad_ports` is no port: a number from 0 to 65535 is needed"#]]
        .assert_eq(&refused("rules: {ssh: {params: {bad_ports: [ssh]}}}"));
    expect!["gardefou.yaml:1:43: `max_public_prefix` is the same for all rules"]
        .assert_eq(&refused("rules: {ssh: {params: {max_public_prefix: {v4: 0}}}}"));
    expect!["gardefou.yaml:1:15: unknown field `mod`, expected one of mode, severity, params, off, because"]
        .assert_eq(&refused("rules: {ssh: {mod: notify}}"));
}

#[test]
fn a_param_of_one_rule_is_no_other_s() {
    let (book, problems) = book("rules: {ssh: {params: {bad_ports: [3389]}}}");
    assert_eq!(problems, Vec::<String>::new());
    let record = |port: u16| {
        let record = serde_json::json!({
            "eventVersion": "1.11", "eventTime": "2026-03-01T12:00:00Z", "eventSource": "ec2.amazonaws.com",
            "eventName": "AuthorizeSecurityGroupIngress", "awsRegion": "eu-west-3", "eventType": "AwsApiCall",
            "eventID": "00000000-0000-4000-8000-000000000001", "recipientAccountId": "111122223333",
            "requestParameters": {"groupId": "sg-0123", "ipPermissions": {}, "ipProtocol": "tcp",
                "fromPort": port, "toPort": port, "cidrIp": "0.0.0.0/0"},
        });
        trail::parse_record(record.to_string().as_bytes()).unwrap()
    };
    let violates =
        |port| matches!(book.judge(&record(port)).as_slice(), [ssh] if ssh.verdict != model::Verdict::Quiet);
    assert!(violates(3389) && !violates(22));
}

#[test]
fn a_pack_is_known_by_the_texts_of_its_rules() {
    let file = |id: &str, text: &str, cases: Option<&str>| RuleFile {
        path: format!("somewhere/{id}"),
        rule_yaml: text.to_owned(),
        cases_yaml: cases.map(str::to_owned),
    };
    let pack = |files: Vec<RuleFile>| RuleBook::read(files, &Config::default()).0.pack().to_owned();
    let whole = pack(vec![file("ssh", SSH, None), file("told", TOLD, None)]);
    assert_eq!(whole.len(), 12);
    assert_eq!(whole, pack(vec![file("told", TOLD, Some("quiet: []")), file("ssh", SSH, None)]));
    assert_ne!(whole, pack(vec![file("ssh", SSH, None)]));
    assert_ne!(whole, pack(vec![file("ssh", &SSH.replace("high", "low"), None), file("told", TOLD, None)]));
}
