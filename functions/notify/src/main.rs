//! `notify`: tells people. It cannot change what a finding is, nor touch an account.

mod audience;
mod handler;
mod service;
mod settings;

use audience::People;
use aws::{DynamoLedger, Secrets, SqsQueue, SystemClock, Topic};
use aws_lambda_events::event::sqs::SqsEvent;
use engine::{Desk, Notify};
use handler::handle;
use lambda_runtime::{Error, LambdaEvent, run, service_fn, tracing::init_default_subscriber};
use model::Timing;
use settings::Settings;

/// The allocator of static musl is slow, and slower on two cores.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    init_default_subscriber();
    let settings = Settings::from_env()?;
    let sdk = aws::load().await;
    let ledger = DynamoLedger::new(aws_sdk_dynamodb::Client::new(&sdk), settings.table);
    let queue = SqsQueue::new(aws_sdk_sqs::Client::new(&sdk), settings.queues);
    let desk = Desk::new(ledger, queue, SystemClock, Timing::default());
    let topic = settings.topic.map(|arn| Topic::new(aws_sdk_sns::Client::new(&sdk), arn));
    let secrets = Secrets::new(aws_sdk_secretsmanager::Client::new(&sdk));
    let audience = People::new(topic, settings.slack, settings.pagerduty, &secrets);
    let notify = &Notify { desk, audience, back_off: settings::BACK_OFF };
    run(service_fn(async |event: LambdaEvent<SqsEvent>| {
        Ok::<_, Error>(handle(notify, &event.context.request_id, event.payload).await)
    }))
    .await
}
