//! From the ledger's values to DynamoDB's expressions. Every name goes through a `#alias`: many are reserved words.

use aws_sdk_dynamodb::types::AttributeValue;
use engine::{Attr, Condition, Item, LedgerError};
use std::collections::HashMap;

type Names = HashMap<String, String>;
type Values = HashMap<String, AttributeValue>;

/// The aliases that the expressions of one write share.
#[derive(Debug, Default)]
pub(crate) struct Aliases {
    names: Names,
    values: Values,
}

impl Aliases {
    /// DynamoDB refuses empty maps, so those are `None`.
    pub(crate) fn into_maps(self) -> (Option<Names>, Option<Values>) {
        ((!self.names.is_empty()).then_some(self.names), (!self.values.is_empty()).then_some(self.values))
    }

    fn name(&mut self, name: &str) -> String {
        let alias = format!("#{name}");
        self.names.insert(alias.clone(), name.to_owned());
        alias
    }

    fn value(&mut self, value: &Attr) -> String {
        let alias = format!(":v{}", self.values.len());
        self.values.insert(alias.clone(), to_attribute(value));
        alias
    }

    /// The condition as DynamoDB writes it; `None` when it always holds.
    pub(crate) fn condition(&mut self, condition: &Condition) -> Option<String> {
        if always(condition) {
            return None;
        }
        let text = match condition {
            Condition::Always => return None,
            Condition::Absent => format!("attribute_not_exists({})", self.name("pk")),
            Condition::Lacks(name) => format!("attribute_not_exists({})", self.name(name)),
            Condition::Is(name, value) => format!("{} = {}", self.name(name), self.value(value)),
            Condition::Below(name, limit) => {
                format!("{} < {}", self.name(name), self.value(&Attr::N(*limit)))
            }
            Condition::All(parts) => {
                let parts: Vec<String> = parts.iter().filter_map(|part| self.condition(part)).collect();
                return joined(parts, " AND ");
            }
            Condition::Any(parts) => {
                let parts: Vec<String> = parts.iter().filter_map(|part| self.condition(part)).collect();
                return joined(parts, " OR ");
            }
        };
        Some(text)
    }

    /// `SET … REMOVE … ADD …`.
    pub(crate) fn update(
        &mut self,
        set: &Item,
        add: &[(&'static str, i64)],
        remove: &[&'static str],
    ) -> String {
        let mut clauses = Vec::new();
        if !set.is_empty() {
            let parts: Vec<String> = set
                .iter()
                .map(|(name, value)| format!("{} = {}", self.name(name), self.value(value)))
                .collect();
            clauses.push(format!("SET {}", parts.join(", ")));
        }
        if !remove.is_empty() {
            let parts: Vec<String> = remove.iter().map(|name| self.name(name)).collect();
            clauses.push(format!("REMOVE {}", parts.join(", ")));
        }
        if !add.is_empty() {
            let parts: Vec<String> = add
                .iter()
                .map(|(name, more)| format!("{} {}", self.name(name), self.value(&Attr::N(*more))))
                .collect();
            clauses.push(format!("ADD {}", parts.join(", ")));
        }
        clauses.join(" ")
    }
}

/// Asked first: DynamoDB refuses values that its expression does not name.
fn always(condition: &Condition) -> bool {
    match condition {
        Condition::Always => true,
        Condition::All(parts) => parts.iter().all(always),
        Condition::Any(parts) => parts.iter().any(always),
        _ => false,
    }
}

/// DynamoDB refuses parentheses around one part.
fn joined(mut parts: Vec<String>, word: &str) -> Option<String> {
    if parts.len() > 1 { Some(format!("({})", parts.join(word))) } else { parts.pop() }
}

pub(crate) fn to_attribute(value: &Attr) -> AttributeValue {
    match value {
        Attr::S(text) => AttributeValue::S(text.clone()),
        Attr::N(number) => AttributeValue::N(number.to_string()),
        Attr::Bool(bool) => AttributeValue::Bool(*bool),
        Attr::List(texts) => AttributeValue::L(texts.iter().cloned().map(AttributeValue::S).collect()),
    }
}

/// An item without its key.
pub(crate) fn from_attributes(attributes: &HashMap<String, AttributeValue>) -> Result<Item, LedgerError> {
    let own = attributes.iter().filter(|(name, _)| !matches!(name.as_str(), "pk" | "sk"));
    own.map(|(name, value)| Ok((name.clone(), from_attribute(name, value)?))).collect()
}

fn from_attribute(name: &str, value: &AttributeValue) -> Result<Attr, LedgerError> {
    let foreign = || LedgerError::Foreign(name.to_owned());
    Ok(match value {
        AttributeValue::S(text) => Attr::S(text.clone()),
        AttributeValue::N(number) => Attr::N(number.parse().map_err(|_| foreign())?),
        AttributeValue::Bool(bool) => Attr::Bool(*bool),
        AttributeValue::L(list) => {
            let texts = list.iter().map(|one| one.as_s().cloned().map_err(|_| foreign()));
            Attr::List(texts.collect::<Result<_, _>>()?)
        }
        _ => return Err(foreign()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expression(condition: &Condition) -> String {
        Aliases::default().condition(condition).unwrap_or_else(|| "nothing".to_owned())
    }

    #[test]
    fn conditions_are_written_as_dynamodb_reads_them() {
        let open = || Condition::Is("state", Attr::S("OPEN".to_owned()));
        assert_eq!(expression(&Condition::Always), "nothing");
        assert_eq!(expression(&Condition::Absent), "attribute_not_exists(#pk)");
        assert_eq!(
            expression(&Condition::All(vec![open(), Condition::Below("n", 9)])),
            "(#state = :v0 AND #n < :v1)"
        );
        assert_eq!(
            expression(&Condition::Any(vec![Condition::Lacks("on"), Condition::Is("on", Attr::Bool(false))])),
            "(attribute_not_exists(#on) OR #on = :v0)"
        );
    }

    #[test]
    fn one_part_that_always_holds_makes_any_hold_and_adds_nothing_to_all() {
        let either = Condition::Any(vec![Condition::Absent, Condition::Always]);
        assert_eq!(expression(&either), "nothing");
        let both = Condition::All(vec![Condition::Always, Condition::Lacks("n")]);
        assert_eq!(expression(&both), "attribute_not_exists(#n)");
    }

    #[test]
    fn an_update_sets_removes_and_adds() {
        let mut aliases = Aliases::default();
        let set = Item::from([("ttl".to_owned(), Attr::N(5))]);
        assert_eq!(aliases.update(&set, &[("n", 1)], &["tell"]), "SET #ttl = :v0 REMOVE #tell ADD #n :v1");
    }

    #[test]
    fn what_is_written_reads_back_the_same() {
        for value in
            [Attr::S("text".into()), Attr::N(-7), Attr::Bool(true), Attr::List(vec!["a".into(), "b".into()])]
        {
            assert_eq!(from_attribute("x", &to_attribute(&value)).unwrap(), value);
        }
    }
}
