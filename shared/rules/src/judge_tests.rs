use super::*;
use crate::value::LoginValue;
use crate::{Config, RuleFile};
use model::{Direction, Mode, Severity, Source, Traffic, Untrusted};
use proptest::prelude::*;
use serde_json::{Value, json};

/// A rule with this id, these further lines and this condition.
fn rule(id: &str, further: &str, when: &str) -> RuleFile {
    let rule_yaml = format!(
        "id: {id}\ntitle: t\nseverity: high\nmode: notify\nwhat: a\nwhy: b\ninstead: c\nmisses: d\n\
         message: '{{{{ change.name }}}} of {{{{ change.resource }}}}'\n{further}\nwhen: >-\n  {when}\n"
    );
    RuleFile { path: format!("rules/{id}"), rule_yaml, cases_yaml: None }
}

const INGRESS: &str = "events: {ec2.amazonaws.com: [AuthorizeSecurityGroupIngress]}\neach: openings";

fn book(files: Vec<RuleFile>) -> RuleBook {
    configured(files, "{}")
}

fn configured(files: Vec<RuleFile>, config: &str) -> RuleBook {
    let (book, problems) = RuleBook::read(files, &Config::read(config).unwrap());
    assert_eq!(problems, []);
    book
}

fn record(further: &Value) -> Value {
    let mut record = json!({
        "eventVersion": "1.11", "eventTime": "2026-11-20T08:14:03Z", "eventSource": "ec2.amazonaws.com",
        "eventName": "AuthorizeSecurityGroupIngress", "awsRegion": "eu-west-3", "eventType": "AwsApiCall",
        "eventID": "0b1f3a52-7a0e-4d3e-8a54-6f0b2f6d1001", "recipientAccountId": "111122223333",
        "sourceIPAddress": "198.51.100.1", "readOnly": false,
        "userIdentity": {"type": "IAMUser", "userName": "lea", "arn": "arn:aws:iam::111122223333:user/lea"},
        "requestParameters": {"groupId": "sg-0123", "ipPermissions": {"items": [
            {"ipProtocol": "tcp", "fromPort": 22, "toPort": 22, "ipRanges": {"items": [
                {"cidrIp": "0.0.0.0/0"}, {"cidrIp": "198.51.100.0/24"}]}}]}},
    });
    for (name, value) in further.as_object().unwrap() {
        record[name] = value.clone();
    }
    record
}

fn change(further: &Value) -> Change {
    trail::parse_record(record(further).to_string().as_bytes()).unwrap()
}

fn verdict(further: &str, when: &str, record: &Value) -> Option<String> {
    let book = book(vec![rule("r", further, when)]);
    book.judge(&change(record)).into_iter().next().map(|judged| match judged.verdict {
        Verdict::Quiet => "quiet".to_owned(),
        Verdict::Violation(items) => format!("violated by {}", items.len()),
        Verdict::Undecided { reason } => reason,
    })
}

#[test]
fn each_item_is_asked_by_itself_and_one_odd_item_hides_no_other() {
    let ask = |when: &str| verdict(INGRESS, when, &json!({})).unwrap();
    assert_eq!(ask("opening.exposes('tcp', 22)"), "violated by 1");
    assert_eq!(ask("opening.reaches('tcp', 22)"), "violated by 2");
    assert_eq!(ask("opening.reaches('tcp', 23)"), "quiet");
    assert_eq!(ask("opening.group == 'sg-1'"), "the event does not say `group`");
    assert_eq!(ask("opening.exposes('tcp', 22) || opening.group == 'sg-1'"), "violated by 1");
    assert_eq!(
        ask("!opening.exposes('tcp', 22) && opening.group == 'sg-1'"),
        "the event does not say `group`"
    );
}

