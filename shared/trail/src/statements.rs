//! A policy to its statements, however it is written: a JSON text, the same URL-encoded, an object that CloudTrail
//! has parsed already, a text of a text, a policy below the key `policy` of another object.
//!
//! Seen in records: S3's object beside an empty text, the JSON texts of IAM, KMS and Lambda's answer, the
//! URL-encoded documents of IAM's answers. Documented: one element or many everywhere, numbers and flags as values of
//! conditions. Nothing, the empty text and `{}` are a policy that is not there.

use crate::error::{Misread, ShapeError, quoted};
use crate::strict;
use crate::wire::Node;
use model::{Effect, Listed, Principal, Requirement, Resource, Statement, Untrusted};
use std::cell::Cell;

/// Of one policy, with what each text of it takes beside its own bytes. The largest that AWS takes hold 32 KB.
const BYTES_MAX: usize = 128 * 1024;
const BYTES_BESIDE: usize = 8;

/// Texts inside texts and objects around objects.
const WRAPPINGS_MAX: usize = 4;

/// Longer names are cut: they only tell statements apart.
const NAME_CHARS_MAX: usize = 256;

/// The statements of the policy that `node` holds.
pub(crate) fn of_policy(node: &Node<'_>, resource: &Resource) -> Result<Vec<Statement>, ShapeError> {
    let reader = Reader { left: Cell::new(BYTES_MAX) };
    let mut statements = reader.policy(node.clone(), 0)?;
    name(&mut statements, resource);
    Ok(statements)
}

/// Gives each its place and, from it or from its `Sid`, its id.
pub(crate) fn name(statements: &mut [Statement], resource: &Resource) {
    let mut taken = std::collections::BTreeSet::new();
    let whose: String = resource.id.raw().chars().take(NAME_CHARS_MAX).collect();
    for (position, statement) in statements.iter_mut().enumerate() {
        statement.position = position;
        let own =
            statement.sid.as_ref().map(|sid| sid.raw().chars().take(NAME_CHARS_MAX).collect::<String>());
        let own = own.filter(|sid| !sid.starts_with('#') && taken.insert(sid.clone()));
        let own = own.unwrap_or_else(|| format!("#{}", position + 1));
        statement.id = Untrusted::new(format!("{}/{whose}/{own}", resource.service));
    }
}

struct Reader {
    /// How many bytes may still be kept.
    left: Cell<usize>,
}

impl Reader {
    fn policy(&self, node: Node<'_>, wrapped: usize) -> Result<Vec<Statement>, ShapeError> {
        let node = node.present()?;
        if node.is_nothing() || node.as_text().is_some_and(|text| text.trim().is_empty()) {
            return Ok(Vec::new());
        }
        let odd = || ShapeError::Malformed {
            path: node.path().to_owned(),
            expected: "a policy in JSON",
            text: quoted(node.as_text().unwrap_or("what is there")),
        };
        if wrapped >= WRAPPINGS_MAX {
            return Err(odd());
        }
        if let Some(text) = node.as_text() {
            if text.len() > BYTES_MAX {
                return Err(ShapeError::TooLarge { path: node.path().to_owned() });
            }
            let value = json(text).ok_or_else(odd)?;
            return self.policy(Node::new(&value, node.path()), wrapped + 1);
        }
        node.needs_object()?;
        if node.at("Statement").value().is_null() {
            return match node.at_any(&["policy", "policyText", "policyDocument"]) {
                inner if inner.is_nothing() => Err(node.missing("Statement", "what the policy says").into()),
                inner => self.policy(inner, wrapped + 1),
            };
        }
        node.list("Statement")?.iter().map(|node| self.statement(node)).collect()
    }

