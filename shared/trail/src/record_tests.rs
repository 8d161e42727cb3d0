use crate::{Change, ParseError, parse_record};
use expect_test::{Expect, expect};
use proptest::prelude::*;
use serde_json::{Value, json};

const IPV4_WORLD: &str = include_str!("../../../events/ec2/AuthorizeSecurityGroupIngress/ipv4-world.json");
const MODIFIED: &str = include_str!("../../../events/ec2/ModifySecurityGroupRules/array-one-to-world.json");

fn parse(value: &Value) -> Result<Change, ParseError> {
    parse_record(value.to_string().as_bytes())
}

/// A good record with some keys replaced; `null` for a key removes it.
fn with(changes: &Value) -> Value {
    let mut record: Value = serde_json::from_str(IPV4_WORLD).unwrap();
    for (key, value) in changes.as_object().unwrap() {
        match value {
            Value::Null => drop(record.as_object_mut().unwrap().remove(key)),
            value => record[key] = value.clone(),
        }
    }
    record
}

fn refused(changes: &Value, expected: &Expect) {
    expected.assert_eq(&parse(&with(changes)).map_or_else(|error| error.to_string(), |_| "taken".to_owned()));
}

#[test]
fn what_every_record_must_have_is_named_when_it_is_missing() {
    refused(&json!({"eventSource": null}), &expect!["eventSource: expected a text, found nothing"]);
    refused(&json!({"eventName": ""}), &expect!["eventName: expected a text, found nothing"]);
    refused(&json!({"eventID": "abc"}), &expect!["eventID: malformed event id `abc`"]);
    refused(&json!({"eventTime": "yesterday"}), &expect!["eventTime: `yesterday` is not a time"]);
    refused(&json!({"awsRegion": "paris"}), &expect!["awsRegion: malformed region `paris`"]);
    refused(&json!({"recipientAccountId": "12"}), &expect!["recipientAccountId: malformed account id `12`"]);
    refused(&json!({"eventSource": "EC2 console"}), &expect!["eventSource: malformed service `EC2 console`"]);
    refused(&json!({"readOnly": 3}), &expect!["readOnly: expected true or false, found a number"]);
    refused(&json!({"eventName": ["x"]}), &expect!["eventName: expected a text, found a list"]);
    refused(
        &json!({"userIdentity": {"type": {}}}),
        &expect!["userIdentity.type: expected a text, found an object"],
    );
}

#[test]
fn what_is_no_record_at_all_is_refused() {
    let refused = |text: &str| parse_record(text.as_bytes()).unwrap_err().to_string();
    assert_eq!(refused("[]"), "top level: expected an object, found a list");
    assert_eq!(refused("null"), "top level: expected an object, found nothing");
    assert_eq!(refused("{}"), "eventTime: expected a text, found nothing");
}

#[test]
fn text_from_an_event_cannot_forge_a_line_of_the_log() {
    refused(
        &json!({"awsRegion": "x\nERROR \u{1b}[31mall is lost"}),
        &expect![[r"awsRegion: malformed region `x\nERROR \u{1b}[31mall is lost`"]],
    );
    let long = parse(&with(&json!({"eventID": "x".repeat(1_000_000)}))).unwrap_err().to_string();
    assert!(long.len() < 200, "{long}");
}

#[test]
fn another_major_version_is_refused_and_a_new_minor_is_not() {
    refused(
        &json!({"eventVersion": "2.0"}),
        &expect!["eventVersion: version `2.0` is not one that is understood"],
    );
    refused(
        &json!({"eventVersion": "10.1"}),
        &expect!["eventVersion: version `10.1` is not one that is understood"],
    );
    refused(&json!({"eventVersion": "1.99", "news": {"of": ["tomorrow"]}}), &expect!["taken"]);
    refused(&json!({"eventVersion": null}), &expect!["taken"]);
}

#[test]
fn a_key_that_is_there_twice_is_refused_with_its_path() {
    let text = IPV4_WORLD.replacen("\"groupId\":", "\"ipPermissions\": {}, \"groupId\":", 1);
    assert_eq!(
        parse_record(text.as_bytes()).unwrap_err().to_string(),
        "requestParameters: the key `ipPermissions` is there twice"
    );
}

#[test]
fn read_only_is_a_flag_or_a_text() {
    let read_only = |value: Value| parse(&with(&json!({ "readOnly": value }))).unwrap().read_only;
    assert!(read_only(json!(true)) && read_only(json!("true")) && read_only(json!("True")));
    assert!(!read_only(json!(false)) && !read_only(json!("false")) && !read_only(json!(null)));
}

