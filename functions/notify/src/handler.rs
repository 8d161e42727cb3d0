//! One batch of messages.

use crate::audience::People;
use anyhow::Context as _;
use aws::{DynamoLedger, Message, SqsQueue, SystemClock, batch, report};
use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use engine::{Doorbell, Notify, Outcome, chain};

pub(crate) type Function = Notify<DynamoLedger, SqsQueue, SystemClock, People>;

pub(crate) async fn handle(notify: &Function, request: &str, event: SqsEvent) -> SqsBatchResponse {
    let response = batch(event, async |message| match tell(notify, &message).await {
        Ok(outcome) => outcome == Outcome::Done,
        Err(error) => {
            tracing::error!(message.id = %message.id, error = %chain(error.as_ref()), "people were not told");
            false
        }
    })
    .await;
    report(&notify.desk, "notify", request);
    response
}

async fn tell(notify: &Function, message: &Message) -> anyhow::Result<Outcome> {
    let doorbell: Doorbell = serde_json::from_str(&message.body).context("the message is no doorbell")?;
    let outcome = notify.doorbell(&doorbell).await?;
    let queue = &notify.desk.queue;
    queue.postpone(queue.notify(), &message.receipt, outcome).await?;
    Ok(outcome)
}