    fn statement(&self, node: &Node<'_>) -> Result<Statement, ShapeError> {
        node.needs_object()?;
        let effect = match node.needed_text("Effect")? {
            text if text.eq_ignore_ascii_case("Allow") => Effect::Allow,
            text if text.eq_ignore_ascii_case("Deny") => Effect::Deny,
            text => {
                let (path, text) = (node.path_of("Effect"), quoted(text));
                return Err(ShapeError::Malformed { path, expected: "an effect", text });
            }
        };
        Ok(Statement {
            id: Untrusted::default(),
            sid: node.text("Sid")?.map(|sid| self.kept(node, sid)).transpose()?,
            position: 0,
            effect,
            principals: listed(node, "Principal", "NotPrincipal", |node| self.principals(node))?,
            actions: listed(node, "Action", "NotAction", |node| self.texts(node))?,
            resources: listed(node, "Resource", "NotResource", |node| self.texts(node))?,
            conditions: self.conditions(&node.at("Condition"))?,
        })
    }

    fn principals(&self, node: &Node<'_>) -> Result<Vec<Principal>, ShapeError> {
        let of_kind = |kind: &str, node: &Node<'_>| -> Result<Vec<Principal>, ShapeError> {
            let names = self.texts(node)?;
            names.into_iter().map(|name| Ok(Principal { kind: self.kept(node, kind)?, name })).collect()
        };
        if node.value().is_object() {
            let lists = node.fields()?.into_iter().map(|(kind, names)| of_kind(kind, &names));
            return Ok(lists.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect());
        }
        let everyone = |name: &Untrusted| if name.raw() == "*" { "*" } else { "AWS" };
        let names = self.texts(node)?;
        Ok(names.into_iter().map(|name| Principal { kind: everyone(&name).into(), name }).collect())
    }

    fn conditions(&self, node: &Node<'_>) -> Result<Vec<Requirement>, ShapeError> {
        let mut conditions = Vec::new();
        for (operator, keys) in node.fields()? {
            for (key, values) in keys.fields()? {
                conditions.push(Requirement {
                    operator: self.kept(&keys, operator)?,
                    key: self.kept(&values, key)?,
                    values: self.texts(&values)?,
                });
            }
        }
        Ok(conditions)
    }

    fn texts(&self, node: &Node<'_>) -> Result<Vec<Untrusted>, ShapeError> {
        node.words()?.iter().map(|text| self.kept(node, text)).collect()
    }

    fn kept(&self, node: &Node<'_>, text: &str) -> Result<Untrusted, ShapeError> {
        let left = self.left.get().checked_sub(text.len() + BYTES_BESIDE);
        self.left.set(left.ok_or_else(|| ShapeError::TooLarge { path: node.path().to_owned() })?);
        Ok(Untrusted::from(text))
    }
}

/// IAM takes the one or the other.
fn listed<T>(
    node: &Node<'_>,
    these: &str,
    all_but: &str,
    read: impl Fn(&Node<'_>) -> Result<Vec<T>, ShapeError>,
) -> Result<Listed<T>, ShapeError> {
    let (meant, left_out) = (node.at(these), node.at(all_but));
    match (meant.value().is_null(), left_out.value().is_null()) {
        (true, true) => Ok(Listed::Unsaid),
        (false, true) => Ok(Listed::These(read(&meant)?)),
        (true, false) => Ok(Listed::AllBut(read(&left_out)?)),
        (false, false) => {
            let path = left_out.path().to_owned();
            Err(Misread { path, expected: "nothing beside the opposite", found: "a second list" }.into())
        }
    }
}

/// The text as JSON; else, URL-decoded.
fn json(text: &str) -> Option<serde_json::Value> {
    let read = |text: &str| strict::value(text.trim().as_bytes()).ok();
    read(text).or_else(|| read(&url_decoded(text)?))
}

/// `None` where nothing is encoded or what it decodes to is no text.
pub(crate) fn url_decoded(text: &str) -> Option<String> {
    let mut bytes = text.bytes();
    let mut decoded = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'%' => {
                let digit =
                    |byte: Option<u8>| char::from(byte?).to_digit(16).and_then(|d| u8::try_from(d).ok());
                let (high, low) = (digit(bytes.next())?, digit(bytes.next())?);
                high * 16 + low
            }
            b'+' => b' ',
            other => other,
        });
    }
    String::from_utf8(decoded).ok().filter(|decoded| decoded != text)
}

#[cfg(test)]
#[path = "statements_tests.rs"]
mod tests;