#[test]
fn a_change_may_be_asked_as_a_whole() {
    let whole = "events: {ec2.amazonaws.com: [AuthorizeSecurityGroupIngress]}\nkind: change";
    let ask = |when: &str| verdict(whole, when, &json!({})).unwrap();
    assert_eq!(ask("change.actor.name == 'lea' && change.region == 'eu-west-3'"), "violated by 0");
    assert_eq!(ask("change.request.ipPermissions.items[0].fromPort == 22"), "violated by 0");
    assert_eq!(ask("change.openings.exists(o, o.source == '198.51.100.0/24')"), "violated by 0");
    assert_eq!(ask("size(change.openings) == 2 && !has(change.response.anything)"), "violated by 0");
    assert_eq!(ask("has(change.actor.role) || has(change.error)"), "quiet");
    assert_eq!(ask("change.request.groupName == 'x'"), "the event does not say `groupName`");
    assert_eq!(ask("change.request.groupId > 3"), "the event holds another kind of value than is asked for");
    assert_eq!(
        ask("change.request.ipPermissions.items[9].x == 3"),
        "the list in the event is shorter than is asked for"
    );
}

#[test]
fn failed_calls_dry_runs_and_reads_are_asked_only_of_rules_that_say_so() {
    let failed = json!({"errorCode": "Client.UnauthorizedOperation"});
    let dry = json!({"errorCode": "Client.DryRunOperation"});
    let read = json!({"readOnly": true});
    let ask =
        |further: &str, record: &Value| verdict(&format!("{INGRESS}\n{further}"), "opening.ingress", record);
    for (record, said) in [(&failed, "failed: true"), (&read, "reads: true")] {
        assert_eq!(ask("", record), None);
        assert_eq!(ask(said, record).unwrap(), "violated by 2");
    }
    assert_eq!(ask("failed: true", &dry), None);
}

#[test]
fn too_many_items_are_undecided() {
    let many = |length: u32| {
        let range = |at: u32| json!({"cidrIp": format!("10.{}.{}.0/24", at / 256, at % 256)});
        let ranges: Vec<Value> = (0..length).map(range).collect();
        json!({"requestParameters": {"groupId": "sg-0123", "ipPermissions": {"items": [
            {"ipProtocol": "tcp", "fromPort": 22, "toPort": 22, "ipRanges": {"items": ranges}}]}}})
    };
    assert_eq!(verdict(INGRESS, "opening.ingress", &many(500)).unwrap(), "violated by 500");
    assert_eq!(verdict(INGRESS, "opening.ingress", &many(501)).unwrap(), "more than 500 of them in one call");
    let whole = "events: {ec2.amazonaws.com: [AuthorizeSecurityGroupIngress]}\nkind: change";
    assert_eq!(
        verdict(whole, "change.request.texts('ipPermissions.ipRanges.cidrIp').size() > 9", &many(501))
            .unwrap(),
        "fields: a list of more than 500 entries"
    );
}

#[test]
fn a_rule_is_found_by_source_and_name_whatever_date_the_name_carries() {
    let dated = "events: {lambda.amazonaws.com: [AddPermission20150331v2]}\nkind: change";
    let book = book(vec![rule("a", dated, "true"), rule("b", INGRESS, "opening.ingress")]);
    assert!(book.asks_for("lambda.amazonaws.com", "AddPermission20150331v2"));
    assert!(book.asks_for("lambda.amazonaws.com", "AddPermission20150331"));
    assert!(!book.asks_for("ec2.amazonaws.com", "AddPermission20150331"));
    assert!(!book.asks_for("ec2.amazonaws.com", "RevokeSecurityGroupIngress"));
    assert!(book.judge(&change(&json!({"eventName": "RunInstances"}))).is_empty());
}

#[test]
fn a_param_comes_from_the_configuration_or_else_from_the_rule() {
    let further = format!("{INGRESS}\nparams: {{admin_ports: [23]}}\nneeds: [operator_cidrs]");
    let when =
        "params.admin_ports.exists(p, opening.reaches('tcp', p)) && opening.outside(params.operator_cidrs)";
    let judged = |config: &str| {
        let book = configured(vec![rule("r", &further, when)], config);
        book.judge(&change(&json!({})))
            .into_iter()
            .map(|judged| judged.verdict != Verdict::Quiet)
            .collect::<Vec<_>>()
    };
    assert!(judged("{}").is_empty(), "nobody said where operators come from");
    assert!(judged("params: {operator_cidrs: []}").is_empty(), "an empty list says nothing");
    assert_eq!(judged("params: {operator_cidrs: [192.0.2.0/24]}"), [false]);
    assert_eq!(judged("params: {operator_cidrs: [192.0.2.0/24], admin_ports: [22]}"), [true]);
    let (_, problems) = RuleBook::read(
        [rule("r", &format!("{INGRESS}\nparams: {{most: 3}}"), "params.most > 3")],
        &Config::read("params: {most: [a]}").unwrap(),
    );
    assert_eq!(
        problems[0].to_string(),
        "rules/r/rule.yaml:1:5: `most` is configured as another kind of value than the rule needs"
    );
}

