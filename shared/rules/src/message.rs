//! The sentence in which a rule says what happened.

use crate::View;
use crate::problem::Fault;
use crate::value::{actor_text, change_text, protocol, source, statement_text};
use minijinja::{Environment, UndefinedBehavior, Value};
use model::{Item, Opening, Untrusted};
use std::collections::BTreeMap;
use trail::Change;

/// Of the whole message.
const MESSAGE_CHARS_MAX: usize = 600;

/// Of one text that came from the event.
const TEXT_CHARS_MAX: usize = 120;

/// Of what several culprits say differently, this much is named.
const NAMED_MAX: usize = 4;

const NAME: &str = "message";

const CHANGE: &[&str] = &["name", "source", "account", "region", "resource", "source_address", "error"];
const ACTOR: &[&str] =
    &["kind", "name", "account", "arn", "role", "session", "source_identity", "invoked_by", "user_agent"];
const OPENING: &[&str] = &["source", "traffic", "protocol", "rule"];
const STATEMENT: &[&str] = &["name", "effect", "principals", "actions", "resources"];

/// A template whose every name is known.
#[derive(Debug)]
pub(crate) struct Message {
    templates: Environment<'static>,
}

impl Message {
    /// `each`: the view of whose items the message may speak.
    pub(crate) fn read(text: &str, each: Option<View>) -> Result<Self, Vec<Fault>> {
        let mut templates = Environment::empty();
        templates.set_undefined_behavior(UndefinedBehavior::Strict);
        let broken = |error: minijinja::Error| {
            vec![Fault { at: 0, text: error.detail().map_or_else(|| error.to_string(), str::to_owned) }]
        };
        templates.add_template_owned(NAME, text.to_owned()).map_err(broken)?;
        let names = templates.get_template(NAME).map_err(broken)?.undeclared_variables(true);
        let mut faults: Vec<Fault> = names
            .iter()
            .filter(|name| !known(name, each))
            .map(|name| Fault {
                at: text
                    .find(name.as_str())
                    .map_or(0, |found| text.chars().count() - count_from(text, found)),
                text: format!("a message has no `{name}`"),
            })
            .collect();
        faults.sort_by_key(|fault| fault.at);
        let sample = context(|_| "x".to_owned(), |_| "x".to_owned(), |_| "x".to_owned(), |_| "x".to_owned());
        if faults.is_empty()
            && let Err(error) = templates.get_template(NAME).and_then(|template| template.render(sample))
        {
            return Err(broken(error));
        }
        if faults.is_empty() { Ok(Self { templates }) } else { Err(faults) }
    }

    pub(crate) fn of(&self, change: &Change, culprits: &[Item]) -> Untrusted {
        let openings = || {
            culprits.iter().filter_map(|item| match item {
                Item::Opening(opening) => Some(opening),
                Item::Statement(_) => None,
            })
        };
        let statements = || {
            culprits.iter().filter_map(|item| match item {
                Item::Statement(statement) => Some(statement),
                Item::Opening(_) => None,
            })
        };
        let context = context(
            |name| shortened(change_text(change, name).unwrap_or("-")),
            |name| shortened(actor_text(&change.actor, name).unwrap_or("-")),
            |name| joined(openings().map(|opening| opening_text(opening, name))),
            |name| joined(statements().map(|statement| shortened(&statement_text(statement, name)))),
        );
        let rendered = self.templates.get_template(NAME).and_then(|template| template.render(context));
        let text =
            rendered.unwrap_or_else(|_| format!("{} of {}", change.event.name, change.resource.id.raw()));
        Untrusted::new(bounded(&text, MESSAGE_CHARS_MAX))
    }
}

fn count_from(text: &str, byte: usize) -> usize {
    text.get(byte..).map_or(0, |rest| rest.chars().count())
}

fn known(name: &str, each: Option<View>) -> bool {
    match name.split('.').collect::<Vec<_>>().as_slice() {
        ["change", "actor", field] => ACTOR.contains(field),
        ["change", field] => CHANGE.contains(field),
        ["opening", field] => each == Some(View::Openings) && OPENING.contains(field),
        ["statement", field] => each == Some(View::Statements) && STATEMENT.contains(field),
        _ => false,
    }
}

fn context(
    change: impl Fn(&str) -> String,
    actor: impl Fn(&str) -> String,
    opening: impl Fn(&str) -> String,
    statement: impl Fn(&str) -> String,
) -> Value {
    let fields = |names: &[&'static str], text: &dyn Fn(&str) -> String| {
        names.iter().map(|name| (*name, Value::from(text(name)))).collect::<BTreeMap<_, _>>()
    };
    let mut of_change = fields(CHANGE, &change);
    of_change.insert("actor", Value::from(fields(ACTOR, &actor)));
    Value::from(BTreeMap::from([
        ("change", Value::from(of_change)),
        ("opening", Value::from(fields(OPENING, &opening))),
        ("statement", Value::from(fields(STATEMENT, &statement))),
    ]))
}

fn opening_text(opening: &Opening, name: &str) -> String {
    match name {
        "source" => shortened(&source(opening)),
        "traffic" => opening.traffic.to_string(),
        "protocol" => protocol(opening.traffic),
        _ => opening.rule.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string),
    }
}

/// What the culprits say, each once, in their order.
fn joined(texts: impl Iterator<Item = String>) -> String {
    let mut distinct: Vec<String> = Vec::new();
    for text in texts {
        if !distinct.contains(&text) {
            distinct.push(text);
        }
    }
    match distinct.get(NAMED_MAX..) {
        Some(rest) if !rest.is_empty() => {
            let named: Vec<&str> = distinct.iter().take(NAMED_MAX).map(String::as_str).collect();
            format!("{} and {} more", named.join(", "), rest.len())
        }
        _ => distinct.join(", "),
    }
}

fn shortened(text: &str) -> String {
    bounded(text, TEXT_CHARS_MAX)
}

fn bounded(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some(_) => text.chars().take(most - 1).chain(['…']).collect(),
        None => text.to_owned(),
    }
}

#[cfg(test)]
#[path = "message_tests.rs"]
mod tests;
