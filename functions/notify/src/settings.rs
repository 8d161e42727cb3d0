//! What the template says to `notify`.

use anyhow::Context as _;
use aws::SqsUrls;

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
        let given = |name| anyhow::Ok(Some(var(name)?).filter(|text| !text.is_empty()));
        let host = var("SLACK_HOST")?;
        Ok(Self {
            table: var("LEDGER_TABLE")?,
            // `notify` rings nobody's `revert`: it has no such queue.
            queues: SqsUrls { revert_network: String::new(), notify: var("NOTIFY_QUEUE_URL")? },
            topic: given("TOPIC_ARN")?,
            slack: given("SLACK_SECRET_ARN")?.map(|secret| SlackSettings { secret, host }),
        })
    }
}

#[expect(clippy::disallowed_methods, reason = "the environment is read here, once")]
fn var(name: &str) -> anyhow::Result<String> {
    std::env::var(name).with_context(|| format!("environment variable `{name}`"))
}
