//! Which changes a rule asks for: by the names of the calls, or by what their records say.

use crate::names::undated;
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error, MapAccess, Visitor};
use serde_json::Value;
use serde_saphyr::Spanned;
use std::collections::BTreeMap;
use trail::Change;

/// `eventSource` to `eventName`s.
pub(crate) type Names = BTreeMap<String, Vec<Spanned<String>>>;

/// `events` as people write it.
#[derive(Debug)]
pub(crate) enum Events {
    /// Every call: `only` says which.
    Any,
    Named(Names),
}

impl Default for Events {
    fn default() -> Self {
        Self::Named(Names::new())
    }
}

impl Events {
    /// Nothing of a rule over every call.
    pub(crate) fn names(&self) -> impl Iterator<Item = (&String, &Spanned<String>)> {
        let named = match self {
            Self::Any => None,
            Self::Named(names) => Some(names),
        };
        named.into_iter().flatten().flat_map(|(source, names)| names.iter().map(move |name| (source, name)))
    }
}

impl<'de> Deserialize<'de> for Events {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(EventsVisitor)
    }
}

struct EventsVisitor;

impl<'de> Visitor<'de> for EventsVisitor {
    type Value = Events;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("`any`, or event sources with their event names")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Events, E> {
        if text == "any" {
            Ok(Events::Any)
        } else {
            Err(E::invalid_value(serde::de::Unexpected::Str(text), &self))
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Events, A::Error> {
        Names::deserialize(MapAccessDeserializer::new(map)).map(Events::Named)
    }
}

/// The top-level keys of CloudTrail's records.
const KEYS: &[&str] = &[
    "addendum",
    "additionalEventData",
    "apiVersion",
    "awsRegion",
    "errorCode",
    "errorMessage",
    "eventCategory",
    "eventContext",
    "eventName",
    "eventSource",
    "eventType",
    "eventVersion",
    "insightDetails",
    "managementEvent",
    "readOnly",
    "recipientAccountId",
    "requestParameters",
    "resources",
    "responseElements",
    "serviceEventDetails",
    "sessionCredentialFromConsole",
    "sharedEventID",
    "sourceIPAddress",
    "tlsDetails",
    "userAgent",
    "userIdentity",
    "vpcEndpointAccountId",
    "vpcEndpointId",
];

/// Of a rule over every call: path → literals or wildcards, one of which the record says at each path. The same narrows the
/// pattern that is generated from the rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Only(BTreeMap<String, Vec<Value>>);

impl Only {
    /// `Err` says what is wrong with it.
    pub(crate) fn read(written: &BTreeMap<String, Vec<Value>>) -> Result<Self, String> {
        if written.is_empty() {
            return Err("a rule over every call says `only` which: `userIdentity.type: [Root]`".to_owned());
        }
        for (path, literals) in written {
            let first = path.split('.').next().unwrap_or_default();
            if !KEYS.contains(&first) || path.split('.').any(str::is_empty) {
                return Err(format!(
                    "`{path}` is no path into a record: `userIdentity.type` is how one is written"
                ));
            }
            let scalar = |value: &Value| value.is_string() || value.is_boolean() || value.is_i64();
            if literals.is_empty() || !literals.iter().all(|value| scalar(value) || wildcard(value).is_some())
            {
                let text = "needs texts, numbers, yes or no, or `{wildcard: \"*…*\"}`, one at least";
                return Err(format!("`{path}` {text}"));
            }
        }
        Ok(Self(written.clone()))
    }

    /// Path and literals.
    pub fn paths(&self) -> impl Iterator<Item = (&str, &[Value])> {
        self.0.iter().map(|(path, literals)| (path.as_str(), literals.as_slice()))
    }

    pub(crate) fn lets(&self, change: &Change) -> bool {
        self.paths().all(|(path, literals)| match change.field(path) {
            Some(Value::Array(items)) => items.iter().any(|item| one_of(literals, item)),
            Some(value) => one_of(literals, value),
            None => false,
        })
    }

    /// May the record in these bytes be one of them? Looked up before anything is parsed: at each path one of the
    /// literals has to be somewhere in the text, unless escapes may hide it.
    pub(crate) fn may_let(&self, bytes: &[u8]) -> bool {
        let holds = |text: &str| memchr::memmem::find(bytes, text.as_bytes()).is_some();
        let hidden = || holds("\\u") || holds("\\/");
        let may_be = |literal: &Value| match wildcard(literal) {
            Some(pattern) => pattern.split('*').all(holds),
            None => holds(&literal.to_string()),
        };
        self.0.values().all(|literals| literals.iter().any(may_be) || hidden())
    }
}

/// `{"wildcard": "*kali*"}`, as EventBridge writes it: `*` is any text, letters count as they are.
pub(crate) fn wildcard(asked: &Value) -> Option<&str> {
    let fields = asked.as_object().filter(|fields| fields.len() == 1)?;
    fields.get("wildcard")?.as_str().filter(|pattern| pattern.contains('*') && !pattern.contains("**"))
}

/// Is the value one of these literals, or like one of the wildcards?
pub(crate) fn one_of(asked: &[Value], value: &Value) -> bool {
    let like =
        |asked: &Value| matches!((wildcard(asked), value.as_str()), (Some(p), Some(t)) if is_like(p, t));
    asked.iter().any(|asked| asked == value || like(asked))
}

fn is_like(pattern: &str, text: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(mut left) = text.strip_prefix(start) else { return false };
    let (middle, end) = rest.rsplit_once('*').map_or((None, rest), |(middle, end)| (Some(middle), end));
    for part in middle.into_iter().flat_map(|middle| middle.split('*')) {
        let Some((_, after)) = left.split_once(part) else { return false };
        left = after;
    }
    left.ends_with(end)
}

/// Is the name one of these, whatever date it carries?
pub(crate) fn named(names: &[String], name: &str) -> bool {
    names.iter().any(|asked| undated(asked) == undated(name))
}
