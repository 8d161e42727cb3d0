//! A service that takes messages from whoever holds its secret.

use crate::settings::ServiceSettings;
use aws::Secrets;
use deliver::{
    ChannelProblem, DeliveryError, PagerDutyChannel, PagerDutyClient, PagerDutyConfig, Retry, Secret,
    SlackChannel, SlackClient, SlackConfig, Timeouts,
};
use engine::ChannelError;
use render::{PagerDutyEvent, SlackMessage};
use std::future::Future;
use std::sync::{Mutex, PoisonError};

/// Holds a secret that was checked, and posts with it.
pub(crate) trait Client: Clone + Send + Sync {
    type Message: Sync;
    fn open(host: &str, secret: &Secret) -> Result<Self, ChannelProblem>;
    fn post(&self, message: &Self::Message) -> impl Future<Output = Result<(), DeliveryError>> + Send;
}

/// The secret is fetched when the first message is sent, and again when the service does not accept it any more.
#[derive(Debug)]
pub(crate) struct Service<C> {
    settings: ServiceSettings,
    secrets: Secrets,
    client: Mutex<Option<C>>,
}

impl<C: Client> Service<C> {
    pub(crate) fn new(settings: ServiceSettings, secrets: Secrets) -> Self {
        Self { settings, secrets, client: Mutex::new(None) }
    }

    pub(crate) async fn send(&self, message: &C::Message) -> Result<(), ChannelError> {
        match self.client().await?.post(message).await {
            Err(DeliveryError::StaleSecret { .. }) => {
                self.keep(None);
                self.client().await?.post(message).await.map_err(channel_error)
            }
            answer => answer.map_err(channel_error),
        }
    }

    async fn client(&self) -> Result<C, ChannelError> {
        let kept = self.client.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(client) = kept {
            return Ok(client);
        }
        let later = |error| ChannelError::Later { after: None, source: Box::new(error) };
        let secret = Secret::new(self.secrets.text(&self.settings.secret).await.map_err(later)?);
        let client = C::open(&self.settings.host, &secret);
        let client = client.map_err(|problem| ChannelError::Refused(Box::new(problem)))?;
        self.keep(Some(client.clone()));
        Ok(client)
    }

    fn keep(&self, client: Option<C>) {
        *self.client.lock().unwrap_or_else(PoisonError::into_inner) = client;
    }
}

impl Client for SlackClient {
    type Message = SlackMessage;

    fn open(host: &str, secret: &Secret) -> Result<Self, ChannelProblem> {
        let channel = SlackChannel::new(&SlackConfig { host: host.to_owned() }, secret)?;
        Self::new(channel, Timeouts::default())
    }

    async fn post(&self, message: &SlackMessage) -> Result<(), DeliveryError> {
        Self::post(self, message).await
    }
}

impl Client for PagerDutyClient {
    type Message = PagerDutyEvent;

    fn open(host: &str, secret: &Secret) -> Result<Self, ChannelProblem> {
        let channel = PagerDutyChannel::new(&PagerDutyConfig { host: host.to_owned() }, secret)?;
        Self::new(channel, Timeouts::default())
    }

    async fn post(&self, message: &PagerDutyEvent) -> Result<(), DeliveryError> {
        Self::post(self, message).await
    }
}

fn channel_error(error: DeliveryError) -> ChannelError {
    match error.retry() {
        Retry::Later { after } => ChannelError::Later { after, source: Box::new(error) },
        Retry::Never => ChannelError::Refused(Box::new(error)),
    }
}

#[cfg(test)]
#[path = "service_tests.rs"]
mod tests;
