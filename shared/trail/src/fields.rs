//! A part of a record by paths, however AWS wrote it: the one place that knows a path from a shape.
//!
//! Keys are compared without case. Lists (`[…]`, `{"items": […]}`, `{"item": {…}}`, one object) are walked through, so
//! that a path names the value in each of their items. What CloudTrail left out as too large is an error wherever a
//! path meets it.

use crate::error::ShapeError;
use crate::{policy, strict};
use serde_json::Value;
use std::collections::BTreeMap;

/// Below these, a list is written out.
const WRAPPED: &[&str] = &["items", "item", "member"];

/// Of one question: a path that meets more is not answered.
const FOUND_MAX: usize = 5_000;

/// The values at a dotted path, lists walked through.
pub fn at<'v>(root: &'v Value, path: &str) -> Result<Vec<&'v Value>, ShapeError> {
    let mut found = vec![root];
    for key in path.split('.').filter(|key| !key.is_empty()) {
        let mut next = Vec::new();
        for value in found {
            below(value, key, path, &mut next)?;
        }
        if next.len() > FOUND_MAX {
            return Err(ShapeError::TooLarge { path: path.to_owned() });
        }
        found = next;
    }
    let mut items = Vec::new();
    for value in found {
        spread(value, path, &mut items)?;
    }
    Ok(items)
}

fn below<'v>(value: &'v Value, key: &str, path: &str, into: &mut Vec<&'v Value>) -> Result<(), ShapeError> {
    match value {
        Value::Array(items) => {
            items.iter().filter(|item| !item.is_array()).try_for_each(|item| below(item, key, path, into))
        }
        Value::Object(_) => {
            whole(value, path)?;
            match field(value, key) {
                Some(inner) => into.push(inner),
                None => {
                    if let Some(inner) = wrapped(value) {
                        below(inner, key, path, into)?;
                    }
                }
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

/// The elements of what may be a list.
fn spread<'v>(value: &'v Value, path: &str, into: &mut Vec<&'v Value>) -> Result<(), ShapeError> {
    match value {
        Value::Null => {}
        Value::Array(items) => items.iter().try_for_each(|item| spread(item, path, into))?,
        Value::Object(_) => {
            whole(value, path)?;
            match wrapped(value) {
                Some(inner) => spread(inner, path, into)?,
                None => into.push(value),
            }
        }
        scalar => into.push(scalar),
    }
    if into.len() > FOUND_MAX {
        return Err(ShapeError::TooLarge { path: path.to_owned() });
    }
    Ok(())
}

/// What a list is written below, where there is nothing beside it.
fn wrapped(value: &Value) -> Option<&Value> {
    let map = value.as_object().filter(|map| map.len() == 1)?;
    let (key, inner) = map.iter().next()?;
    WRAPPED.iter().any(|name| key.eq_ignore_ascii_case(name)).then_some(inner)
}

/// Exactly this key, else one that differs in case only. Beside a list's `Tag` stands its counter, `tag`, and beside
/// S3's `Tagging` the query's empty `tagging`: what is empty is passed over where another is not.
fn field<'v>(value: &'v Value, key: &str) -> Option<&'v Value> {
    let map = value.as_object()?;
    let is_counter = |name: &str, value: &Value| name == "tag" && value.is_number();
    let exact = map.get(key).filter(|value| !is_counter(key, value));
    if exact.is_some_and(is_something) {
        return exact;
    }
    let alike = map.iter().filter(|(name, value)| name.eq_ignore_ascii_case(key) && !is_counter(name, value));
    let alike: Vec<&Value> = alike.map(|(_, value)| value).collect();
    alike.iter().copied().find(|value| is_something(value)).or(exact).or_else(|| alike.first().copied())
}

fn whole(value: &Value, path: &str) -> Result<(), ShapeError> {
    let omitted = match value.get("omitted") {
        Some(Value::Bool(omitted)) => *omitted,
        Some(Value::String(text)) => text == "true",
        _ => false,
    };
    if omitted { Err(ShapeError::Oversized { path: path.to_owned() }) } else { Ok(()) }
}

