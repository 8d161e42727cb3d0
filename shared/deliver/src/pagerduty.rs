//! PagerDuty's Events API v2.

use crate::answer::Said;
use crate::http::{LOOPBACK, Poster, is_dns_name};
use crate::{ChannelProblem, DeliveryError, Secret, Timeouts};
use render::PagerDutyEvent;
use reqwest::Url;
use serde::{Deserialize, Serialize};

const KEY_CHARS: usize = 32;
/// The names in an event, by which PagerDuty says what it refuses.
const FIELDS: &[&str] = &[
    "routing_key",
    "event_action",
    "dedup_key",
    "client",
    "payload",
    "summary",
    "source",
    "severity",
    "timestamp",
    "component",
    "group",
    "class",
    "custom_details",
];

/// The channel as written in the configuration; the integration key itself is a secret.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PagerDutyConfig {
    /// The only host that is posted to; `events.eu.pagerduty.com` for accounts in Europe.
    pub host: String,
}

impl Default for PagerDutyConfig {
    fn default() -> Self {
        Self { host: "events.pagerduty.com".to_owned() }
    }
}

/// An integration that was checked: a key of PagerDuty's form, and the configured host over TLS.
#[derive(Debug, Clone)]
pub struct PagerDutyChannel {
    url: Url,
    loopback: bool,
    key: Secret,
}

impl PagerDutyChannel {
    pub fn new(config: &PagerDutyConfig, key: &Secret) -> Result<Self, ChannelProblem> {
        let PagerDutyConfig { host } = config;
        let loopback = is_loopback(host);
        if !loopback && !is_dns_name(host) {
            return Err(ChannelProblem::Host(host.clone()));
        }
        let scheme = if loopback { "http" } else { "https" };
        let url = Url::parse(&format!("{scheme}://{host}/v2/enqueue"));
        let url = url.map_err(|_| ChannelProblem::Host(host.clone()))?;
        let text = key.text().trim();
        if text.len() != KEY_CHARS || !text.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(ChannelProblem::Key);
        }
        Ok(Self { url, loopback, key: Secret::new(text) })
    }
}

/// Sends events to one checked integration.
#[derive(Debug, Clone)]
pub struct PagerDutyClient {
    poster: Poster,
    key: Secret,
}

impl PagerDutyClient {
    pub fn new(channel: PagerDutyChannel, timeouts: Timeouts) -> Result<Self, ChannelProblem> {
        let PagerDutyChannel { url, loopback, key } = channel;
        Ok(Self { poster: Poster::new(url, loopback, timeouts)?, key })
    }

    /// PagerDuty knows a repetition by the event's `dedup_key`: one that timed out may be sent again.
    pub async fn post(&self, event: &PagerDutyEvent) -> Result<(), DeliveryError> {
        self.poster.post(&Keyed { routing_key: self.key.text(), event }, said).await
    }
}

/// What is sent. It shows the key: no `Debug`.
#[derive(Serialize)]
struct Keyed<'a> {
    routing_key: &'a str,
    #[serde(flatten)]
    event: &'a PagerDutyEvent,
}

/// `127.0.0.1`, with or without a port: there is no address in the secret that could name it.
fn is_loopback(host: &str) -> bool {
    match host.split_once(':') {
        Some((address, port)) => {
            address == LOOPBACK
                && port.bytes().all(|byte| byte.is_ascii_digit())
                && port.parse::<u16>().is_ok()
        }
        None => host == LOOPBACK,
    }
}

/// The fields that an answer names. Nothing else of it is shown: it may quote the event, or the key. A key that is
/// unknown, since it was replaced, is a status of 400 like any other fault, and only the words tell.
fn said(body: &[u8]) -> Said {
    let text = String::from_utf8_lossy(body).to_ascii_lowercase().replace("routing key", "routing_key");
    let words: Vec<&str> = text.split(|letter: char| !letter.is_ascii_lowercase() && letter != '_').collect();
    let named: Vec<&str> = FIELDS.iter().copied().filter(|field| words.contains(field)).collect();
    let stale = named.contains(&"routing_key");
    Said { word: if named.is_empty() { "no field".to_owned() } else { named.join(" ") }, stale }
}

#[cfg(test)]
#[path = "pagerduty_tests.rs"]
mod tests;
