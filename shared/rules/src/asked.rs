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
    "additionalEventData",
    "apiVersion",
    "awsRegion",
    "errorCode",
    "errorMessage",
    "eventCategory",
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

/// Of a rule over every call: path → literals, one of which the record says at each path. The same narrows the
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
            if literals.is_empty() || !literals.iter().all(scalar) {
                return Err(format!("`{path}` needs texts, numbers or yes or no, one at least"));
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
            Some(Value::Array(items)) => items.iter().any(|item| literals.contains(item)),
            Some(value) => literals.contains(value),
            None => false,
        })
    }

    /// May the record in these bytes be one of them? Looked up before anything is parsed: at each path one of the
    /// literals has to be somewhere in the text, unless escapes may hide it.
    pub(crate) fn may_let(&self, bytes: &[u8]) -> bool {
        let holds = |text: &str| memchr::memmem::find(bytes, text.as_bytes()).is_some();
        let hidden = || holds("\\u") || holds("\\/");
        self.0.values().all(|literals| literals.iter().any(|literal| holds(&literal.to_string())) || hidden())
    }
}

/// Is the name one of these, whatever date it carries?
pub(crate) fn named(names: &[String], name: &str) -> bool {
    names.iter().any(|asked| undated(asked) == undated(name))
}
