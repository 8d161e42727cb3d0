//! The file of a trail: its records are found without parsing it, and are those that parsing finds.

use crate::{Target, plain, seeds};
use serde_json::{Value, json};
use trail::ParseError;
use trail::file::{Entry, entries};
use trail::parse_record;

pub const TARGET: Target = Target { name: "file", seeds: files, check };

const GOOD: &str = r#"{"eventSource":"kms.amazonaws.com","eventName":"Good"}"#;

/// Two events after the other, in each of the ways in which a file holds them.
fn files() -> Vec<Vec<u8>> {
    let events: Vec<Value> = seeds::events().iter().filter_map(|text| plain::read(text.as_bytes())).collect();
    let laid_out = |(at, pair): (usize, &[Value])| match at % 6 {
        0 => json!({ "Records": pair }).to_string(),
        1 => serde_json::to_string_pretty(&json!({"Records": pair, "more": {"a": [1]}})).unwrap(),
        2 => json!(pair).to_string(),
        3 => pair.iter().map(Value::to_string).collect::<Vec<_>>().join("\n"),
        4 => pair.iter().map(|one| format!("{one:#}")).collect::<Vec<_>>().join("\n"),
        _ => json!({"version": 1, "Records": pair, "digest": "]}"}).to_string() + "\n",
    };
    events.chunks(2).enumerate().map(laid_out).map(String::into_bytes).collect()
}

fn check(bytes: &[u8]) -> bool {
    let found: Vec<Entry<'_>> = entries(bytes).collect();
    are_in_order(bytes, &found);
    for entry in &found {
        header_is_the_record_s(entry);
    }
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if let Some(written) = plain::read(text)
        && !matches!(parse_record(text), Err(ParseError::Twice { .. }))
    {
        are_those_that_parsing_finds(&found, &listed(written));
    }
    lines_are_records(text);
    one_line_spoils_no_other(bytes);
    found.iter().any(|entry| entry.parse().is_ok())
}

/// No byte is in two, and each has the next number.
fn are_in_order(bytes: &[u8], found: &[Entry<'_>]) {
    let mut last = bytes.as_ptr_range().start;
    for (entry, number) in found.iter().zip(1..) {
        assert_eq!(entry.number, number);
        let range = entry.bytes().as_ptr_range();
        assert!(entry.bytes().is_empty() || (last <= range.start && range.end <= bytes.as_ptr_range().end));
        last = last.max(range.end);
    }
}

/// By its header a record is skipped: it may say nothing else than the record.
fn header_is_the_record_s(entry: &Entry<'_>) {
    if let (Some(header), Ok(change)) = (entry.header(), entry.parse()) {
        assert_eq!((header.event_source, header.event_name), (&*change.event.source, &*change.event.name));
    }
}

/// The records of a file that is one JSON value.
fn listed(written: Value) -> Vec<Value> {
    match written {
        Value::Object(mut map) if map.get("Records").is_some_and(Value::is_array) => {
            map.remove("Records").and_then(|list| list.as_array().cloned()).unwrap_or_default()
        }
        Value::Array(list) => list,
        other => vec![other],
    }
}

fn are_those_that_parsing_finds(found: &[Entry<'_>], listed: &[Value]) {
    // A key that is written with escapes is not seen: then the file is one bad record, and told.
    if let [whole] = found
        && whole.bytes().windows(2).any(|two| two == b"\\u")
        && whole.parse().is_err()
    {
        return;
    }
    let found: Vec<Value> = found.iter().map(|entry| plain::read(entry.bytes()).unwrap()).collect();
    assert_eq!(found, listed);
}

/// Where each line is an object by itself, each is a record.
fn lines_are_records(text: &[u8]) {
    let lines: Vec<&[u8]> =
        text.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty()).collect();
    let one = |line: &&[u8]| {
        line.starts_with(b"{") && plain::read(line).is_some_and(|value| value.get("Records").is_none())
    };
    if lines.len() > 1 && lines.iter().all(one) {
        let found: Vec<Entry<'_>> = entries(text).collect();
        assert_eq!(found.len(), lines.len());
        for (entry, line) in found.iter().zip(lines) {
            assert_eq!(plain::read(entry.bytes()), plain::read(line));
        }
    }
}

/// Whatever a line is, the good ones around it are found.
fn one_line_spoils_no_other(bytes: &[u8]) {
    let line: Vec<u8> = bytes.iter().copied().filter(|byte| *byte != b'\n').take(2_000).collect();
    let text = [GOOD.as_bytes(), b"\n", &line, b"\n", GOOD.as_bytes()].concat();
    let named = |entry: Entry<'_>| entry.header().is_some_and(|header| header.event_name == "Good");
    let good = entries(&text).filter(|entry| named(entry.clone())).count();
    assert!(good >= 2, "{}", String::from_utf8_lossy(&text));
}
