//! Bytes to bytes that are nearly as good: the JSON in them is rearranged, or the bytes are.

use crate::plain;
use fastrand::Rng;
use serde_json::{Map, Value, json};

/// So that no chain of mutations grows without end.
const BYTES_MAX: usize = 200_000;

/// Texts on which readers of CloudTrail, networks, policies or YAML trip.
const TEXTS: &[&str] = &[
    "",
    " ",
    "*",
    "-1",
    "0",
    "6",
    "tcp",
    "all",
    "true",
    "Root",
    "Failure",
    "::/0",
    "0.0.0.0/0",
    "128.0.0.0/1",
    "10.0.0.0/33",
    "2000::/3",
    "65536",
    "9223372036854775808",
    "arn:aws:iam::123456789012:root",
    "arn:::",
    "sg-0",
    "444455556666",
    "us-east-1",
    "aws.iam",
    "iam.amazonaws.com",
    "AWS API Call via CloudTrail",
    "AwsServiceEvent",
    "AwsConsoleSignIn",
    "AwsCloudTrailInsight",
    "1969-12-31T23:59:59Z",
    "2026-11-20T08:14:05+25:00",
    "{{ change.name }}",
    "%7B%22Statement%22%3A%5B%5D%7D",
    "{\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":\"*\",\"Action\":\"*\"}]}",
    "\u{202e}\u{0}\u{1b}[31m",
    "\u{1f600}é",
    "change.name == 'x'",
    "opening.reaches('tcp', 22)",
    "((((((((((",
    "&a *a",
];

/// Keys that are read: as another's name they are a surprise.
const KEYS: &[&str] = &[
    "",
    "Records",
    "detail",
    "eventName",
    "EVENTNAME",
    "eventSource",
    "eventType",
    "errorCode",
    "requestParameters",
    "responseElements",
    "items",
    "item",
    "omitted",
    "content",
    "Statement",
    "Principal",
    "AWS",
    "when",
    "only",
    "count",
];

/// Nearly the same bytes; `other` gives parts.
pub fn mutate(bytes: &[u8], other: &[u8], chance: &mut Rng) -> Vec<u8> {
    let mut mutated = match plain::read(bytes).or_else(|| yaml(bytes)) {
        Some(mut value) if chance.u8(..) < 160 => {
            let donor = plain::read(other).or_else(|| yaml(other)).unwrap_or_default();
            for _ in 0..chance.usize(1..4) {
                let part = pick(&donor, chance).clone();
                rearrange(&mut value, part, chance);
            }
            written(&value, chance)
        }
        _ => bytes.to_vec(),
    };
    for _ in 0..chance.usize(0..3) {
        if chance.bool() {
            change_bytes(&mut mutated, other, chance);
        } else {
            change_lines(&mut mutated, chance);
        }
    }
    mutated.truncate(BYTES_MAX);
    mutated
}

fn yaml(bytes: &[u8]) -> Option<Value> {
    serde_saphyr::from_str(str::from_utf8(bytes).ok()?).ok().filter(|value: &Value| value.is_object())
}

/// Some value inside.
fn pick<'a>(value: &'a Value, chance: &mut Rng) -> &'a Value {
    let inner: Vec<&Value> = match value {
        Value::Object(map) => map.values().collect(),
        Value::Array(list) => list.iter().collect(),
        _ => Vec::new(),
    };
    match chance.choice(inner) {
        Some(inner) if chance.u8(..) < 200 => pick(inner, chance),
        _ => value,
    }
}

/// Some value inside is changed.
fn rearrange(value: &mut Value, part: Value, chance: &mut Rng) {
    let deeper = chance.u8(..) < 190;
    match value {
        Value::Object(map) if deeper && !map.is_empty() => {
            let at = chance.usize(..map.len());
            map.values_mut().skip(at).take(1).for_each(|inner| rearrange(inner, part.clone(), chance));
        }
        Value::Array(list) if deeper && !list.is_empty() => {
            let at = chance.usize(..list.len());
            list.iter_mut().skip(at).take(1).for_each(|inner| rearrange(inner, part.clone(), chance));
        }
        Value::Object(map) if chance.bool() => rearrange_keys(map, part, chance),
        Value::Array(list) if chance.bool() => match chance.u8(..3) {
            0 => list.push(part),
            1 => drop(list.pop()),
            _ => list.extend(list.clone()),
        },
        _ => *value = instead(value.take(), part, chance),
    }
}

