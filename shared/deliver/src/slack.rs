//! Slack's incoming webhooks.

use crate::answer::Said;
use crate::http::{LOOPBACK, Poster, is_dns_name};
use crate::{ChannelProblem, DeliveryError, Secret, Timeouts};
use render::SlackMessage;
use reqwest::Url;
use serde::Deserialize;

/// Slack's words are shorter.
const WORD_BYTES_MAX: usize = 60;

/// The channel as written in the configuration; the webhook itself is a secret.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SlackConfig {
    /// The only host that is posted to.
    pub host: String,
}

impl Default for SlackConfig {
    fn default() -> Self {
        Self { host: "hooks.slack.com".to_owned() }
    }
}

/// A webhook that was checked: on the configured host, over TLS, and spelled without tricks.
#[derive(Clone)]
pub struct SlackChannel {
    url: Url,
    loopback: bool,
}

impl SlackChannel {
    pub fn new(config: &SlackConfig, webhook: &Secret) -> Result<Self, ChannelProblem> {
        let SlackConfig { host } = config;
        let loopback = host == LOOPBACK;
        if !loopback && !is_dns_name(host) {
            return Err(ChannelProblem::Host(host.clone()));
        }
        let text = webhook.text().trim();
        if !text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\') {
            return Err(ChannelProblem::Characters);
        }
        let url = Url::parse(text).map_err(|error| ChannelProblem::NotAUrl(error.into()))?;
        // What is written is compared too: a parser turns `2130706433` or `h%6Foks` into other hosts.
        let beginning = format!("{}://", if loopback { "http" } else { "https" });
        let Some(rest) = text.strip_prefix(&beginning) else {
            return Err(ChannelProblem::Beginning(beginning));
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(ChannelProblem::UserInfo);
        }
        if url.host_str() != Some(host) || !rest.starts_with(host.as_str()) {
            return Err(ChannelProblem::OtherHost(host.clone()));
        }
        if !loopback && url.port_or_known_default() != Some(443) {
            return Err(ChannelProblem::Port);
        }
        if url.path() == "/" || url.query().is_some() || url.fragment().is_some() {
            return Err(ChannelProblem::Path);
        }
        Ok(Self { url, loopback })
    }
}

impl std::fmt::Debug for SlackChannel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SlackChannel").field("loopback", &self.loopback).finish_non_exhaustive()
    }
}

/// Posts to one checked webhook.
#[derive(Debug, Clone)]
pub struct SlackClient {
    poster: Poster,
}

impl SlackClient {
    pub fn new(channel: SlackChannel, timeouts: Timeouts) -> Result<Self, ChannelProblem> {
        let SlackChannel { url, loopback } = channel;
        Ok(Self { poster: Poster::new(url, loopback, timeouts)? })
    }

    /// Slack has no key against duplicates: one that timed out may appear twice.
    pub async fn post(&self, message: &SlackMessage) -> Result<(), DeliveryError> {
        self.poster.post(message, said).await
    }
}

/// Slack answers with one word. Anything else is not shown: an error page may quote the address.
fn said(body: &[u8]) -> Said {
    let text = body.trim_ascii();
    let is_word = (1..=WORD_BYTES_MAX).contains(&text.len())
        && text.iter().all(|byte| byte.is_ascii_lowercase() || *byte == b'_');
    let word = if is_word { String::from_utf8_lossy(text).into_owned() } else { "no word".to_owned() };
    Said { word, stale: false }
}

#[cfg(test)]
#[path = "slack_tests.rs"]
mod tests;
