//! People's channels in a run: down, busy, or silent after they took a message.

use super::core::{Core, Millis, World};
use super::faults::Fault;
use engine::{Audience, ChannelError};
use jiff::SignedDuration;
use model::{AccountId, FindingId};
use render::Story;
use std::collections::BTreeMap;

pub(crate) const CHANNELS: [&str; 3] = ["pagerduty", "slack", "sns"];

/// What people heard.
#[derive(Debug, Default)]
pub(crate) struct Channels {
    /// How often each channel took this version of a finding.
    pub(crate) heard: BTreeMap<(FindingId, &'static str, u64), u32>,
    /// When an account's digest was told.
    pub(crate) digests: Vec<(AccountId, Millis)>,
    /// Notify invocations of a finding that did not end well, and messages that were taken and not answered: each may
    /// be a message more.
    pub(crate) disturbed: BTreeMap<FindingId, u32>,
}

impl Core {
    fn post(&mut self, channel: &str, story: &Story<'_>) -> Result<(), ChannelError> {
        let Some(name) = CHANNELS.iter().find(|name| **name == channel) else {
            return Err(ChannelError::NoChannel);
        };
        if self.in_episode(Fault::ChannelDown, channel) {
            return Err(ChannelError::Later { after: None, source: "connection refused".into() });
        }
        if self.fires(Fault::ChannelBusy) {
            let after = Some(SignedDuration::from_secs(self.rng.i64(1..60)));
            return Err(ChannelError::Later { after, source: "429".into() });
        }
        let (id, version) = (story.finding.id.clone(), story.life.tell.unwrap_or_default());
        self.tell(|_| format!("{channel} hears of {id} version {version}: {}", story.life.state.label()));
        *self.channels.heard.entry((id.clone(), name, version)).or_default() += 1;
        if story.digest {
            self.channels.digests.push((story.finding.resource.account.clone(), self.now));
        }
        if self.fires(Fault::ChannelAccepted) {
            *self.channels.disturbed.entry(id).or_default() += 1;
            return Err(ChannelError::Later { after: None, source: "time-out".into() });
        }
        Ok(())
    }
}

/// The port to people.
#[derive(Debug, Clone)]
pub(crate) struct SimCrowd(pub(crate) World);

impl Audience for SimCrowd {
    fn names(&self) -> Vec<&'static str> {
        CHANNELS.to_vec()
    }

    fn follows(&self, channel: &str) -> bool {
        channel == "pagerduty"
    }

    async fn send(&self, channel: &str, story: &Story<'_>) -> Result<(), ChannelError> {
        self.0.call(|core| core.post(channel, story)).await
    }
}
