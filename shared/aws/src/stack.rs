//! A deployed guard, found by its name: what people's own commands work on.

use crate::clients::load_in;
use crate::{DeadLetters, DynamoLedger};
use aws_config::SdkConfig;
use aws_sdk_sqs::Client;
use engine::{Doorbell, Effect, Family, Queue, QueueError};
use jiff::SignedDuration;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The stack as the template names its parts.
#[derive(Debug, Clone)]
pub struct Stack {
    config: SdkConfig,
    name: String,
}

/// Who asks could not be told.
#[derive(Debug, thiserror::Error)]
pub enum CallerError {
    #[error("AWS did not say who you are")]
    Ask(#[source] BoxError),
    #[error("AWS answered without saying who you are")]
    Nobody,
}

impl Stack {
    /// Credentials from the environment or the profile; nothing is called yet.
    pub async fn named(name: String, region: Option<String>) -> Self {
        Self { config: load_in(region).await, name }
    }

    /// A stack reached in a way that is known already.
    pub fn with(config: SdkConfig, name: String) -> Self {
        Self { config, name }
    }

    pub fn region(&self) -> Option<&str> {
        self.config.region().map(AsRef::as_ref).filter(|region: &&str| !region.is_empty())
    }

    pub fn ledger(&self) -> DynamoLedger {
        DynamoLedger::new(aws_sdk_dynamodb::Client::new(&self.config), format!("{}-ledger", self.name))
    }

    pub fn queues(&self) -> StackQueues {
        StackQueues { client: Client::new(&self.config), stack: self.name.clone() }
    }

    pub fn dead_letters(&self) -> DeadLetters {
        DeadLetters::new(self.queues())
    }

    /// The ARN under which AWS knows the caller.
    pub async fn caller(&self) -> Result<String, CallerError> {
        let sent = aws_sdk_sts::Client::new(&self.config).get_caller_identity().send().await;
        let answer = sent.map_err(|error| CallerError::Ask(Box::new(error)))?;
        answer.arn.ok_or(CallerError::Nobody)
    }
}

/// The stack's queues, each looked up when it is needed.
#[derive(Debug, Clone)]
pub struct StackQueues {
    pub(crate) client: Client,
    stack: String,
}

impl StackQueues {
    /// Of the queue `<stack>-<name>`.
    pub(crate) async fn url(&self, name: &str) -> Result<String, BoxError> {
        let asked = self.client.get_queue_url().queue_name(format!("{}-{name}", self.stack));
        asked.send().await?.queue_url.ok_or_else(|| "AWS told no address".into())
    }
}

impl Queue for StackQueues {
    async fn ring(
        &self,
        family: Option<Family>,
        doorbell: &Doorbell,
        delay: SignedDuration,
    ) -> Result<(), QueueError> {
        let name = match (doorbell.effect, family) {
            (Effect::Notify, _) => "notify",
            (Effect::Revert, Some(Family::Network)) => "revert-network",
            (Effect::Revert, None) => return Err(QueueError::NoQueue),
        };
        let body = serde_json::to_string(doorbell).map_err(|error| QueueError::Send(Box::new(error)))?;
        // Rounded up: a doorbell must not ring before its time.
        let seconds = delay.as_secs() + i64::from(delay.subsec_nanos() > 0);
        let send = self
            .client
            .send_message()
            .queue_url(self.url(name).await.map_err(QueueError::Send)?)
            .message_body(body);
        let send = send.delay_seconds(i32::try_from(seconds).unwrap_or(i32::MAX));
        send.send().await.map(drop).map_err(|error| QueueError::Send(Box::new(error)))
    }
}
