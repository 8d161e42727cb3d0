//! One batch of messages.

use anyhow::Context as _;
use aws::{DynamoLedger, Message, SqsQueue, SystemClock, batch, report};
use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use engine::{Doorbell, Outcome, Revert, chain};
use hands::SecurityGroups;
use model::WorkerId;

pub(crate) type Function = Revert<DynamoLedger, SqsQueue, SystemClock, SecurityGroups, SecurityGroups>;

pub(crate) async fn handle(revert: &Function, worker: &WorkerId, event: SqsEvent) -> SqsBatchResponse {
    let response = batch(event, async |message| {
        match work(revert, worker, &message).await {
            Ok(outcome) => outcome == Outcome::Done,
            Err(error) => {
                tracing::error!(message.id = %message.id, error = %chain(error.as_ref()), "a doorbell was not answered");
                false
            }
        }
    })
    .await;
    report(&revert.desk, "revert-network", &worker.0);
    response
}

async fn work(revert: &Function, worker: &WorkerId, message: &Message) -> anyhow::Result<Outcome> {
    let doorbell: Doorbell = serde_json::from_str(&message.body).context("the message is no doorbell")?;
    let outcome = revert.doorbell(&doorbell, worker).await?;
    let queue = &revert.desk.queue;
    queue.postpone(queue.revert_network(), &message.receipt, outcome).await?;
    Ok(outcome)
}