#[test]
fn a_bad_rule_stops_no_good_one() {
    let files = [
        rule("a", INGRESS, "opening.nope"),
        rule("b", INGRESS, "opening.ingress"),
        rule("b", INGRESS, "true"),
    ];
    let (book, problems) = RuleBook::read(files, &Config::default());
    let ids: Vec<&str> = book.rules().iter().map(|rule| rule.id.as_str()).collect();
    assert_eq!((ids.as_slice(), problems.len()), (["b"].as_slice(), 2));
    assert!(
        book.rule(&"b".parse().unwrap())
            .is_some_and(|rule| rule.mode == Mode::Notify && rule.severity == Severity::High)
    );
}

fn line(rule: &str, direction: Direction, source: &str) -> Opening {
    let traffic = Traffic::Tcp(model::Ports::new(22, 22).unwrap());
    let source = Source::Net(source.parse().unwrap());
    Opening { rule: Some(rule.parse().unwrap()), direction, traffic, source, description: None }
}

fn group(tags: &[&str], lines: Vec<Opening>) -> Observed {
    Observed::SecurityGroup(SecurityGroup {
        group: "sg-0123".parse().unwrap(),
        name: Untrusted::new("web"),
        tags: tags.iter().map(|tag| ((*tag).to_owned(), Untrusted::new("yes"))).collect(),
        lines,
        prefix_lists: [("pl-0a".parse().unwrap(), vec!["192.0.2.0/24".parse().unwrap()])].into(),
        uses: None,
    })
}

#[test]
fn holds_is_asked_of_the_culprits_that_still_stand() {
    let further =
        format!("{INGRESS}\nholds: opening.ingress && 'prod' in observed.tags && observed.name == 'web'");
    let book = book(vec![rule("r", &further, "opening.reaches('tcp', 22)")]);
    let id: RuleId = "r".parse().unwrap();
    let culprit = |opening: &Opening| Item::Opening(opening.clone());
    let (one, two) =
        (line("sgr-01", Direction::Ingress, "0.0.0.0/0"), line("sgr-02", Direction::Ingress, "10.0.0.0/8"));
    let confirm = |culprits: &[Item], now: &Observed| book.confirm(&id, culprits, now);
    let both = [culprit(&one), culprit(&two)];
    assert_eq!(
        confirm(&both, &group(&["prod"], vec![two.clone(), one.clone()])),
        Verdict::Violation(both.to_vec())
    );
    assert_eq!(confirm(&both, &group(&["test"], vec![two.clone(), one.clone()])), Verdict::Quiet);
    assert_eq!(confirm(&both, &group(&["prod"], vec![two.clone()])), Verdict::Violation(vec![culprit(&two)]));
    let turned = Opening { direction: Direction::Egress, ..one.clone() };
    assert_eq!(confirm(&[culprit(&one)], &group(&["prod"], vec![turned])), Verdict::Quiet);
    let again = Opening { rule: Some("sgr-09".parse().unwrap()), ..one.clone() };
    assert_eq!(
        confirm(&[culprit(&one)], &group(&["prod"], vec![again.clone()])),
        Verdict::Quiet,
        "another line"
    );
    let unnamed = Opening { rule: None, ..one };
    assert_eq!(
        confirm(&[culprit(&unnamed)], &group(&["prod"], vec![again.clone()])),
        Verdict::Violation(vec![culprit(&again)])
    );
    assert_eq!(confirm(&both, &Observed::Gone), Verdict::Quiet);
    assert!(matches!(
        book.confirm(&"gone".parse().unwrap(), &both, &Observed::Gone),
        Verdict::Undecided { .. }
    ));
}

