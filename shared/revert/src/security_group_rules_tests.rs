use super::*;
use expect_test::{Expect, expect};
use jiff::Timestamp;
use model::{Ports, Source, Traffic, Untrusted};

const AUTHORIZE: &str = "AuthorizeSecurityGroupIngress";
const MODIFY: &str = "ModifySecurityGroupRules";
const EVENT_TIME: &str = "2026-03-01T12:00:00Z";

/// `sgr-1 ingress tcp 22 0.0.0.0/0`; `-` is no id.
fn line(text: &str) -> Opening {
    let words: Vec<&str> = text.split(' ').collect();
    let [id, way, protocol, port, source] = words[..] else { panic!("five words: {text}") };
    let port: u16 = port.parse().unwrap();
    let ports = Ports::new(port, port).unwrap();
    Opening {
        rule: (id != "-").then(|| id.parse().unwrap()),
        direction: if way == "egress" { Direction::Egress } else { Direction::Ingress },
        traffic: if protocol == "udp" { Traffic::Udp(ports) } else { Traffic::Tcp(ports) },
        source: match source.split_once('-').map(|(kind, _)| kind) {
            Some("pl") => Source::PrefixList(source.parse().unwrap()),
            Some("sg" | "name") => Source::Group { group: Untrusted::new(source), account: None },
            _ => Source::Net(source.parse().unwrap()),
        },
        description: None,
    }
}

fn culprit(text: &str) -> Culprit {
    Culprit { item: Item::Opening(line(text)), prior: None }
}

fn with_prior(text: &str, prior: &str, seen_at: &str) -> Culprit {
    let prior = Prior { item: Item::Opening(line(prior)), seen_at: seen_at.parse().unwrap() };
    Culprit { prior: Some(prior), ..culprit(text) }
}

fn group(lines: &[&str]) -> SecurityGroup {
    let lines = lines.iter().map(|text| line(text)).collect();
    SecurityGroup {
        group: "sg-0123".parse().unwrap(),
        name: Untrusted::default(),
        tags: std::collections::BTreeMap::new(),
        lines,
        prefix_lists: std::collections::BTreeMap::new(),
        uses: None,
    }
}

fn planned(event_name: &str, culprits: &[Culprit], now: &Observed) -> Result<Plan, Refusal> {
    let event_time: Timestamp = EVENT_TIME.parse().unwrap();
    SecurityGroupRules.plan(&Undo { culprits, event_name: Some(event_name), event_time }, now)
}

/// The plan's JSON, a line for each step and each line of the pre-image.
fn golden(plan: &Plan) -> String {
    let steps = plan.steps.iter().map(|step| serde_json::to_string(step).unwrap());
    let taken = plan.takes_back.iter().map(|item| serde_json::to_string(item).unwrap());
    let lines: Vec<String> = steps.chain(["takes back:".to_owned()]).chain(taken).collect();
    lines.join("\n")
}

/// The plan, or the refusal, in words.
fn check(event_name: &str, culprits: &[Culprit], lines: &[&str], expected: &Expect) {
    let text = match planned(event_name, culprits, &Observed::SecurityGroup(group(lines))) {
        Ok(plan) => plan.to_string(),
        Err(Refusal::Protected { mark }) => format!("protected by {}", mark.raw()),
        Err(Refusal::AlreadyUndone) => "already undone".to_owned(),
        Err(Refusal::Imprecise { why, .. }) => format!("imprecise: {why}"),
        Err(Refusal::NotAddressable { by_hand }) => format!("not addressable: {by_hand}"),
    };
    expected.assert_eq(&text);
}

