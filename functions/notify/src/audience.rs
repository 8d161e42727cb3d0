//! Who is told: the topic, Slack, or nobody.

use crate::settings::SlackSettings;
use aws::{Secrets, Topic};
use deliver::{DeliveryError, Retry, Secret, SlackChannel, SlackClient, SlackConfig, Timeouts};
use engine::{Audience, Channel as _, ChannelError};
use render::Story;
use std::sync::{Mutex, PoisonError};

#[derive(Debug)]
pub(crate) struct People {
    topic: Option<Topic>,
    slack: Option<Slack>,
}

/// Slack's webhook is fetched when the first message is sent, and again when Slack does not accept it any more.
#[derive(Debug)]
struct Slack {
    settings: SlackSettings,
    secrets: Secrets,
    client: Mutex<Option<SlackClient>>,
}

impl People {
    pub(crate) fn new(topic: Option<Topic>, slack: Option<SlackSettings>, secrets: Secrets) -> Self {
        let slack = slack.map(|settings| Slack { settings, secrets, client: Mutex::new(None) });
        Self { topic, slack }
    }
}

impl Audience for People {
    fn names(&self) -> Vec<&'static str> {
        let sns = self.topic.as_ref().map(|_| "sns");
        sns.into_iter().chain(self.slack.as_ref().map(|_| "slack")).collect()
    }

    async fn send(&self, channel: &str, story: &Story<'_>) -> Result<(), ChannelError> {
        match (channel, &self.topic, &self.slack) {
            ("sns", Some(topic), _) => topic.send(story).await,
            ("slack", _, Some(slack)) => slack.send(story).await,
            _ => Err(ChannelError::NoChannel),
        }
    }
}

impl Slack {
    async fn send(&self, story: &Story<'_>) -> Result<(), ChannelError> {
        let message = render::slack(story);
        match self.client().await?.post(&message).await {
            Err(DeliveryError::StaleSecret { .. }) => {
                self.keep(None);
                self.client().await?.post(&message).await.map_err(channel_error)
            }
            answer => answer.map_err(channel_error),
        }
    }

    async fn client(&self) -> Result<SlackClient, ChannelError> {
        let kept = self.client.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(client) = kept {
            return Ok(client);
        }
        let later = |error| ChannelError::Later { after: None, source: Box::new(error) };
        let webhook = Secret::new(self.secrets.text(&self.settings.secret).await.map_err(later)?);
        let config = SlackConfig { host: self.settings.host.clone() };
        let channel = SlackChannel::new(&config, &webhook);
        let client = channel.and_then(|channel| SlackClient::new(channel, Timeouts::default()));
        let client = client.map_err(|problem| ChannelError::Refused(Box::new(problem)))?;
        self.keep(Some(client.clone()));
        Ok(client)
    }

    fn keep(&self, client: Option<SlackClient>) {
        *self.client.lock().unwrap_or_else(PoisonError::into_inner) = client;
    }
}

fn channel_error(error: DeliveryError) -> ChannelError {
    match error.retry() {
        Retry::Later { after } => ChannelError::Later { after, source: Box::new(error) },
        Retry::Never => ChannelError::Refused(Box::new(error)),
    }
}