#[test]
fn a_rule_without_holds_confirms_what_stands() {
    let book = book(vec![rule("r", INGRESS, "opening.ingress")]);
    let standing = line("sgr-01", Direction::Ingress, "0.0.0.0/0");
    let gone = Item::Opening(line("sgr-02", Direction::Ingress, "10.0.0.0/8"));
    let culprits = [Item::Opening(standing.clone()), gone];
    let confirmed = book.confirm(&"r".parse().unwrap(), &culprits, &group(&[], vec![standing]));
    assert_eq!(confirmed, Verdict::Violation(culprits[..1].to_vec()));
}

#[test]
fn with_state_both_conditions_are_asked() {
    let further = format!(
        "{INGRESS}\nholds: observed.lines.exists(l, l.cidr == '192.0.2.0/24') && size(observed.prefix_lists['pl-0a']) == 1"
    );
    let book = book(vec![rule("r", &further, "opening.exposes('tcp', 22)")]);
    let change = change(&json!({}));
    let judged = |now: &Observed| book.judge_with_state(&change, now).remove(0).verdict != Verdict::Quiet;
    assert!(judged(&group(&[], vec![line("sgr-01", Direction::Ingress, "192.0.2.0/24")])));
    assert!(!judged(&group(&[], vec![line("sgr-01", Direction::Ingress, "192.0.1.0/24")])));
    assert!(judged(&Observed::Gone), "the event alone is asked");
}

#[test]
fn a_message_speaks_of_the_change_and_of_all_culprits() {
    let file = rule("r", INGRESS, "opening.ingress");
    let text = "'{{ opening.traffic }} from {{ opening.source }} by {{ change.actor.name }} ({{ change.actor.role }})'";
    let rule_yaml = file.rule_yaml.replace("'{{ change.name }} of {{ change.resource }}'", text);
    let book = book(vec![RuleFile { rule_yaml, ..file }]);
    let change = change(&json!({}));
    let judged = book.judge(&change).remove(0);
    let Verdict::Violation(culprits) = &judged.verdict else { panic!("{judged:?}") };
    let message = judged.rule.message(&change, culprits);
    assert_eq!(message.raw(), "tcp 22 from 0.0.0.0/0, 198.51.100.0/24 by lea (-)");
}

