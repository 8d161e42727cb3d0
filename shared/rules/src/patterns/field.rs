//! What a pattern asks of the fields of a record, and how that is turned around.

use crate::asked::{one_of, wildcard};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// What is asked of one field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Asked {
    Absent,
    OneOf(Vec<Value>),
    /// Something else than these, or nothing.
    NoneOf(Vec<Value>),
    /// Something else than these.
    Other(Vec<Value>),
}

impl Asked {
    /// Both; `None` where nothing can be both.
    fn and(self, more: Self) -> Option<Self> {
        use Asked::{Absent, NoneOf, OneOf, Other};
        match (self, more) {
            (OneOf(values), OneOf(others)) => some(values, |value| {
                one_of(&others, value) || others.iter().any(|other| wildcard(other).is_some())
            }),
            (OneOf(values), NoneOf(but) | Other(but)) | (NoneOf(but) | Other(but), OneOf(values)) => {
                some(values, |value| !one_of(&but, value))
            }
            (Absent, Absent | NoneOf(_)) | (NoneOf(_), Absent) => Some(Absent),
            (Absent, _) | (_, Absent) => None,
            (NoneOf(one), NoneOf(two)) => Some(NoneOf(union(one, two))),
            (NoneOf(one) | Other(one), NoneOf(two) | Other(two)) => Some(Other(union(one, two))),
        }
    }

    /// As EventBridge says it, whose `anything-but` knows no booleans.
    fn json(&self) -> Value {
        let flags = |but: &[Value]| {
            let left = [json!(false), json!(true)].into_iter().filter(|flag| !but.contains(flag));
            but.iter().all(Value::is_boolean).then(|| left.collect::<Vec<_>>())
        };
        let others = |but: &[Value]| flags(but).unwrap_or_else(|| vec![anything_but(but)]);
        match self {
            Self::Absent => json!([{"exists": false}]),
            Self::OneOf(values) => json!(values),
            Self::Other(but) => json!(others(but)),
            Self::NoneOf(but) => [json!({"exists": false})].into_iter().chain(others(but)).collect(),
        }
    }
}

/// EventBridge leaves out literals or wildcards, not both at once. Where both are meant, the literals go: an event that
/// then passes two patterns is a duplicate, and duplicates are dropped.
fn anything_but(but: &[Value]) -> Value {
    let (wildcards, literals): (Vec<&Value>, Vec<&Value>) =
        but.iter().partition(|value| wildcard(value).is_some());
    if literals.is_empty() {
        let patterns: Vec<&str> = wildcards.into_iter().filter_map(wildcard).collect();
        return json!({"anything-but": {"wildcard": patterns}});
    }
    json!({"anything-but": literals})
}

fn some(values: Vec<Value>, which: impl Fn(&Value) -> bool) -> Option<Asked> {
    let left: Vec<Value> = values.into_iter().filter(which).collect();
    (!left.is_empty()).then_some(Asked::OneOf(left))
}

fn union(mut one: Vec<Value>, two: Vec<Value>) -> Vec<Value> {
    let new: Vec<Value> = two.into_iter().filter(|value| !one.contains(value)).collect();
    one.extend(new);
    one
}

/// Path → literals, one of which has to be there: what a rule over every call says in `only`.
pub(super) type Selector = BTreeMap<String, Vec<Value>>;

/// EventBridge refuses a pattern whose wildcards are too many; how many, it does not say.
const WILDCARDS_MAX: usize = 8;

/// A selector with one path and literals: it can be left out of other patterns in a few characters. Not so of flags
/// beside texts: `anything-but` takes no flags.
pub(super) fn is_plain(selector: &Selector) -> bool {
    let literal = |values: &Vec<Value>| values.iter().all(|value| wildcard(value).is_none());
    let of_a_kind =
        |values: &Vec<Value>| values.iter().all(Value::is_boolean) || !values.iter().any(Value::is_boolean);
    selector.len() <= 1 && selector.values().all(|values| literal(values) && of_a_kind(values))
}

/// The selector in as many as its wildcards need.
pub(super) fn in_parts(selector: &Selector) -> Vec<Selector> {
    let wild = |values: &Vec<Value>| values.iter().any(|value| wildcard(value).is_some());
    let Some((path, values)) = selector.iter().find(|(_, values)| wild(values)) else {
        return vec![selector.clone()];
    };
    let part = |values: &[Value]| {
        let mut part = selector.clone();
        part.insert(path.clone(), values.to_vec());
        part
    };
    values.chunks(WILDCARDS_MAX).map(part).collect()
}

/// What is asked of a record: each field by its path.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Fields(BTreeMap<String, Asked>);

impl Fields {
    pub(super) fn with(mut self, path: &str, asked: Asked) -> Option<Self> {
        let both = match self.0.remove(path) {
            Some(before) => before.and(asked)?,
            None => asked,
        };
        self.0.insert(path.to_owned(), both);
        Some(self)
    }

    pub(super) fn within(self, selector: &Selector) -> Option<Self> {
        let one_of = |(path, values): (&String, &Vec<Value>)| (path.clone(), Asked::OneOf(values.clone()));
        selector.iter().map(one_of).try_fold(self, |fields, (path, asked)| fields.with(&path, asked))
    }

    /// The ways to be these, and none of what the selectors say: at some path of each is something else.
    pub(super) fn without<'a>(self, selectors: impl IntoIterator<Item = &'a Selector>) -> Vec<Self> {
        selectors.into_iter().fold(vec![self], |ways, selector| {
            let other = |way: &Self, (path, values): (&String, &Vec<Value>)| {
                way.clone().with(path, Asked::NoneOf(values.clone()))
            };
            let mut found: Vec<Self> = Vec::new();
            for way in ways.iter().flat_map(|way| selector.iter().filter_map(move |field| other(way, field)))
            {
                if !found.contains(&way) {
                    found.push(way);
                }
            }
            found
        })
    }

    /// The literals that are asked of a field; `None` where something else is asked, or nothing.
    pub(super) fn literals(&self, path: &str) -> Option<Vec<&str>> {
        let Some(Asked::OneOf(values)) = self.0.get(path) else { return None };
        values.iter().map(Value::as_str).collect()
    }

    fn put_into(&self, detail: &mut Map<String, Value>, which: impl Fn(&String, &Asked) -> bool) {
        for (path, asked) in self.0.iter().filter(|(path, asked)| which(path, asked)) {
            put(detail, path, asked.json());
        }
    }
}

/// The `detail` that all the ways share, and those in which they differ, one for each way.
pub(super) fn details(ways: &[Fields]) -> (Map<String, Value>, Vec<Map<String, Value>>) {
    let shared = |path: &String, asked: &Asked| ways.iter().all(|way| way.0.get(path) == Some(asked));
    let mut common = Map::new();
    if let Some(way) = ways.first() {
        way.put_into(&mut common, shared);
    }
    let own = |way: &Fields| {
        let mut own = Map::new();
        way.put_into(&mut own, |path, asked| !shared(path, asked));
        own
    };
    let own: Vec<_> = if ways.len() > 1 { ways.iter().map(own).collect() } else { Vec::new() };
    (common, own)
}

fn put(into: &mut Map<String, Value>, path: &str, value: Value) {
    match path.split_once('.') {
        None => drop(into.insert(path.to_owned(), value)),
        Some((first, rest)) => {
            if let Value::Object(inner) = into.entry(first).or_insert_with(|| json!({})) {
                put(inner, rest, value);
            }
        }
    }
}
