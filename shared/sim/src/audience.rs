//! People, in memory: channels that can be down.

use crate::lock;
use engine::{Audience, ChannelError};
use jiff::SignedDuration;
use model::FindingId;
use render::Story;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

/// How a channel answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    Up,
    DownFor(SignedDuration),
    Refusing,
}

/// What one channel heard once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heard {
    pub channel: &'static str,
    pub finding: FindingId,
    pub version: u64,
    pub digest: bool,
}

/// What each channel heard, in order.
#[derive(Debug, Clone, Default)]
pub struct Crowd(Arc<Mutex<Inside>>);

#[derive(Debug, Default)]
struct Inside {
    moods: BTreeMap<&'static str, Mood>,
    heard: Vec<Heard>,
}

impl Crowd {
    pub fn of(channels: &[&'static str]) -> Self {
        let crowd = Self::default();
        lock(&crowd.0).moods = channels.iter().map(|channel| (*channel, Mood::Up)).collect();
        crowd
    }

    pub fn set(&self, channel: &'static str, mood: Mood) {
        lock(&self.0).moods.insert(channel, mood);
    }

    /// The versions that a channel heard.
    pub fn heard(&self, channel: &str) -> Vec<u64> {
        lock(&self.0)
            .heard
            .iter()
            .filter(|heard| heard.channel == channel)
            .map(|heard| heard.version)
            .collect()
    }

    /// Everything that was heard, in order.
    pub fn everything(&self) -> Vec<Heard> {
        lock(&self.0).heard.clone()
    }
}

impl Audience for Crowd {
    fn names(&self) -> Vec<&'static str> {
        lock(&self.0).moods.keys().copied().collect()
    }

    fn follows(&self, channel: &str) -> bool {
        channel == "pagerduty"
    }

    async fn send(&self, channel: &str, story: &Story<'_>) -> Result<(), ChannelError> {
        let mut inside = lock(&self.0);
        let Some((&name, &mood)) = inside.moods.get_key_value(channel) else {
            return Err(ChannelError::NoChannel);
        };
        match mood {
            Mood::DownFor(time) => Err(ChannelError::Later { after: Some(time), source: "down".into() }),
            Mood::Refusing => Err(ChannelError::Refused("invalid_payload".into())),
            Mood::Up => {
                let version = story.life.tell.unwrap_or_default();
                let finding = story.finding.id.clone();
                inside.heard.push(Heard { channel: name, finding, version, digest: story.digest });
                Ok(())
            }
        }
    }
}