#[test]
fn every_field_of_the_vocabulary_is_answered() {
    use crate::vocabulary::{FIELDS, Kind};
    let full = change(&json!({
        "errorCode": "Client.X",
        "userIdentity": {"type": "AssumedRole", "arn": "arn:aws:sts::111122223333:assumed-role/ops/lea",
            "accountId": "111122223333", "invokedBy": "cloudformation.amazonaws.com", "sessionContext": {
                "sessionIssuer": {"type": "Role", "arn": "arn:aws:iam::111122223333:role/ops", "userName": "ops"},
                "attributes": {"mfaAuthenticated": "true"}, "sourceIdentity": "lea"}},
        "userAgent": "aws-cli"
    }));
    let source = |further: &str| {
        format!("{{\"direction\": \"ingress\", \"traffic\": {{\"tcp\": [1, 2]}}, {further}}}")
    };
    let openings: Vec<Opening> = [
        "\"rule\": \"sgr-01\", \"description\": \"d\", \"source\": {\"net\": \"10.0.0.0/8\"}",
        "\"source\": {\"prefix-list\": \"pl-0a\"}",
        "\"source\": {\"group\": {\"group\": \"sg-1\", \"account\": \"444455556666\"}}",
    ]
    .map(|further| serde_json::from_str(&source(further)).unwrap())
    .into();
    let scene = Arc::new(Scene { field: Field::of(&openings), limits: Limits::default() });
    let statement = "{\"id\": \"x\", \"sid\": \"x\", \"position\": 0, \"effect\": \"Allow\"}";
    let statements = vec![serde_json::from_str(statement).unwrap()];
    let policy = Arc::new(Policy { statements, held_by: full.resource.clone() });
    let observed = group(&["a"], openings.clone());
    let Observed::SecurityGroup(now) = &observed else { panic!("{observed:?}") };
    let mut scope = condition::scope();
    scope.add_variable_as_val(
        "change",
        Box::new(ChangeValue::new(Arc::new(full.clone()), Ok(Arc::clone(&scene)), Ok(policy))),
    );
    scope.add_variable_as_val("observed", Box::new(ObservedValue::new(now, &scene)));
    let login =
        model::Login { succeeded: true, mfa: Some(true), root: false, federated: false, instance: false };
    scope.add_variable_as_val("login", Box::new(LoginValue(login)));
    let grant =
        serde_json::from_str("{\"id\": \"x\", \"grantee\": \"everyone\", \"permission\": \"READ\"}").unwrap();
    scope.add_variable_as_val("grant", Box::new(GrantValue(grant)));
    let share = serde_json::from_str("{\"id\": \"x\", \"with\": \"everyone\"}").unwrap();
    scope.add_variable_as_val("share", Box::new(ShareValue(share, full.account.clone())));
    let store = serde_json::from_str("{\"id\": \"x\", \"name\": \"x\", \"key\": \"k\"}").unwrap();
    scope.add_variable_as_val("store", Box::new(StoreValue(store)));
    for (kind, field, _) in FIELDS.iter().filter(|(_, field, _)| *field != "login") {
        let (names, text): (&[_], _) = match kind {
            Kind::Login => (&[("login", *kind)], format!("has(login.{field})")),
            Kind::Grant => (&[("grant", *kind)], format!("has(grant.{field})")),
            Kind::Share => (&[("share", *kind)], format!("has(share.{field})")),
            Kind::Store => (&[("store", *kind)], format!("has(store.{field})")),
            Kind::Change => (&[("change", *kind)], format!("has(change.{field})")),
            Kind::Actor => (&[("change", Kind::Change)], format!("has(change.actor.{field})")),
            Kind::Observed => (&[("observed", *kind)], format!("has(observed.{field})")),
            Kind::Opening => {
                (&[("observed", Kind::Observed)], format!("observed.lines.exists(o, has(o.{field}))"))
            }
            Kind::Statement => {
                (&[("change", Kind::Change)], format!("change.statements.exists(s, has(s.{field}))"))
            }
            other => panic!("{other:?} has fields"),
        };
        let words = crate::walk::Words { names, params: &std::collections::BTreeMap::new(), each: false };
        let answer = crate::condition::Condition::compile(&text, &words).unwrap().ask(&scope);
        assert_eq!(answer, Answer::Yes, "{text}");
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    let words = prop_oneof![
        Just("ipPermissions"),
        Just("items"),
        Just("ipRanges"),
        Just("cidrIp"),
        Just("ipProtocol"),
        Just("fromPort"),
        Just("toPort"),
        Just("groups"),
        Just("groupId"),
        Just("prefixListIds"),
        Just("SecurityGroupRule"),
        Just("x")
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        (-2_i64..70_000).prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        prop_oneof![Just("0.0.0.0/0"), Just("::/0"), Just("-1"), Just("tcp"), Just("22")]
            .prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 48, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((words.clone(), inner), 0..6).prop_map(|fields| fields
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect()),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn no_request_makes_judging_panic(request in any_json(), response in any_json()) {
        let whole = "events: {ec2.amazonaws.com: [AuthorizeSecurityGroupIngress]}\nkind: change";
        let book = book(vec![
            rule("a", INGRESS, "opening.exposes('tcp', 22) || opening.outside(['10.0.0.0/8']) && opening.from_port < 9"),
            rule("b", whole, "change.request.number('fromPort') > 3 || change.response.x.y == 'z'"),
            rule("d", whole, "change.request.list('items.groups').exists(g, g.says('x', ['tcp', '-1'])) || change.tagged('x=1')"),
            rule("e", whole, "change.request.texts('ipRanges.cidrIp').isWorld() || change.request.json('x').has('y')"),
            rule("c", whole, "change.request.items.all(i, i.cidrIp.startsWith('0.') || i.fromPort + 1 == i.toPort)"),
        ]);
        let record = record(&json!({"requestParameters": request, "responseElements": response}));
        if let Ok(change) = trail::parse_record(record.to_string().as_bytes()) {
            for judged in book.judge(&change) {
                let culprits = if let Verdict::Violation(culprits) = judged.verdict { culprits } else { Vec::new() };
                prop_assert!(!judged.rule.message(&change, &culprits).raw().is_empty());
            }
        }
    }
}
