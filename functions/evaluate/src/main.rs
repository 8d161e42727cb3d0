//! `evaluate`: judges each change against the rules and records what violates them. It cannot touch an account.

mod handler;

use aws::settings::{Settings, text};
use aws::{DynamoLedger, Package, SqsQueue, SystemClock};
use aws_lambda_events::event::sqs::SqsEvent;
use engine::{Desk, Evaluate, Guarded};
use handler::handle;
use lambda_runtime::{Error, LambdaEvent, run, service_fn, tracing::init_default_subscriber};
use std::sync::Arc;

/// The allocator of static musl is slow, and slower on two cores.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    init_default_subscriber();
    let settings = Settings::from_env()?;
    let Package { config, rules } = Package::read(&settings.package)?;
    let sdk = aws::load().await;
    let ledger = DynamoLedger::new(aws_sdk_dynamodb::Client::new(&sdk), settings.table);
    let queue = SqsQueue::new(aws_sdk_sqs::Client::new(&sdk), settings.queues);
    let desk = Desk::new(ledger, queue, SystemClock, settings.timing);
    let guarded =
        Guarded { rules, config, region: text("AWS_REGION")?.parse()?, acting_role: settings.acting_role };
    let evaluate = &Evaluate { desk, guarded: Arc::new(guarded) };
    run(service_fn(async |event: LambdaEvent<SqsEvent>| {
        Ok::<_, Error>(handle(evaluate, &event.context.request_id, event.payload).await)
    }))
    .await
}
