//! How AWS writes JSON: values with the path that leads to them, read the same whether a list is `[…]`,
//! `{"items": […]}`, `{"item": {…}}`, one object or `{}`, a number a number or a text, a key `groupId` or `GroupId`.

use crate::error::{Misread, ShapeError};
use crate::strict::TOP;
use serde_json::Value;

/// A value and where it is. Absent, `null` and the empty text are all "nothing".
#[derive(Debug, Clone)]
pub(crate) struct Node<'a> {
    value: &'a Value,
    path: String,
}

static NOTHING: Value = Value::Null;

impl<'a> Node<'a> {
    pub(crate) fn new(value: &'a Value, path: impl Into<String>) -> Self {
        Self { value, path: path.into() }
    }

    pub(crate) fn nothing(path: impl Into<String>) -> Self {
        Self { value: &NOTHING, path: path.into() }
    }

    /// The path of a key below.
    pub(crate) fn path_of(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    pub(crate) fn is_nothing(&self) -> bool {
        match self.value {
            Value::Null => true,
            Value::String(text) => text.is_empty(),
            Value::Object(map) => map.is_empty(),
            _ => false,
        }
    }

    /// CloudTrail's stand-in for what is too large: `{"omitted": true, …}`.
    pub(crate) fn is_omitted(&self) -> bool {
        match self.value.get("omitted") {
            Some(Value::Bool(omitted)) => *omitted,
            Some(Value::String(text)) => text == "true",
            _ => false,
        }
    }

    pub(crate) fn present(self) -> Result<Self, ShapeError> {
        if self.is_omitted() { Err(ShapeError::Oversized { path: self.path }) } else { Ok(self) }
    }

    pub(crate) fn needs_object(&self) -> Result<(), Misread> {
        if self.value.is_object() {
            return Ok(());
        }
        let path = if self.path.is_empty() { TOP.to_owned() } else { self.path.clone() };
        Err(Misread { path, expected: "an object", found: kind(self.value) })
    }

    /// The text itself, where the node is one.
    pub(crate) fn as_text(&self) -> Option<&'a str> {
        self.value.as_str().filter(|text| !text.is_empty())
    }

    pub(crate) fn at(&self, key: &str) -> Self {
        Self { value: self.find(key).unwrap_or(&NOTHING), path: self.path_of(key) }
    }

    /// What is below a key, which must be an object where it is anything.
    pub(crate) fn inside(&self, key: &str) -> Result<Self, ShapeError> {
        let node = self.at(key).present()?;
        if !node.is_nothing() {
            node.needs_object()?;
        }
        Ok(node)
    }

    /// The first of the keys that holds something.
    pub(crate) fn at_any(&self, keys: &[&str]) -> Self {
        let held = keys.iter().map(|key| self.at(key)).find(|node| !node.is_nothing());
        held.unwrap_or_else(|| self.at(keys.first().copied().unwrap_or_default()))
    }

    /// Exactly this key, else one that differs in case only.
    fn find(&self, key: &str) -> Option<&'a Value> {
        let map = self.value.as_object()?;
        map.get(key)
            .or_else(|| map.iter().find(|(other, _)| other.eq_ignore_ascii_case(key)).map(|(_, value)| value))
    }

    pub(crate) fn text(&self, key: &str) -> Result<Option<&'a str>, Misread> {
        match self.find(key) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text).filter(|text| !text.is_empty()).map(String::as_str)),
            Some(other) => Err(self.misread(key, "a text", other)),
        }
    }

    pub(crate) fn needed_text(&self, key: &str) -> Result<&'a str, Misread> {
        self.text(key)?.ok_or_else(|| self.missing(key, "a text"))
    }

    /// A text, or a number as text.
    pub(crate) fn word(&self, key: &str) -> Result<Option<String>, Misread> {
        match self.find(key) {
            Some(Value::Number(number)) => Ok(Some(number.to_string())),
            _ => Ok(self.text(key)?.map(str::to_owned)),
        }
    }

    pub(crate) fn flag(&self, key: &str) -> Result<Option<bool>, Misread> {
        match self.find(key) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(*flag)),
            Some(Value::String(text)) if text.is_empty() => Ok(None),
            Some(Value::String(text)) if text.eq_ignore_ascii_case("true") => Ok(Some(true)),
            Some(Value::String(text)) if text.eq_ignore_ascii_case("false") => Ok(Some(false)),
            Some(other) => Err(self.misread(key, "true or false", other)),
        }
    }

    pub(crate) fn whole_number(&self, key: &str) -> Result<Option<i64>, Misread> {
        let Some(value) = self.find(key) else { return Ok(None) };
        let read = match value {
            Value::Null => return Ok(None),
            Value::String(text) if text.is_empty() => return Ok(None),
            Value::Number(number) => number.as_i64(),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        };
        read.map(Some).ok_or_else(|| self.misread(key, "a whole number", value))
    }

    /// The elements of a list, however it is written.
    pub(crate) fn list(&self, key: &str) -> Result<Vec<Self>, ShapeError> {
        self.at(key).elements()
    }

    pub(crate) fn elements(self) -> Result<Vec<Self>, ShapeError> {
        let node = self.present()?;
        let list = match ["items", "item"].into_iter().find(|key| node.find(key).is_some()) {
            Some(key) => node.at(key).present()?,
            None => node,
        };
        if list.is_nothing() { Ok(Vec::new()) } else { list.spread() }
    }

    fn spread(self) -> Result<Vec<Self>, ShapeError> {
        match self.value {
            Value::Array(list) => {
                let place = |at: usize| format!("{}[{at}]", self.path);
                Ok(list.iter().enumerate().map(|(at, value)| Self { value, path: place(at) }).collect())
            }
            Value::Object(_) => Ok(vec![self]),
            other => Err(Misread { path: self.path, expected: "a list", found: kind(other) }.into()),
        }
    }

    /// One text or a list of them; numbers and flags are written as texts here and there.
    pub(crate) fn words(&self) -> Result<Vec<String>, ShapeError> {
        let word = |value: &Value, path: &str| match value {
            Value::String(text) => Ok(text.clone()),
            Value::Number(number) => Ok(number.to_string()),
            Value::Bool(flag) => Ok(flag.to_string()),
            other => Err(Misread { path: path.to_owned(), expected: "a text", found: kind(other) }.into()),
        };
        match self.value {
            Value::Null => Ok(Vec::new()),
            Value::Array(_) | Value::Object(_) => {
                self.clone().elements()?.iter().map(|node| word(node.value, &node.path)).collect()
            }
            value => Ok(vec![word(value, &self.path)?]),
        }
    }

    /// The fields of an object, each with its name as it is written.
    pub(crate) fn fields(&self) -> Result<Vec<(&'a str, Self)>, ShapeError> {
        match self.value {
            Value::Null => Ok(Vec::new()),
            Value::Object(map) => {
                let field = |(name, value): (&'a String, &'a Value)| {
                    let path = self.path_of(&crate::error::quoted(name));
                    (name.as_str(), Self { value, path })
                };
                Ok(map.iter().map(field).collect())
            }
            other => {
                Err(Misread { path: self.path.clone(), expected: "an object", found: kind(other) }.into())
            }
        }
    }

    pub(crate) fn value(&self) -> &'a Value {
        self.value
    }

    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    pub(crate) fn missing(&self, key: &str, expected: &'static str) -> Misread {
        Misread { path: self.path_of(key), expected, found: "nothing" }
    }

    fn misread(&self, key: &str, expected: &'static str, found: &Value) -> Misread {
        Misread { path: self.path_of(key), expected, found: kind(found) }
    }
}

/// What a value is, in words.
fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
