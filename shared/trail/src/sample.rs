//! Records for tests: a call with its request and its answer, and JSON of every kind.

use crate::{Change, parse_record};
use proptest::prelude::*;
use serde_json::{Value, json};

/// The call as a record; `more` replaces what it says by itself.
pub(crate) fn with(source: &str, name: &str, request: &Value, response: &Value, more: &Value) -> Change {
    let mut record = json!({
        "eventVersion": "1.11",
        "userIdentity": {"type": "Root", "accountId": "111122223333"},
        "eventTime": "2026-11-20T08:42:55Z",
        "eventSource": format!("{source}.amazonaws.com"),
        "eventName": name,
        "awsRegion": "eu-west-3",
        "requestParameters": request,
        "responseElements": response,
        "eventID": "91b5a3de-55a1-4f3a-8f2f-0d7a6fbe1004",
        "recipientAccountId": "111122223333",
    });
    for (key, value) in more.as_object().unwrap() {
        record[key] = value.clone();
    }
    parse_record(record.to_string().as_bytes()).unwrap()
}

pub(crate) fn change(source: &str, name: &str, request: &Value, response: &Value) -> Change {
    with(source, name, request, response, &json!({}))
}

/// CloudTrail's stand-in for what is too large.
pub(crate) fn omitted() -> Value {
    json!({"omitted": true, "originalSize": 104_221, "reason": "requestParameters too large"})
}

/// The keys with their first letter as EC2's newer calls write it, all the way down.
pub(crate) fn pascal(value: &Value) -> Value {
    let upper = |key: &str| {
        let (first, rest) = key.split_at(key.chars().next().map_or(0, char::len_utf8));
        format!("{}{rest}", first.to_uppercase())
    };
    match value {
        Value::Object(map) => map.iter().map(|(key, value)| (upper(key), pascal(value))).collect(),
        Value::Array(list) => list.iter().map(pascal).collect(),
        other => other.clone(),
    }
}

/// The four ways to write a list; of one element a fifth and a sixth.
pub(crate) fn lists(elements: &[Value]) -> Vec<Value> {
    let mut ways = vec![json!(elements), json!({"items": elements}), json!({"item": elements})];
    if let [only] = elements {
        ways.extend([json!({"items": only}), json!({"item": only})]);
        if only.is_object() {
            ways.push(only.clone());
        }
    }
    if elements.is_empty() {
        ways.extend([json!({}), json!(""), Value::Null]);
    }
    ways
}

/// Any JSON, with these keys and texts more often than others.
pub(crate) fn any_json(keys: &[&'static str], texts: &[&'static str]) -> impl Strategy<Value = Value> {
    let mut keys = keys.to_vec();
    keys.extend(["items", "item", "omitted", "content", "x"]);
    let mut texts = texts.to_vec();
    texts.extend(["", "true", "false", "all"]);
    let key = prop::sample::select(keys);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
        prop::sample::select(texts).prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 40, 5, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((key.clone(), inner), 0..5)
                .prop_map(|fields| fields.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()),
        ]
    })
}
