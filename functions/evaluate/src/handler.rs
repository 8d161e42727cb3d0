//! One batch of messages.

use aws::{DynamoLedger, Message, SqsQueue, SystemClock, batch};
use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use engine::{Evaluate, Tally, chain};

pub(crate) type Function = Evaluate<DynamoLedger, SqsQueue, SystemClock>;

pub(crate) async fn handle(evaluate: &Function, event: SqsEvent) -> SqsBatchResponse {
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
    report(&tally.get().metric_line(evaluate.desk.now()));
    response
}

/// CloudWatch reads metrics from a line of standard output.
#[expect(clippy::print_stdout, reason = "the embedded metric format is a line on standard output")]
fn report(line: &str) {
    println!("{line}");
}
