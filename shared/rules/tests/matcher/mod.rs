//! What EventBridge makes of a pattern (of its operators those that the compiler writes), and what it is given.

use crate::patch::merge;
use crate::support::event;
use rules::patterns::{OWN_ROLE, Pattern};
use rules::{Config, RuleBook, RuleFile};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use trail::envelope_source;

pub(crate) const ROLE: &str = "arn:aws:iam::111122223333:role/gardefou/acting";
pub(crate) const ANY_ROLE: &str = "arn:aws:iam::*:role/gardefou/acting";

/// Does the event pass the pattern?
pub(crate) fn passes(pattern: &Value, event: &Value) -> bool {
    object(pattern, Some(event))
}

/// Every field of the pattern has to be met; a part that the event does not have is one without fields.
fn object(pattern: &Value, event: Option<&Value>) -> bool {
    pattern.as_object().unwrap().iter().all(|(key, asked)| {
        let found = event.and_then(|event| event.get(key));
        match asked {
            Value::Array(any) if key == "$or" => {
                assert!(any.len() > 1, "`$or` takes two and more");
                any.iter().any(|one| object(one, event))
            }
            Value::Array(any) => any.iter().any(|one| leaf(one, found)),
            Value::Object(_) => object(asked, found),
            other => panic!("`{other}` is no pattern"),
        }
    })
}

fn leaf(asked: &Value, found: Option<&Value>) -> bool {
    let present = found.filter(|value| !value.is_object());
    if let Some(Value::Array(items)) = present {
        return items.iter().any(|item| leaf(asked, Some(item)));
    }
    let Some(operator) = asked.as_object() else { return present == Some(asked) };
    assert_eq!(operator.len(), 1, "{asked}");
    let (name, of) = operator.iter().next().unwrap();
    match (name.as_str(), of) {
        ("exists", Value::Bool(exists)) => present.is_some() == *exists,
        ("prefix", Value::String(start)) => {
            present.and_then(Value::as_str).is_some_and(|text| text.starts_with(start))
        }
        ("wildcard", Value::String(like)) => {
            present.and_then(Value::as_str).is_some_and(|text| is_like(like, text))
        }
        ("anything-but", Value::Object(like)) => {
            let patterns = like["wildcard"].as_array().unwrap();
            let like = |text: &str| patterns.iter().any(|pattern| is_like(pattern.as_str().unwrap(), text));
            present.is_some_and(|value| !value.as_str().is_some_and(like))
        }
        ("anything-but", Value::Array(but)) => present.is_some_and(|value| !but.contains(value)),
        _ => panic!("`{asked}` is no operator that the compiler writes"),
    }
}

fn is_like(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((start, rest)) => text.strip_prefix(start).is_some_and(|left| {
            (0..=left.len()).filter_map(|at| left.get(at..)).any(|left| is_like(rest, left))
        }),
    }
}

/// Patterns by name, as AWS has them.
pub(crate) type Deployed = Vec<(String, Value)>;

pub(crate) fn deployed(patterns: &[Pattern]) -> Deployed {
    let json = |pattern: &Pattern| pattern.json().to_string().replace(OWN_ROLE, ANY_ROLE);
    patterns.iter().map(|pattern| (pattern.name(), serde_json::from_str(&json(pattern)).unwrap())).collect()
}

/// The names of the patterns that let the event pass.
pub(crate) fn route(patterns: &Deployed, event: &Value) -> Vec<String> {
    let passed = patterns.iter().filter(|(_, pattern)| passes(pattern, event));
    passed.map(|(name, _)| name.clone()).collect()
}

pub(crate) fn envelope(record: &Value) -> Value {
    let detail_type = match record["eventType"].as_str() {
        Some("AwsServiceEvent") => "AWS Service Event via CloudTrail",
        Some("AwsConsoleSignIn") => "AWS Console Sign In via CloudTrail",
        Some("AwsConsoleAction") => "AWS Console Action via CloudTrail",
        _ => "AWS API Call via CloudTrail",
    };
    let source = envelope_source(record["eventSource"].as_str().unwrap_or_default());
    json!({"source": source, "detail-type": detail_type, "detail": record})
}

pub(crate) fn with(record: &Value, key: &str, value: Value) -> Value {
    let mut record = record.clone();
    record[key] = value;
    record
}

pub(crate) fn ours(record: &Value) -> Value {
    let identity = json!({"type": "AssumedRole", "sessionContext": {"sessionIssuer": {"arn": ROLE}}});
    with(record, "userIdentity", identity)
}

pub(crate) fn rule(id: &str, further: &str, events: &[(String, String)]) -> RuleFile {
    let sources: BTreeSet<&str> = events.iter().map(|(source, _)| source.as_str()).collect();
    let names = |of: &str| {
        let names = events.iter().filter(|(source, _)| source == of).map(|(_, name)| name.as_str());
        names.collect::<Vec<_>>().join(", ")
    };
    let events: Vec<String> =
        sources.iter().map(|source| format!("  {source}: [{}]\n", names(source))).collect();
    let rule_yaml = format!(
        "id: {id}\ntitle: t\nseverity: high\nmode: notify\nwhat: a\nwhy: b\ninstead: c\nmisses: d\n{further}\
         message: m\nwhen: change.name != ''\nevents:\n{}",
        events.concat()
    );
    RuleFile { path: format!("rules/{id}"), rule_yaml, cases_yaml: None }
}

pub(crate) fn book(files: Vec<RuleFile>) -> RuleBook {
    let (book, problems) = RuleBook::read(files, &Config::default());
    assert_eq!(problems, []);
    book
}

pub(crate) fn call(source: &str, name: &str) -> (String, String) {
    (source.to_owned(), name.to_owned())
}

/// A rule over every call whose record says this.
pub(crate) fn over_every_call(id: &str, further: &str, only: &Value) -> RuleFile {
    let file = rule(id, further, &[]);
    let rule_yaml = file.rule_yaml.replace("events:\n", &format!("events: any\nonly: {only}\n"));
    RuleFile { rule_yaml, ..file }
}

/// A case, as far as a pattern can see it.
#[derive(Deserialize)]
struct Case {
    /// None of what only the sweep sees.
    event: Option<String>,
    but: Option<Value>,
}

#[derive(Deserialize)]
struct Cases {
    #[serde(default)]
    violates: Vec<Case>,
}

/// The records of a rule's violating cases.
pub(crate) fn violating(file: &RuleFile) -> Vec<Value> {
    let cases: Cases = serde_saphyr::from_str(file.cases_yaml.as_deref().unwrap()).unwrap();
    let record = |case: Case| {
        let mut record: Value = serde_json::from_str(&event(&case.event?).unwrap()).unwrap();
        if record.get("detail-type").is_some() {
            record = record["detail"].take();
        }
        merge(&mut record, &case.but.unwrap_or_else(|| json!({})));
        Some(record)
    };
    cases.violates.into_iter().filter_map(record).collect()
}