/// The request or the answer of a call, out of the wrapper that newer calls put around it.
pub fn unwrapped<'v>(value: &'v Value, wrapper: &str) -> &'v Value {
    field(value, wrapper).filter(|inner| inner.is_object()).unwrap_or(value)
}

/// As [`unwrapped`], whatever the call is named.
pub fn in_a_wrapper<'v>(value: &'v Value, suffix: &str) -> &'v Value {
    let only = value.as_object().filter(|map| map.len() == 1).and_then(|map| map.iter().next());
    only.filter(|(key, inner)| key.ends_with(suffix) && inner.is_object()).map_or(value, |(_, inner)| inner)
}

/// Is something there? Not so of nothing, the empty text and the empty list or object.
pub fn is_something(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(fields) => !fields.is_empty(),
        Value::Bool(_) | Value::Number(_) => true,
    }
}

/// A text, a number or a yes or no as text.
pub fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}

/// Do the two say the same? `true` and `"True"` do, `5` and `"5"`; of texts, letters count alike.
pub fn same(value: &Value, wanted: &Value) -> bool {
    match (text(value), text(wanted)) {
        (Some(one), Some(two)) => one.trim().eq_ignore_ascii_case(&two),
        _ => false,
    }
}

pub fn whole_number(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64().or_else(|| number.as_f64().and_then(whole_float)),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// `20.0` is 20.
#[expect(clippy::cast_possible_truncation, reason = "it is whole, and within what a float holds exactly")]
fn whole_float(number: f64) -> Option<i64> {
    (number.fract() == 0.0 && number.abs() < 9e15).then_some(number as i64)
}

/// A time as AWS writes it: a text, or seconds since 1970.
pub fn time(value: &Value) -> Option<jiff::Timestamp> {
    match value {
        Value::String(text) => {
            let text = text.trim();
            // A date alone is its first moment.
            text.parse().or_else(|_| format!("{text}T00:00:00Z").parse()).ok()
        }
        value => jiff::Timestamp::from_second(whole_number(value)?).ok(),
    }
}

/// A JSON text, also URL-encoded, as what it says.
pub fn json(text: &str) -> Option<Value> {
    strict::value(text.as_bytes()).ok().or_else(|| {
        let decoded = crate::statements::url_decoded(text)?;
        strict::value(decoded.as_bytes()).ok()
    })
}

/// The tags that a call gives, in any of the shapes that AWS writes them in; of a key that is there twice, the first.
pub fn tags(root: &Value) -> Result<BTreeMap<String, String>, ShapeError> {
    const LISTS: &[&str] = &[
        "tags",
        "tagSet",
        "tagList",
        "tagSpecificationSet.tags",
        "tagSpecification.tag",
        "tagSpecifications.tags",
        "launchTemplateData.tagSpecification.tag",
        "launchTemplateData.tagSpecificationSet.tagSet",
        "tagging.tagSet",
        "tagging.tagSet.tag",
        "createBucketConfiguration.tags",
        "createBucketConfiguration.tags.tag",
        "tags.tag",
        "tagsToAdd",
        "addTags",
    ];
    let mut tags = BTreeMap::new();
    let found = LISTS.iter().map(|path| at(root, path)).collect::<Result<Vec<_>, _>>()?;
    for value in found.into_iter().flatten() {
        let part = |names: [&str; 2]| names.iter().find_map(|name| field(value, name)).and_then(text);
        match part(["key", "tagKey"]) {
            Some(key) => drop(tags.entry(key).or_insert(part(["value", "tagValue"]).unwrap_or_default())),
            None => {
                for (key, value) in value.as_object().into_iter().flatten() {
                    if let Some(value) = text(value) {
                        tags.entry(key.clone()).or_insert(value);
                    }
                }
            }
        }
    }
    Ok(tags)
}

/// `environment=production`, or `environment` whatever its value; key and value may have `*`.
pub fn tagged(tags: &BTreeMap<String, String>, wanted: &str) -> bool {
    let (key, value) =
        wanted.split_once('=').map_or((wanted, "*"), |(key, value)| (key.trim(), value.trim()));
    !key.is_empty() && tags.iter().any(|(k, v)| policy::covers(key, k) && policy::covers(value, v))
}

#[cfg(test)]
#[path = "fields_tests.rs"]
mod tests;