#[test]
fn the_account_is_the_recipients_and_of_old_the_callers() {
    let account = |changes: Value| parse(&with(&changes)).unwrap().account.to_string();
    assert_eq!(account(json!({"recipientAccountId": "444455556666"})), "444455556666");
    assert_eq!(account(json!({"recipientAccountId": null})), "111122223333");
    refused(
        &json!({"recipientAccountId": null, "userIdentity": null}),
        &expect!["recipientAccountId: expected a text, found nothing"],
    );
}

#[test]
fn fields_that_are_null_empty_or_of_text_are_tolerated_where_an_object_is_meant() {
    for odd in [json!({}), json!(""), json!("Success"), json!([])] {
        let change = parse(&with(&json!({"eventName": "DescribeInstances", "requestParameters": odd,
            "responseElements": odd, "additionalEventData": odd, "resources": odd, "sourceIPAddress": "AWS Internal"})))
        .unwrap();
        assert_eq!((&change.request, &change.response), (&odd, &odd));
        assert_eq!(change.openings(), Ok(&[][..]));
        assert_eq!(change.source_address.raw(), "AWS Internal");
    }
}

#[test]
fn a_field_is_found_by_its_path_wherever_it_is_kept() {
    let change = parse(&with(&json!({}))).unwrap();
    let text = |path: &str| change.field(path).and_then(Value::as_str);
    assert_eq!(text("userIdentity.type"), Some("AssumedRole"));
    assert_eq!(text("requestParameters.groupId"), Some("sg-0aa11bb22cc33dd44"));
    assert_eq!(text("eventName"), Some("AuthorizeSecurityGroupIngress"));
    assert_eq!(change.field("responseElements._return"), Some(&json!(true)));
    assert_eq!(change.field("requestParameters"), Some(&change.request));
    assert_eq!(change.field("userIdentity.nothing.there"), None);
}

#[test]
fn an_insight_names_the_call_that_it_is_about_below() {
    let change = parse(&with(&json!({"eventSource": null, "eventName": null, "userIdentity": null,
        "requestParameters": null, "responseElements": null, "eventType": "AwsCloudTrailInsight",
        "insightDetails": {"state": "Start", "eventSource": "iam.amazonaws.com", "eventName": "AttachRolePolicy"}})))
    .unwrap();
    assert_eq!((change.kind, change.event.name.as_str()), (crate::EventKind::Insight, "AttachRolePolicy"));
    assert_eq!(change.resource.id.raw(), "iam.amazonaws.com");
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        prop::sample::select(vec!["", "-1", "0.0.0.0/0", "::/0", "sgr-01", "items", "true", "{}"])
            .prop_map(Value::from),
    ];
    let key = prop_oneof![
        prop::sample::select(vec![
            "items",
            "item",
            "omitted",
            "groupId",
            "SecurityGroupRule",
            "type",
            "ipProtocol",
            "cidrIp",
            "fromPort",
            "detail",
            "Records",
            "eventName",
            "isEgress",
            "tag"
        ])
        .prop_map(str::to_owned),
        ".{0,6}",
    ];
    leaf.prop_recursive(5, 40, 5, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map(key.clone(), inner, 0..5)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// Puts something else at the place that the choices lead to.
fn mutate(value: &mut Value, choices: &[u8], with: &Value) {
    let Some((&choice, rest)) = choices.split_first() else {
        *value = with.clone();
        return;
    };
    let pick = usize::from(choice);
    match value {
        Value::Object(map) if !map.is_empty() => {
            let at = pick % map.len();
            mutate(map.values_mut().nth(at).unwrap(), rest, with);
        }
        Value::Array(list) if !list.is_empty() => {
            let at = pick % list.len();
            mutate(&mut list[at], rest, with);
        }
        other => *other = with.clone(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn any_json_is_read_or_refused(value in any_json()) {
        let text = value.to_string();
        let _ = parse_record(text.as_bytes());
        let _ = crate::parse_envelope(text.as_bytes());
        for entry in crate::file::entries(text.as_bytes()) {
            let _ = entry.parse();
        }
    }

    #[test]
    fn any_mutation_of_a_record_is_read_or_refused(
        modified in any::<bool>(), choices in prop::collection::vec(any::<u8>(), 1..6), other in any_json(),
    ) {
        let mut record: Value = serde_json::from_str(if modified { MODIFIED } else { IPV4_WORLD }).unwrap();
        mutate(&mut record, &choices, &other);
        if let Ok(change) = parse(&record) {
            let _ = change.openings();
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused(cut in 0..IPV4_WORLD.trim_end().len(), at in 0..IPV4_WORLD.len(), byte in any::<u8>()) {
        let mut bytes = IPV4_WORLD.as_bytes().to_vec();
        bytes[at] = byte;
        let _ = parse_record(&bytes);
        bytes.truncate(cut);
        prop_assert!(parse_record(&bytes).is_err());
        for entry in crate::file::entries(&bytes) {
            let _ = entry.parse();
        }
    }
}
