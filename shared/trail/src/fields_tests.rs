use super::*;
use proptest::prelude::*;
use serde_json::json;

fn texts(root: &Value, path: &str) -> Vec<String> {
    at(root, path).unwrap().into_iter().filter_map(text).collect()
}

#[test]
fn a_path_names_the_value_in_every_item_however_the_list_is_written() {
    for list in [
        json!([{"cidrIp": "a"}, {"cidrIp": "b"}]),
        json!({"items": [{"cidrIp": "a"}, {"cidrIp": "b"}]}),
        json!({"item": [{"CidrIp": "a"}, {"CIDRIP": "b"}]}),
        json!([[{"cidrIp": "ignored"}], {"cidrIp": "a"}, {"cidrIp": "b"}]),
    ] {
        let root = json!({"ipRanges": list});
        assert_eq!(texts(&root, "ipRanges.cidrIp"), ["a", "b"], "{root}");
        assert_eq!(texts(&root, "IPRANGES.cidrip"), ["a", "b"], "{root}");
    }
    assert_eq!(texts(&json!({"ipRanges": {"cidrIp": "a"}}), "ipRanges.cidrIp"), ["a"]);
    assert_eq!(texts(&json!({"names": {"member": ["a", 5, true]}}), "names"), ["a", "5", "true"]);
    assert_eq!(texts(&json!({"items": {"x": 1}}), "items.x"), ["1"]);
}

#[test]
fn what_is_not_there_is_nothing_and_what_was_left_out_is_an_error() {
    for root in [json!(null), json!({}), json!({"a": null}), json!("text"), json!({"a": {"b": 1}})] {
        assert_eq!(at(&root, "a.c").unwrap(), Vec::<&Value>::new(), "{root}");
    }
    let omitted = json!({"omitted": true, "reason": "requestParameters too large"});
    assert!(matches!(at(&omitted, "a"), Err(ShapeError::Oversized { .. })));
    assert!(matches!(at(&json!({"a": omitted}), "a.b"), Err(ShapeError::Oversized { .. })));
    assert!(matches!(at(&json!({"a": {"omitted": "true"}}), "a"), Err(ShapeError::Oversized { .. })));
    assert!(at(&json!({"b": omitted, "a": 1}), "a").is_ok(), "what is asked for is there");
}

#[test]
fn numbers_and_flags_are_the_same_as_texts() {
    for (value, wanted, expected) in [
        (json!(true), json!(true), true),
        (json!("true"), json!(true), true),
        (json!("False"), json!(false), true),
        (json!(5), json!("5"), true),
        (json!("5"), json!(5), true),
        (json!("Enabled"), json!("ENABLED"), true),
        (json!("true"), json!(false), false),
        (json!({}), json!(""), false),
        (json!(null), json!(false), false),
    ] {
        assert_eq!(same(&value, &wanted), expected, "{value} {wanted}");
    }
    assert_eq!(
        [json!(20), json!("20"), json!(20.0), json!("x")].map(|v| whole_number(&v)),
        [Some(20), Some(20), Some(20), None]
    );
}

#[test]
fn tags_are_read_from_every_shape() {
    for root in [
        json!({"tags": [{"key": "env", "value": "production"}]}),
        json!({"Tags": {"env": "production"}}),
        json!({"tagSpecificationSet": {"items": [{"resourceType": "instance", "tags": [{"key": "env", "value": "production"}]}]}}),
        json!({"TagSpecification": {"ResourceType": "volume", "tag": 1, "Tag": {"Key": "env", "Value": "production", "tag": 1}}}),
        json!({"tagSet": {"items": [{"key": "env", "value": "production"}]}}),
        json!({"Tagging": {"TagSet": {"Tag": {"Key": "env", "Value": "production"}}}}),
        json!({"tagging": "", "Tagging": {"TagSet": {"Tag": [{"Key": "env", "Value": "production"}]}}}),
        json!({"CreateBucketConfiguration": {"Tags": {"Tag": {"Key": "env", "Value": "production"}}}}),
        json!({"tags": [{"tagKey": "env", "tagValue": "production"}]}),
    ] {
        let found = tags(&root).unwrap();
        assert_eq!(found.get("env").map(String::as_str), Some("production"), "{root}");
        assert!(tagged(&found, "env=production") && tagged(&found, "env") && tagged(&found, "ENV=prod*"));
        assert!(!tagged(&found, "env=staging") && !tagged(&found, "team") && !tagged(&found, ""));
    }
}

#[test]
fn a_time_is_a_text_a_date_or_seconds() {
    let expected = "2026-11-21T00:00:00Z".parse().ok();
    for value in [
        json!("2026-11-21T00:00:00Z"),
        json!("2026-11-21"),
        json!(1_795_219_200),
        json!("2026-11-21T01:00:00+01:00"),
    ] {
        assert_eq!(time(&value), expected, "{value}");
    }
    assert_eq!(time(&json!("N/A")), None);
}

fn any_json() -> impl Strategy<Value = Value> {
    let words = prop_oneof![
        Just("a"),
        Just("B"),
        Just("items"),
        Just("item"),
        Just("omitted"),
        Just("tags"),
        Just("key")
    ];
    let leaf =
        prop_oneof![Just(json!(null)), Just(json!(true)), Just(json!(7)), Just(json!("a")), Just(json!(""))];
    leaf.prop_recursive(5, 60, 5, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((words.clone(), inner), 0..4)
                .prop_map(|fields| fields.into_iter().map(|(k, v)| (k.to_owned(), v)).collect()),
        ]
    })
}

proptest! {
    #[test]
    fn whatever_is_there_no_question_panics_and_no_list_is_an_item(root in any_json(), path in "(a|b|items|tags)(\\.(a|b|item|key)){0,3}") {
        if let Ok(found) = at(&root, &path) {
            prop_assert!(found.iter().all(|value| !value.is_array() && !value.is_null()));
        }
        let _ = tags(&root);
    }

    #[test]
    fn one_object_and_a_list_of_one_are_the_same(item in any_json()) {
        let one = json!({"list": {"a": item}});
        for many in [json!({"list": [{"a": item}]}), json!({"list": {"items": [{"a": item}]}}), json!({"LIST": {"item": {"A": item}}})] {
            prop_assert_eq!(at(&one, "list.a"), at(&many, "list.a"));
        }
    }
}
