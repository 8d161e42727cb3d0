//! Slack's incoming webhooks.

use crate::answer::refusal;
use crate::{ChannelProblem, DeliveryError, Secret};
use render::SlackMessage;
use reqwest::{Client, Url, redirect};
use serde::Deserialize;
use std::time::Duration;

const CONNECT_SECONDS_MAX: u64 = 2;
/// For the whole request, the answer's body included.
const TOTAL_SECONDS_MAX: u64 = 5;
/// The local AWS has its webhook here, without TLS and on any port.
const LOOPBACK: &str = "127.0.0.1";

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

/// How long a post may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    pub connect: Duration,
    /// For the whole request, the answer's body included.
    pub total: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(CONNECT_SECONDS_MAX),
            total: Duration::from_secs(TOTAL_SECONDS_MAX),
        }
    }
}

/// Posts to one checked webhook.
#[derive(Debug, Clone)]
pub struct SlackClient {
    http: Client,
    channel: SlackChannel,
}

impl SlackClient {
    pub fn new(channel: SlackChannel, timeouts: Timeouts) -> Result<Self, ChannelProblem> {
        // `Err` says that there is one already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = Client::builder()
            .user_agent("gardefou")
            .redirect(redirect::Policy::none())
            .referer(false)
            .no_proxy()
            .https_only(!channel.loopback)
            .connect_timeout(timeouts.connect)
            .timeout(timeouts.total)
            // A function that was frozen wakes up with dead connections.
            .pool_max_idle_per_host(0);
        if channel.loopback {
            builder = builder.tls_certs_only([]);
        }
        let http = builder.build().map_err(|error| ChannelProblem::Client(error.without_url()))?;
        Ok(Self { http, channel })
    }

    /// Slack has no key against duplicates: one that timed out may appear twice.
    pub async fn post(&self, message: &SlackMessage) -> Result<(), DeliveryError> {
        let request = self.http.post(self.channel.url.clone()).json(message);
        let answer = request.send().await.map_err(DeliveryError::unsent)?;
        if answer.status().is_success() { Ok(()) } else { Err(refusal(answer).await) }
    }
}

/// Labels of lower-case letters, digits and `-`, at least two, the last of letters: no address, no trailing dot.
fn is_dns_name(host: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    };
    host.len() <= 253
        && host.split('.').all(is_label)
        && host.rsplit_once('.').is_some_and(|(_, last)| last.bytes().all(|byte| byte.is_ascii_lowercase()))
}

#[cfg(test)]
#[path = "slack_tests.rs"]
mod tests;