fn rearrange_keys(map: &mut Map<String, Value>, part: Value, chance: &mut Rng) {
    let key = chance.choice(map.keys().cloned().collect::<Vec<_>>()).unwrap_or_default();
    match chance.u8(..4) {
        0 => drop(map.remove(&key)),
        1 => drop(map.insert(some(KEYS, chance), part)),
        2 => {
            let held = map.remove(&key).unwrap_or_default();
            map.insert(some(KEYS, chance), held);
        }
        _ => {
            let held = map.get(&key).cloned().unwrap_or_default();
            let other_case =
                |c: char| if c.is_uppercase() { c.to_ascii_lowercase() } else { c.to_ascii_uppercase() };
            map.insert(key.chars().map(other_case).collect(), held);
        }
    }
}

fn instead(value: Value, part: Value, chance: &mut Rng) -> Value {
    match chance.u8(..14) {
        0..4 => part,
        4..7 => some(TEXTS, chance).into(),
        7 => chance
            .choice([json!(-1), json!(0), json!(65_536), json!(i64::MIN), json!(u64::MAX), json!(1e308)])
            .unwrap(),
        8 => chance.choice([json!(null), json!(true), json!({}), json!([])]).unwrap(),
        9 => json!([value]),
        10 => json!({ "items": value }),
        11 => value.to_string().into(),
        12 => match value {
            Value::String(text) => text.repeat(chance.usize(1..40)).into(),
            other => json!([other, other]),
        },
        _ => (0..chance.usize(1..140)).fold(value, |inner, _| json!([inner])),
    }
}

fn some(from: &[&str], chance: &mut Rng) -> String {
    chance.choice(from).map_or_else(String::new, |text| (*text).to_owned())
}

/// The ways in which one value is written.
fn written(value: &Value, chance: &mut Rng) -> Vec<u8> {
    let text = value.to_string();
    match chance.u8(..8) {
        0 => format!("{value:#}"),
        1 => format!("\u{feff}{text}\n"),
        2 => {
            let letter = chance.choice(*b"eaoismdEIRAU").map_or('e', char::from);
            text.replace(letter, &format!("\\u{:04x}", u32::from(letter)))
        }
        3 => format!("{text}\n{text}\n"),
        4 => text.replace(':', " :\t"),
        _ => text,
    }
    .into_bytes()
}

fn change_bytes(bytes: &mut Vec<u8>, other: &[u8], chance: &mut Rng) {
    let at = chance.usize(..=bytes.len());
    let end = (at + chance.usize(..30)).min(bytes.len());
    match chance.u8(..5) {
        0 => bytes.truncate(at),
        1 => drop(bytes.drain(at..end)),
        2 => drop(bytes.splice(at..end, chance.choice(b"{}[]\",:\\\n \0\xff-'#|&*!".iter().copied()))),
        3 => {
            let from = chance.usize(..=other.len());
            drop(bytes.splice(at..end, other.iter().copied().skip(from).take(60)));
        }
        _ => {
            let again: Vec<u8> = bytes.iter().copied().skip(at).take(200).collect();
            drop(bytes.splice(at..at, again));
        }
    }
}

fn change_lines(bytes: &mut Vec<u8>, chance: &mut Rng) {
    let mut lines: Vec<Vec<u8>> = bytes.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
    let Some(at) = (!lines.is_empty()).then(|| chance.usize(..lines.len())) else { return };
    match chance.u8(..4) {
        0 => drop(lines.remove(at)),
        1 => {
            let to = chance.usize(..lines.len());
            lines.swap(at, to);
        }
        2 => {
            let line = lines.iter().skip(at).take(1).cloned().collect::<Vec<_>>();
            lines.extend(line);
        }
        _ => lines.iter_mut().skip(at).take(1).for_each(|line| drop(line.splice(0..0, *b"  "))),
    }
    *bytes = lines.concat();
}