#[test]
fn the_plan_revokes_what_the_event_added_and_what_a_rule_names_and_nothing_else() {
    let culprits = [
        culprit("sgr-a2 ingress tcp 22 0.0.0.0/0"),
        culprit("sgr-a3 ingress tcp 22 ::/0"),
        culprit("sgr-a4 egress tcp 22 0.0.0.0/0"),
    ];
    let now = group(&[
        "sgr-a1 ingress tcp 443 0.0.0.0/0",
        "sgr-a2 ingress tcp 22 0.0.0.0/0",
        "sgr-a3 ingress tcp 22 ::/0",
        "sgr-a4 egress tcp 22 0.0.0.0/0",
        "sgr-a5 ingress tcp 22 10.0.0.0/8",
    ]);
    let plan = planned(AUTHORIZE, &culprits, &Observed::SecurityGroup(now)).unwrap();
    expect![[r#"
        {"do":"revoke-ingress","group":"sg-0123","rules":["sgr-a2","sgr-a3"]}
        {"do":"revoke-egress","group":"sg-0123","rules":["sgr-a4"]}
        takes back:
        {"opening":{"rule":"sgr-a2","direction":"ingress","traffic":{"tcp":[22,22]},"source":{"net":"0.0.0.0/0"}}}
        {"opening":{"rule":"sgr-a3","direction":"ingress","traffic":{"tcp":[22,22]},"source":{"net":"::/0"}}}
        {"opening":{"rule":"sgr-a4","direction":"egress","traffic":{"tcp":[22,22]},"source":{"net":"0.0.0.0/0"}}}"#]].assert_eq(&golden(&plan));
}

#[test]
fn a_modified_line_holds_again_what_it_held_with_its_description_and_under_its_id() {
    let mut culprit = with_prior(
        "sgr-a2 ingress tcp 22 0.0.0.0/0",
        "sgr-a2 ingress tcp 22 10.0.0.0/8",
        "2026-03-01T11:00:00Z",
    );
    if let Some(Prior { item: Item::Opening(prior), .. }) = &mut culprit.prior {
        prior.description = Some(Untrusted::new("from the office"));
    }
    let now = group(&["sgr-a1 ingress tcp 443 0.0.0.0/0", "sgr-a2 ingress tcp 22 0.0.0.0/0"]);
    let plan = planned(MODIFY, &[culprit], &Observed::SecurityGroup(now)).unwrap();
    expect![[r#"
        {"do":"restore-rules","group":"sg-0123","lines":[{"rule":"sgr-a2","direction":"ingress","traffic":{"tcp":[22,22]},"source":{"net":"10.0.0.0/8"},"description":"from the office"}]}
        takes back:
        {"opening":{"rule":"sgr-a2","direction":"ingress","traffic":{"tcp":[22,22]},"source":{"net":"0.0.0.0/0"}}}"#]].assert_eq(&golden(&plan));
}

#[test]
fn a_modified_line_is_put_back_under_its_id_when_what_it_held_was_told_without_one() {
    let now = "sgr-a2 ingress tcp 22 0.0.0.0/0";
    let culprit = with_prior(now, "- ingress tcp 22 10.0.0.0/8", "2026-03-01T11:00:00Z");
    let plan = planned(MODIFY, &[culprit], &Observed::SecurityGroup(group(&[now]))).unwrap();
    let [Step::RestoreRules { lines, .. }] = plan.steps.as_slice() else { panic!("{plan}") };
    assert_eq!(*lines, [line("sgr-a2 ingress tcp 22 10.0.0.0/8")]);
}

#[test]
fn what_stands_no_more_is_already_undone() {
    let added = [culprit("sgr-a2 ingress tcp 22 0.0.0.0/0")];
    let undone = expect!["already undone"];
    assert_eq!(planned(AUTHORIZE, &added, &Observed::Gone), Err(Refusal::AlreadyUndone));
    check(AUTHORIZE, &added, &[], &undone);
    // Added again by somebody: another id, another event.
    check(AUTHORIZE, &added, &["sgr-a9 ingress tcp 22 0.0.0.0/0"], &undone);
    // Changed by somebody: the id stays, the content is theirs.
    check(AUTHORIZE, &added, &["sgr-a2 ingress tcp 22 0.0.0.0/1"], &undone);
    check(AUTHORIZE, &added, &["sgr-a2 egress tcp 22 0.0.0.0/0"], &undone);
    let modified = [with_prior(
        "sgr-a2 ingress tcp 22 0.0.0.0/0",
        "sgr-a2 ingress tcp 22 10.0.0.0/8",
        "2026-03-01T11:00:00Z",
    )];
    check(MODIFY, &modified, &["sgr-a2 ingress tcp 22 10.0.0.0/8"], &undone);
}

#[test]
fn a_change_that_left_the_content_as_it_was_is_already_undone() {
    let same = "sgr-a2 ingress tcp 22 0.0.0.0/0";
    check(MODIFY, &[with_prior(same, same, "2026-03-01T11:00:00Z")], &[same], &expect!["already undone"]);
}

#[test]
fn a_description_edited_since_does_not_hide_the_line() {
    let added = "sgr-a2 ingress tcp 22 0.0.0.0/0";
    let mut now = group(&[added]);
    now.lines[0].description = Some(Untrusted::new("temporary"));
    let plan = planned(AUTHORIZE, &[culprit(added)], &Observed::SecurityGroup(now.clone())).unwrap();
    assert_eq!(plan.takes_back, [Item::Opening(now.lines[0].clone())], "the pre-image is what stands");
}

#[test]
fn a_protected_group_is_left_alone_while_something_stands() {
    let added = [culprit("sgr-a2 ingress tcp 22 0.0.0.0/0")];
    let mut now = group(&["sgr-a2 ingress tcp 22 0.0.0.0/0"]);
    now.tags.insert("gardefou:protect".to_owned(), Untrusted::new("the bastion"));
    let mark = Untrusted::new("tag gardefou:protect=the bastion");
    assert_eq!(
        planned(AUTHORIZE, &added, &Observed::SecurityGroup(now.clone())),
        Err(Refusal::Protected { mark })
    );
    now.lines.clear();
    assert_eq!(planned(AUTHORIZE, &added, &Observed::SecurityGroup(now)), Err(Refusal::AlreadyUndone));
}

#[test]
fn a_line_without_an_id_is_not_addressable_while_its_content_stands() {
    let added = [culprit("- ingress tcp 22 0.0.0.0/0"), culprit("- ingress tcp 22 ::/0")];
    check(
        AUTHORIZE,
        &added,
        &["sgr-a9 ingress tcp 22 0.0.0.0/0", "sgr-a1 ingress tcp 22 10.0.0.0/8"],
        &expect![
            "not addressable: aws ec2 revoke-security-group-ingress --group-id sg-0123 --security-group-rule-ids sgr-a9"
        ],
    );
    check(AUTHORIZE, &added, &["sgr-a1 ingress tcp 22 10.0.0.0/8"], &expect!["already undone"]);
    // Observing gave no id either.
    check(
        AUTHORIZE,
        &added,
        &["- ingress tcp 22 0.0.0.0/0"],
        &expect![
            "not addressable: aws ec2 describe-security-group-rules --filters Name=group-id,Values=sg-0123"
        ],
    );
    // A group named by its name can't be found among groups named by id.
    check(
        AUTHORIZE,
        &[culprit("- ingress tcp 22 name-of-a-group")],
        &[],
        &expect![
            "not addressable: aws ec2 describe-security-group-rules --filters Name=group-id,Values=sg-0123"
        ],
    );
}

#[test]
fn one_line_without_an_id_makes_the_whole_not_addressable() {
    check(
        AUTHORIZE,
        &[culprit("sgr-a2 ingress tcp 22 ::/0"), culprit("- egress tcp 22 0.0.0.0/0")],
        &["sgr-a2 ingress tcp 22 ::/0", "sgr-a9 egress tcp 22 0.0.0.0/0"],
        &expect![
            "not addressable: aws ec2 revoke-security-group-ingress --group-id sg-0123 --security-group-rule-ids sgr-a2; aws ec2 revoke-security-group-egress --group-id sg-0123 --security-group-rule-ids sgr-a9"
        ],
    );
}

#[test]
fn a_modified_line_of_which_nothing_certain_is_known_is_not_restored() {
    let now = "sgr-a2 ingress tcp 22 0.0.0.0/0";
    let before = "sgr-a2 ingress tcp 22 10.0.0.0/8";
    check(MODIFY, &[culprit(now)], &[now], &expect!["imprecise: sgr-a2: what it held before is not known"]);
    let at = |seen_at: &str| [with_prior(now, before, seen_at)];
    check(MODIFY, &at("2026-02-28T12:00:00Z"), &[now], &expect!["restore sgr-a2 of sg-0123"]);
    check(
        MODIFY,
        &at("2026-02-28T11:59:59Z"),
        &[now],
        &expect!["imprecise: sgr-a2: what is known of it is more than 24 hours older than the event"],
    );
    check(
        MODIFY,
        &at("2026-03-01T12:00:00Z"),
        &[now],
        &expect!["imprecise: sgr-a2: what is known of it is not older than the event"],
    );
    let elsewhere = with_prior(now, "sgr-a3 ingress tcp 22 10.0.0.0/8", "2026-03-01T11:00:00Z");
    check(
        MODIFY,
        &[elsewhere],
        &[now],
        &expect!["imprecise: sgr-a2: what is known of it is about another line"],
    );
    let turned = with_prior(now, "sgr-a2 egress tcp 22 10.0.0.0/8", "2026-03-01T11:00:00Z");
    check(
        MODIFY,
        &[turned],
        &[now],
        &expect!["imprecise: sgr-a2: what is known of it is about another line"],
    );
}

#[test]
fn what_is_imprecise_says_what_a_person_can_run() {
    let now = ["sgr-a2 ingress tcp 22 0.0.0.0/0", "sgr-a3 egress tcp 22 ::/0"];
    let refused = planned(MODIFY, &now.map(culprit), &Observed::SecurityGroup(group(&now))).unwrap_err();
    let Refusal::Imprecise { by_hand, .. } = refused else { panic!("{refused:?}") };
    expect![[r#"
        aws ec2 revoke-security-group-ingress --group-id sg-0123 --security-group-rule-ids sgr-a2
        aws ec2 revoke-security-group-egress --group-id sg-0123 --security-group-rule-ids sgr-a3
        or put back what they held: aws ec2 modify-security-group-rules --group-id sg-0123"#]]
    .assert_eq(&by_hand.replace("; ", "\n"));
}

#[test]
fn a_prior_content_that_another_line_holds_now_is_not_restored() {
    let modified = with_prior(
        "sgr-a2 ingress tcp 22 0.0.0.0/0",
        "sgr-a2 ingress tcp 22 10.0.0.0/8",
        "2026-03-01T11:00:00Z",
    );
    check(
        MODIFY,
        &[modified],
        &["sgr-a2 ingress tcp 22 0.0.0.0/0", "sgr-a9 ingress tcp 22 10.0.0.0/8"],
        &expect!["imprecise: sgr-a2: another line of the group holds what it held before"],
    );
}

#[test]
fn one_imprecise_line_makes_the_whole_imprecise() {
    let known = with_prior(
        "sgr-a2 ingress tcp 22 0.0.0.0/0",
        "sgr-a2 ingress tcp 22 10.0.0.0/8",
        "2026-03-01T11:00:00Z",
    );
    check(
        MODIFY,
        &[known, culprit("sgr-a3 ingress tcp 22 ::/0")],
        &["sgr-a2 ingress tcp 22 0.0.0.0/0", "sgr-a3 ingress tcp 22 ::/0"],
        &expect!["imprecise: sgr-a3: what it held before is not known"],
    );
}

#[test]
fn an_event_that_is_not_known_and_a_rule_that_names_nothing_are_imprecise() {
    let now = "sgr-a2 ingress tcp 22 0.0.0.0/0";
    check(
        "Create\u{1b}[2JSecurityGroup",
        &[culprit(now)],
        &[now],
        &expect!["imprecise: what `Create2JSecurityGroup` did to these lines is not known"],
    );
    check(AUTHORIZE, &[], &[now], &expect!["imprecise: the rule names no line of the group"]);
}

#[test]
fn what_an_event_leaves_unsaid_does_not_hide_a_line() {
    let mut now = group(&["sgr-a2 ingress tcp 22 sg-0456"]);
    now.lines[0].source =
        Source::Group { group: Untrusted::new("sg-0456"), account: Some("111122223333".parse().unwrap()) };
    let named = culprit("sgr-a2 ingress tcp 22 sg-0456");
    assert!(planned(AUTHORIZE, std::slice::from_ref(&named), &Observed::SecurityGroup(now.clone())).is_ok());

    let portless = |from, to| Traffic::Other { protocol: 50, from, to };
    now.lines[0] =
        Opening { traffic: portless(Some(-1), Some(-1)), ..line("sgr-a2 ingress tcp 22 0.0.0.0/0") };
    let mut esp = line("sgr-a2 ingress tcp 22 0.0.0.0/0");
    esp.traffic = portless(None, None);
    let esp = Culprit { item: Item::Opening(esp), prior: None };
    assert!(planned(AUTHORIZE, &[esp], &Observed::SecurityGroup(now)).is_ok());
}

#[test]
fn a_line_named_twice_is_revoked_once() {
    let added = culprit("sgr-a2 ingress tcp 22 0.0.0.0/0");
    check(
        AUTHORIZE,
        &[added.clone(), added],
        &["sgr-a2 ingress tcp 22 0.0.0.0/0"],
        &expect!["revoke sgr-a2 from sg-0123"],
    );
}
