//! `revert-network`: takes back what must not stand in security groups. It cannot read a secret.

mod handler;

use anyhow::Context as _;
use aws::settings::{Settings, text};
use aws::{DynamoLedger, Package, SqsQueue, SystemClock};
use aws_lambda_events::event::sqs::SqsEvent;
use engine::{Desk, Guarded, Revert};
use handler::handle;
use hands::{SecurityGroups, Sessions};
use lambda_runtime::{Error, LambdaEvent, run, service_fn, tracing::init_default_subscriber};
use model::WorkerId;
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
    let sessions = Sessions::new(sdk, &settings.acting_role).context("`ACTING_ROLE_ARN` names no role")?;
    let hands = SecurityGroups::new(sessions);
    let guarded =
        Guarded { rules, config, region: text("AWS_REGION")?.parse()?, acting_role: settings.acting_role };
    let revert = &Revert { desk, observer: hands.clone(), hands, guarded: Arc::new(guarded) };
    run(service_fn(async |event: LambdaEvent<SqsEvent>| {
        let worker = WorkerId(event.context.request_id);
        Ok::<_, Error>(handle(revert, &worker, event.payload).await)
    }))
    .await
}
