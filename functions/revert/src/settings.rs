//! What the template says to `revert-network`.

use aws::SqsUrls;
use aws::settings::{seconds, text};
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
        let (first_read, next_read) = (seconds("VERIFY_FIRST_SECONDS")?, seconds("VERIFY_NEXT_SECONDS")?);
        Ok(Self {
            package: text("LAMBDA_TASK_ROOT")?.into(),
            table: text("LEDGER_TABLE")?,
            queues: SqsUrls {
                revert_network: text("REVERT_NETWORK_QUEUE_URL")?,
                notify: text("NOTIFY_QUEUE_URL")?,
            },
            acting_role: text("ACTING_ROLE_ARN")?,
            timing: Timing { first_read, next_read, ..Timing::default() },
        })
    }
}
