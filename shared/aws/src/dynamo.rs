//! The ledger on one DynamoDB table.

use crate::expression::{Aliases, from_attributes, to_attribute};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{
    AttributeValue, CancellationReason, ConditionCheck, Delete, Put, ReturnValuesOnConditionCheckFailure,
    TransactWriteItem, Update,
};
use engine::{Commit, Edit, Item, Key, Ledger, LedgerError, Refused, Write};
use std::collections::HashMap;
use std::time::Duration;

/// Other writers on the same items: tried so often, with a growing random wait.
const CONFLICT_TRIES: u32 = 6;
const CONFLICT_WAIT: Duration = Duration::from_millis(20);

#[derive(Debug, Clone)]
pub struct DynamoLedger {
    pub(crate) client: Client,
    pub(crate) table: String,
}

impl DynamoLedger {
    pub fn new(client: Client, table: String) -> Self {
        Self { client, table }
    }

    fn write(&self, write: &Write) -> Result<TransactWriteItem, LedgerError> {
        let mut aliases = Aliases::default();
        let condition = aliases.condition(&write.only_if);
        let item = TransactWriteItem::builder();
        let old = ReturnValuesOnConditionCheckFailure::AllOld;
        let key = key(&write.key);
        let table = &self.table;
        let built = match &write.edit {
            Edit::Put(attributes) => {
                let (names, values) = aliases.into_maps();
                let mut all: HashMap<_, _> =
                    attributes.iter().map(|(name, value)| (name.clone(), to_attribute(value))).collect();
                all.extend(key);
                let put =
                    Put::builder().table_name(table).set_item(Some(all)).set_condition_expression(condition);
                let put = put.set_expression_attribute_names(names).set_expression_attribute_values(values);
                item.put(put.return_values_on_condition_check_failure(old).build().map_err(unbuilt)?)
            }
            Edit::Update { set, add, remove } => {
                let expression = aliases.update(set, add, remove);
                let (names, values) = aliases.into_maps();
                let update =
                    Update::builder().table_name(table).set_key(Some(key)).update_expression(expression);
                let update = update.set_condition_expression(condition).set_expression_attribute_names(names);
                let update = update.set_expression_attribute_values(values);
                item.update(update.return_values_on_condition_check_failure(old).build().map_err(unbuilt)?)
            }
            Edit::Check => {
                let (names, values) = aliases.into_maps();
                let check = ConditionCheck::builder().table_name(table).set_key(Some(key));
                let check = check.set_condition_expression(condition).set_expression_attribute_names(names);
                let check = check.set_expression_attribute_values(values);
                item.condition_check(
                    check.return_values_on_condition_check_failure(old).build().map_err(unbuilt)?,
                )
            }
            Edit::Delete => {
                let (names, values) = aliases.into_maps();
                let delete = Delete::builder()
                    .table_name(table)
                    .set_key(Some(key))
                    .set_condition_expression(condition);
                let delete =
                    delete.set_expression_attribute_names(names).set_expression_attribute_values(values);
                item.delete(delete.return_values_on_condition_check_failure(old).build().map_err(unbuilt)?)
            }
        };
        Ok(built.build())
    }
}

impl Ledger for DynamoLedger {
    async fn read(&self, wanted: &Key) -> Result<Option<Item>, LedgerError> {
        let get =
            self.client.get_item().table_name(&self.table).set_key(Some(key(wanted))).consistent_read(true);
        let answer = get.send().await.map_err(|error| LedgerError::Read(Box::new(error)))?;
        answer.item.as_ref().map(from_attributes).transpose()
    }

    async fn partition(&self, pk: &str, sk_prefix: &str) -> Result<Vec<(Key, Item)>, LedgerError> {
        let mut found = Vec::new();
        let mut start = None;
        loop {
            let query = self.client.query().table_name(&self.table).consistent_read(true);
            let query =
                query.expression_attribute_names("#pk", "pk").expression_attribute_values(":pk", text(pk));
            // DynamoDB refuses an empty prefix.
            let query = if sk_prefix.is_empty() {
                query.key_condition_expression("#pk = :pk")
            } else {
                let query = query.key_condition_expression("#pk = :pk AND begins_with(#sk, :sk)");
                query
                    .expression_attribute_names("#sk", "sk")
                    .expression_attribute_values(":sk", text(sk_prefix))
            };
            let sent = query.set_exclusive_start_key(start).send().await;
            let answer = sent.map_err(|error| LedgerError::Read(Box::new(error)))?;
            for item in answer.items() {
                found.push((key_of(item)?, from_attributes(item)?));
            }
            start = answer.last_evaluated_key;
            if start.is_none() {
                return Ok(found);
            }
        }
    }

    async fn commit(&self, writes: &[Write]) -> Result<Commit, LedgerError> {
        let items = writes.iter().map(|write| self.write(write)).collect::<Result<Vec<_>, _>>()?;
        for attempt in 0..CONFLICT_TRIES {
            let sent =
                self.client.transact_write_items().set_transact_items(Some(items.clone())).send().await;
            let Err(error) = sent else { return Ok(Commit::Done) };
            match cancelled(&error) {
                Some(reasons) if reasons.iter().any(|reason| is(reason, "ConditionalCheckFailed")) => {
                    return Ok(Commit::Refused(reasons.iter().map(refused).collect::<Result<_, _>>()?));
                }
                Some(reasons) if reasons.iter().any(|reason| is(reason, "TransactionConflict")) => {
                    let longest = CONFLICT_WAIT.saturating_mul(1 << attempt);
                    tokio::time::sleep(longest.mul_f64(fastrand::f64())).await;
                }
                _ => return Err(LedgerError::Write(Box::new(error))),
            }
        }
        Err(LedgerError::Contended)
    }
}

pub(crate) fn text(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

pub(crate) fn key_of(item: &HashMap<String, AttributeValue>) -> Result<Key, LedgerError> {
    let part = |name: &str| {
        let text = item.get(name).and_then(|value| value.as_s().ok()).cloned();
        text.ok_or_else(|| LedgerError::Foreign(name.to_owned()))
    };
    Ok(Key { pk: part("pk")?, sk: part("sk")? })
}

fn key(key: &Key) -> HashMap<String, AttributeValue> {
    HashMap::from([("pk".to_owned(), text(&key.pk)), ("sk".to_owned(), text(&key.sk))])
}

fn unbuilt(error: aws_sdk_dynamodb::error::BuildError) -> LedgerError {
    LedgerError::Write(Box::new(error))
}

fn cancelled(error: &SdkError<TransactWriteItemsError>) -> Option<&[CancellationReason]> {
    match error.as_service_error()? {
        TransactWriteItemsError::TransactionCanceledException(cancelled) => {
            Some(cancelled.cancellation_reasons())
        }
        _ => None,
    }
}

fn is(reason: &CancellationReason, code: &str) -> bool {
    reason.code() == Some(code)
}

fn refused(reason: &CancellationReason) -> Result<Refused, LedgerError> {
    if is(reason, "ConditionalCheckFailed") {
        let there = reason.item().filter(|item| !item.is_empty());
        Ok(Refused::Yes(there.map(from_attributes).transpose()?))
    } else {
        Ok(Refused::No)
    }
}
