//! Finding many items: the work index, a partition, the whole table.

use crate::DynamoLedger;
use crate::expression::from_attributes;
use aws_sdk_dynamodb::types::AttributeValue;
use engine::{Cursor, Index, Item, Key, LedgerError, Page};
use jiff::Timestamp;
use model::FindingId;
use std::collections::{BTreeMap, HashMap};

const WORK_INDEX: &str = "work";
const DUE_PAGE: i32 = 200;

type Attributes = HashMap<String, AttributeValue>;

impl Index for DynamoLedger {
    async fn due(
        &self,
        lane: u8,
        by: Timestamp,
        after: Option<&Cursor>,
    ) -> Result<Page<FindingId>, LedgerError> {
        let ask = self
            .client()
            .query()
            .table_name(self.table())
            .index_name(WORK_INDEX)
            .key_condition_expression("#work = :lane AND #due_at <= :by")
            .expression_attribute_names("#work", "work")
            .expression_attribute_names("#due_at", "due_at")
            .expression_attribute_values(":lane", AttributeValue::S(format!("W#{lane}")))
            .expression_attribute_values(":by", AttributeValue::N(by.as_millisecond().to_string()))
            .limit(DUE_PAGE)
            .set_exclusive_start_key(after.map(start).transpose()?);
        let answer = ask.send().await.map_err(|error| LedgerError::Read(Box::new(error)))?;
        let finding = |item: &Attributes| {
            item.get("pk").and_then(|pk| pk.as_s().ok()?.strip_prefix("F#")?.parse().ok())
        };
        let items = answer.items().iter().filter_map(finding).collect();
        Ok(Page { items, next: answer.last_evaluated_key().map(cursor).transpose()? })
    }

    async fn all(&self, after: Option<&Cursor>) -> Result<Page<(Key, Item)>, LedgerError> {
        let scan = self.client().scan().table_name(self.table()).consistent_read(true);
        let scan = scan.set_exclusive_start_key(after.map(start).transpose()?);
        let answer = scan.send().await.map_err(|error| LedgerError::Read(Box::new(error)))?;
        let items = answer.items().iter().map(keyed).collect::<Result<_, _>>()?;
        Ok(Page { items, next: answer.last_evaluated_key().map(cursor).transpose()? })
    }
}

/// A key of the table or of the index: texts and numbers, told apart.
fn cursor(key: &Attributes) -> Result<Cursor, LedgerError> {
    let parts: BTreeMap<&String, (char, &String)> = key
        .iter()
        .filter_map(|(name, value)| match value {
            AttributeValue::S(text) => Some((name, ('S', text))),
            AttributeValue::N(number) => Some((name, ('N', number))),
            _ => None,
        })
        .collect();
    let text = serde_json::to_string(&parts).map_err(|error| LedgerError::Read(Box::new(error)))?;
    Ok(Cursor(text))
}

fn start(cursor: &Cursor) -> Result<Attributes, LedgerError> {
    let parts: BTreeMap<String, (char, String)> =
        serde_json::from_str(&cursor.0).map_err(|error| LedgerError::Read(Box::new(error)))?;
    let value = |(kind, text)| if kind == 'N' { AttributeValue::N(text) } else { AttributeValue::S(text) };
    Ok(parts.into_iter().map(|(name, part)| (name, value(part))).collect())
}

/// The item without its key, and the key.
pub(crate) fn keyed(attributes: &Attributes) -> Result<(Key, Item), LedgerError> {
    let part = |name: &str| match attributes.get(name) {
        Some(AttributeValue::S(text)) => Ok(text.clone()),
        _ => Err(LedgerError::Foreign(name.to_owned())),
    };
    Ok((Key { pk: part("pk")?, sk: part("sk")? }, from_attributes(attributes)?))
}
