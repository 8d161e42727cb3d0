//! What the template says to `notify`.

use aws::SqsUrls;
use aws::settings::{SettingsError, given, text};
use jiff::SignedDuration;

/// A channel that is down and does not say for how long is tried again after this.
pub(crate) const BACK_OFF: SignedDuration = SignedDuration::from_secs(10);

#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) table: String,
    pub(crate) queues: SqsUrls,
    /// Absent: no topic.
    pub(crate) topic: Option<String>,
    /// Absent: no Slack. The secret holds a webhook's URL.
    pub(crate) slack: Option<ServiceSettings>,
    /// Absent: no PagerDuty. The secret holds an integration's key.
    pub(crate) pagerduty: Option<ServiceSettings>,
}

/// A service that takes messages from whoever holds its secret.
#[derive(Debug)]
pub(crate) struct ServiceSettings {
    /// The secret's ARN.
    pub(crate) secret: String,
    /// The only host that is posted to.
    pub(crate) host: String,
}

impl Settings {
    pub(crate) fn from_env() -> anyhow::Result<Self> {
        Ok(Self {
            table: text("LEDGER_TABLE")?,
            // `notify` rings nobody's `revert`: it has no such queue.
            queues: SqsUrls { revert_network: String::new(), notify: text("NOTIFY_QUEUE_URL")? },
            topic: given("TOPIC_ARN")?,
            slack: service("SLACK_SECRET_ARN", "SLACK_HOST")?,
            pagerduty: service("PAGERDUTY_SECRET_ARN", "PAGERDUTY_HOST")?,
        })
    }
}

fn service(secret: &'static str, host: &'static str) -> Result<Option<ServiceSettings>, SettingsError> {
    let host = text(host)?;
    Ok(given(secret)?.map(|secret| ServiceSettings { secret, host }))
}
