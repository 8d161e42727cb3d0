//! One SQS batch: each message on its own, and only those that failed go back to the queue.

use aws_lambda_events::event::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent};
use futures::FutureExt as _;
use std::future::Future;
use std::panic::AssertUnwindSafe;

/// One message as its handler sees it.
#[derive(Debug, Clone)]
pub struct Message {
    pub id: String,
    pub body: String,
    /// Names this delivery of the message to its queue.
    pub receipt: String,
}

/// Hands each message to `handle`; `false`, or a panic, gives that message back and no other.
pub async fn batch<F, R>(event: SqsEvent, mut handle: F) -> SqsBatchResponse
where
    F: FnMut(Message) -> R,
    R: Future<Output = bool>,
{
    let mut response = SqsBatchResponse::default();
    let received = event.records.len();
    for record in event.records {
        let id = record.message_id.unwrap_or_default();
        let message = Message {
            id: id.clone(),
            body: record.body.unwrap_or_default(),
            receipt: record.receipt_handle.unwrap_or_default(),
        };
        let handled = AssertUnwindSafe(handle(message)).catch_unwind().await;
        if handled.is_err() {
            tracing::error!(message.id = %id, "a message made the function panic");
        }
        if !handled.unwrap_or(false) {
            let mut failure = BatchItemFailure::default();
            failure.item_identifier = id;
            response.batch_item_failures.push(failure);
        }
    }
    let failed = response.batch_item_failures.len();
    tracing::info!(messages.received = received, messages.failed = failed, "a batch was worked off");
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_lambda_events::event::sqs::SqsMessage;

    fn ten_messages() -> SqsEvent {
        let mut event = SqsEvent::default();
        event.records = (0..10)
            .map(|at| {
                let mut message = SqsMessage::default();
                message.message_id = Some(format!("m{at}"));
                message.body = Some(at.to_string());
                message
            })
            .collect();
        event
    }

    #[tokio::test]
    async fn one_bad_message_and_one_that_panics_sink_only_themselves() {
        let mut handled = Vec::new();
        let response = batch(ten_messages(), |message| {
            let body = message.body;
            handled.push(body.clone());
            async move {
                assert_ne!(body, "7", "on purpose");
                body != "3"
            }
        })
        .await;
        let failed: Vec<_> =
            response.batch_item_failures.iter().map(|one| one.item_identifier.as_str()).collect();
        assert_eq!(failed, ["m3", "m7"]);
        assert_eq!(handled.len(), 10);
    }
}
