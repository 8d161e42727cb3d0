//! What the template says to `revert-network`.

use anyhow::Context as _;
use aws::SqsUrls;
use jiff::SignedDuration;
use model::Timing;
use std::path::PathBuf;

#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) package: PathBuf,
    pub(crate) table: String,
    pub(crate) queues: SqsUrls,
    pub(crate) acting_role: String,
    pub(crate) timing: Timing,
}

impl Settings {
    pub(crate) fn from_env() -> anyhow::Result<Self> {
        let seconds = |name| anyhow::Ok(SignedDuration::from_secs(i64::from(var(name)?.parse::<u16>()?)));
        Ok(Self {
            package: var("LAMBDA_TASK_ROOT")?.into(),
            table: var("LEDGER_TABLE")?,
            queues: SqsUrls {
                revert_network: var("REVERT_NETWORK_QUEUE_URL")?,
                notify: var("NOTIFY_QUEUE_URL")?,
            },
            acting_role: var("ACTING_ROLE_ARN")?,
            timing: Timing {
                first_read: seconds("VERIFY_FIRST_SECONDS")?,
                next_read: seconds("VERIFY_NEXT_SECONDS")?,
                ..Timing::default()
            },
        })
    }
}

#[expect(clippy::disallowed_methods, reason = "the environment is read here, once")]
fn var(name: &str) -> anyhow::Result<String> {
    std::env::var(name).with_context(|| format!("environment variable `{name}`"))
}
