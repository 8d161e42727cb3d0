//! What nobody named, found on DynamoDB: by the work index, and by reading everything.

use crate::dynamo::{DynamoLedger, key_of, text};
use crate::expression::from_attributes;
use aws_sdk_dynamodb::types::AttributeValue;
use engine::{Cursor, Index, Item, Key, LedgerError, Page};
use jiff::Timestamp;
use model::FindingId;
use serde_json::{Map, Value};
use std::collections::HashMap;

/// The sparse index of what is not finished.
const WORK: &str = "work";
/// Keys only: a page is small, and who reads it goes on from its end.
const DUE_PAGE: i32 = 250;

type Attributes = HashMap<String, AttributeValue>;

impl Index for DynamoLedger {
    async fn due(
        &self,
        lane: u8,
        by: Timestamp,
        after: Option<&Cursor>,
    ) -> Result<Page<FindingId>, LedgerError> {
        let query = self.client.query().table_name(&self.table).index_name(WORK).limit(DUE_PAGE);
        let query = query.key_condition_expression("#work = :lane AND #due_at <= :by");
        let query = query.expression_attribute_names("#work", "work");
        let query = query.expression_attribute_names("#due_at", "due_at");
        let query = query.expression_attribute_values(":lane", text(&format!("W#{lane}")));
        let by = AttributeValue::N(by.as_millisecond().to_string());
        let query = query.expression_attribute_values(":by", by);
        let sent = query.set_exclusive_start_key(after.map(start).transpose()?).send().await;
        let answer = sent.map_err(|error| LedgerError::Read(Box::new(error)))?;
        let items: Result<Vec<FindingId>, LedgerError> = answer.items().iter().map(finding).collect();
        Ok(Page { items: items?, next: answer.last_evaluated_key.as_ref().map(cursor).transpose()? })
    }

    async fn all(&self, after: Option<&Cursor>) -> Result<Page<(Key, Item)>, LedgerError> {
        let scan = self.client.scan().table_name(&self.table);
        let sent = scan.set_exclusive_start_key(after.map(start).transpose()?).send().await;
        let answer = sent.map_err(|error| LedgerError::Read(Box::new(error)))?;
        let pair = |item: &Attributes| Ok((key_of(item)?, from_attributes(item)?));
        let items: Result<Vec<(Key, Item)>, LedgerError> = answer.items().iter().map(pair).collect();
        Ok(Page { items: items?, next: answer.last_evaluated_key.as_ref().map(cursor).transpose()? })
    }
}

fn finding(item: &Attributes) -> Result<FindingId, LedgerError> {
    let Key { pk, .. } = key_of(item)?;
    let id = pk.strip_prefix("F#").and_then(|id| id.parse().ok());
    id.ok_or_else(|| LedgerError::Foreign(WORK.to_owned()))
}

/// Keys are texts and numbers: as JSON they read back the same.
fn cursor(key: &Attributes) -> Result<Cursor, LedgerError> {
    let value = |(name, value): (&String, &AttributeValue)| match value {
        AttributeValue::S(text) => Ok((name.clone(), Value::from(text.clone()))),
        AttributeValue::N(number) => {
            let number: Result<i64, _> = number.parse();
            number
                .map(|number| (name.clone(), Value::from(number)))
                .map_err(|_| LedgerError::Foreign(name.clone()))
        }
        _ => Err(LedgerError::Foreign(name.clone())),
    };
    let map = key.iter().map(value).collect::<Result<Map<_, _>, _>>()?;
    Ok(Cursor(Value::Object(map).to_string()))
}

fn start(Cursor(cursor): &Cursor) -> Result<Attributes, LedgerError> {
    let map: HashMap<String, Value> =
        serde_json::from_str(cursor).map_err(|error| LedgerError::Read(Box::new(error)))?;
    let value = |(name, value): (String, Value)| match value {
        Value::String(text) => Ok((name, AttributeValue::S(text))),
        Value::Number(number) => Ok((name, AttributeValue::N(number.to_string()))),
        _ => Err(LedgerError::Foreign(name)),
    };
    map.into_iter().map(value).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_a_page_ended_is_where_the_next_one_begins() {
        let key = Attributes::from([
            ("pk".to_owned(), text("F#\"a\u{202e}")),
            ("due_at".to_owned(), AttributeValue::N("253370764800000".to_owned())),
        ]);
        assert_eq!(start(&cursor(&key).unwrap()).unwrap(), key);
    }

    #[test]
    fn what_is_no_cursor_is_refused() {
        assert!(start(&Cursor("nonsense".into())).is_err());
        assert!(start(&Cursor("{\"pk\":[]}".into())).is_err());
    }
}
