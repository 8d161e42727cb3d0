//! Who is told: the topic, Slack, PagerDuty, or nobody.

use crate::service::Service;
use crate::settings::ServiceSettings;
use aws::{Secrets, Topic};
use deliver::{PagerDutyClient, SlackClient};
use engine::{Audience, Channel as _, ChannelError};
use render::Story;

#[derive(Debug)]
pub(crate) struct People {
    topic: Option<Topic>,
    slack: Option<Service<SlackClient>>,
    pagerduty: Option<Service<PagerDutyClient>>,
}

impl People {
    pub(crate) fn new(
        topic: Option<Topic>,
        slack: Option<ServiceSettings>,
        pagerduty: Option<ServiceSettings>,
        secrets: &Secrets,
    ) -> Self {
        Self {
            topic,
            slack: slack.map(|settings| Service::new(settings, secrets.clone())),
            pagerduty: pagerduty.map(|settings| Service::new(settings, secrets.clone())),
        }
    }
}

impl Audience for People {
    fn names(&self) -> Vec<&'static str> {
        let sns = self.topic.as_ref().map(|_| "sns");
        let slack = self.slack.as_ref().map(|_| "slack");
        let pagerduty = self.pagerduty.as_ref().map(|_| "pagerduty");
        [sns, slack, pagerduty].into_iter().flatten().collect()
    }

    /// A webhook's message cannot be changed, nor a mail's.
    fn follows(&self, channel: &str) -> bool {
        channel == "pagerduty"
    }

    async fn send(&self, channel: &str, story: &Story<'_>) -> Result<(), ChannelError> {
        match (channel, &self.topic, &self.slack, &self.pagerduty) {
            ("sns", Some(topic), ..) => topic.send(story).await,
            ("slack", _, Some(slack), _) => slack.send(&render::slack(story)).await,
            ("pagerduty", .., Some(pagerduty)) => match render::pagerduty(story) {
                Some(event) => pagerduty.send(&event).await,
                None => Ok(()),
            },
            _ => Err(ChannelError::NoChannel),
        }
    }
}
