//! `sweep`: finishes what was begun and finds what no event told of. It looks at accounts, and cannot touch them.

mod job;

use anyhow::Context as _;
use aws::settings::{Settings, accounts, text};
use aws::{DynamoLedger, Package, SqsQueue, SystemClock};
use engine::{Desk, Evaluate, Guarded, Place, Sweep};
use hands::{EventHistory, SecurityGroups, Sessions};
use job::{Order, carry_out};
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
    let sessions =
        Sessions::new(sdk, &text("READING_ROLE_ARN")?).context("`READING_ROLE_ARN` names no role")?;
    let places = accounts(&settings.acting_role)?.into_iter().map(|account| Place { account }).collect();
    let guarded =
        Guarded { rules, config, region: text("AWS_REGION")?.parse()?, acting_role: settings.acting_role };
    let (inventory, trail) = (SecurityGroups::new(sessions.clone()), EventHistory::new(sessions));
    let evaluate = Evaluate { desk, guarded: Arc::new(guarded) };
    let sweep = &Sweep { evaluate, observer: inventory.clone(), inventory, trail, places };
    run(service_fn(async |event: LambdaEvent<Order>| Ok::<_, Error>(carry_out(sweep, event).await?))).await
}
