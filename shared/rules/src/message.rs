//! The sentence in which a rule says what happened.

use crate::View;
use crate::problem::Fault;
use crate::value::{actor_text, change_text, item_text, protocol, source, statement_text};
use minijinja::{Environment, UndefinedBehavior, Value};
use model::{Item, Opening, Untrusted};
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};
use trail::{Change, fields};

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
const GRANT: &[&str] = &["grantee", "permission"];
const SHARE: &[&str] = &["with"];
const STORE: &[&str] = &["name", "key"];

/// To be rendered once when a rule is read.
static SAMPLE: LazyLock<Value> = LazyLock::new(|| context(|_, _| "x".to_owned(), |_, _| "x".to_owned()));

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
        if faults.is_empty()
            && let Err(error) = templates.get_template(NAME).and_then(|template| template.render(&*SAMPLE))
        {
            return Err(broken(error));
        }
        if faults.is_empty() { Ok(Self { templates }) } else { Err(faults) }
    }

    pub(crate) fn of(&self, change: &Change, culprits: &[Item]) -> Untrusted {
        let field = |of: &str, name: &str| match of {
            "change" => shortened(change_text(change, name).unwrap_or("-")),
            "actor" => shortened(actor_text(&change.actor, name).unwrap_or("-")),
            _ => joined(culprits.iter().filter_map(|item| culprit_text(item, of, name))),
        };
        let parts = [("request", change.request.clone()), ("response", change.response.clone())];
        let raw = move |of: &str, path: &str| {
            let Some((name, root)) = parts.iter().find(|(name, _)| *name == of) else {
                return "-".to_owned();
            };
            let wrapper = if *name == "request" { "Request" } else { "Response" };
            let root = fields::in_a_wrapper(root, wrapper);
            let texts = fields::at(root, path).unwrap_or_default().into_iter().filter_map(fields::text);
            Some(joined(texts.map(|text| shortened(&text))))
                .filter(|text| !text.is_empty())
                .unwrap_or("-".to_owned())
        };
        let rendered =
            self.templates.get_template(NAME).and_then(|template| template.render(context(field, raw)));
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
        ["request" | "response"] => true,
        ["change", "actor", field] => ACTOR.contains(field),
        ["change", field] => CHANGE.contains(field),
        [item, field] => each.is_some_and(|view| view.item() == *item && said_of(view).contains(field)),
        _ => false,
    }
}

fn said_of(view: View) -> &'static [&'static str] {
    match view {
        View::Openings => OPENING,
        View::Statements => STATEMENT,
        View::Grants => GRANT,
        View::Shares => SHARE,
        View::Encryption => STORE,
    }
}

/// `field`: of what, and which; `raw`: of the request or of the response, by a path.
fn context(
    field: impl Fn(&str, &str) -> String,
    raw: impl Fn(&str, &str) -> String + Send + Sync + 'static,
) -> Value {
    let fields = |of: &str, names: &[&'static str]| {
        names.iter().map(|name| (*name, Value::from(field(of, name)))).collect::<BTreeMap<_, _>>()
    };
    let mut of_change = fields("change", CHANGE);
    of_change.insert("actor", Value::from(fields("actor", ACTOR)));
    let mut context = BTreeMap::from([("change", Value::from(of_change))]);
    for view in [View::Openings, View::Statements, View::Grants, View::Shares, View::Encryption] {
        context.insert(view.item(), Value::from(fields(view.item(), said_of(view))));
    }
    let raw = Arc::new(raw);
    for name in ["request", "response"] {
        let raw = Arc::clone(&raw);
        context.insert(name, Value::from_function(move |path: &str| raw(name, path)));
    }
    Value::from(context)
}

fn culprit_text(item: &Item, of: &str, name: &str) -> Option<String> {
    match (item, of) {
        (Item::Opening(opening), "opening") => Some(opening_text(opening, name)),
        (Item::Statement(statement), "statement") => Some(shortened(&statement_text(statement, name))),
        (Item::Grant(_), "grant") | (Item::Share(_), "share") | (Item::Store(_), "store") => {
            Some(shortened(item_text(item, name).unwrap_or("-")))
        }
        _ => None,
    }
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
