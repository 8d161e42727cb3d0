//! One batch of messages.

use aws::{DynamoLedger, Message, SqsQueue, SystemClock, batch, report};
use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use engine::{Evaluate, Tally, chain};

pub(crate) type Function = Evaluate<DynamoLedger, SqsQueue, SystemClock>;

pub(crate) async fn handle(evaluate: &Function, request: &str, event: SqsEvent) -> SqsBatchResponse {
    let tally = std::cell::Cell::new(Tally::default());
    let response = batch(event, |Message { id, body, .. }| {
        let tally = &tally;
        async move {
            let fate = evaluate.message(body.as_bytes()).await;
            let mut counts = tally.get();
            counts.count(&fate);
            tally.set(counts);
            fate.inspect_err(
                |error| tracing::error!(message.id = %id, error = %chain(error), "an event was refused"),
            )
            .is_ok()
        }
    })
    .await;
    tally.get().measure(&evaluate.desk.meter);
    report(&evaluate.desk, "evaluate", request);
    response
}
