//! What the template says to `notify`.

use aws::SqsUrls;
use aws::settings::{given, text};

#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) table: String,
    pub(crate) queues: SqsUrls,
    /// Absent: no topic.
    pub(crate) topic: Option<String>,
    /// Absent: no Slack.
    pub(crate) slack: Option<SlackSettings>,
}

#[derive(Debug)]
pub(crate) struct SlackSettings {
    /// The secret that holds the webhook's URL.
    pub(crate) secret: String,
    /// The only host that the webhook may have.
    pub(crate) host: String,
}

impl Settings {
    pub(crate) fn from_env() -> anyhow::Result<Self> {
        let host = text("SLACK_HOST")?;
        Ok(Self {
            table: text("LEDGER_TABLE")?,
            // `notify` rings nobody's `revert`: it has no such queue.
            queues: SqsUrls { revert_network: String::new(), notify: text("NOTIFY_QUEUE_URL")? },
            topic: given("TOPIC_ARN")?,
            slack: given("SLACK_SECRET_ARN")?.map(|secret| SlackSettings { secret, host }),
        })
    }
}
