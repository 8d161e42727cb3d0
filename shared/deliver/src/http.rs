//! What every channel over HTTP has in common: where it may post, and how.

use crate::answer::{Said, refusal};
use crate::{ChannelProblem, DeliveryError};
use reqwest::{Client, Url, redirect};
use serde::Serialize;
use std::time::Duration;

/// The local AWS has its services here, without TLS and on any port.
pub(crate) const LOOPBACK: &str = "127.0.0.1";
const CONNECT_SECONDS_MAX: u64 = 2;
/// For the whole request, the answer's body included.
const TOTAL_SECONDS_MAX: u64 = 5;

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

/// Posts to one address, which may be a secret.
#[derive(Clone)]
pub(crate) struct Poster {
    http: Client,
    url: Url,
}

impl Poster {
    /// `url` was checked: only on the loopback it may go without TLS.
    pub(crate) fn new(url: Url, loopback: bool, timeouts: Timeouts) -> Result<Self, ChannelProblem> {
        // `Err` says that there is one already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = Client::builder()
            .user_agent("gardefou")
            .redirect(redirect::Policy::none())
            .referer(false)
            .no_proxy()
            .https_only(!loopback)
            .connect_timeout(timeouts.connect)
            .timeout(timeouts.total)
            // A function that was frozen wakes up with dead connections.
            .pool_max_idle_per_host(0);
        if loopback {
            builder = builder.tls_certs_only([]);
        }
        let http = builder.build().map_err(|error| ChannelProblem::Client(error.without_url()))?;
        Ok(Self { http, url })
    }

    /// `said` reads the service's own words in the body of an answer that is not a success.
    pub(crate) async fn post(
        &self,
        message: &impl Serialize,
        said: fn(&[u8]) -> Said,
    ) -> Result<(), DeliveryError> {
        let request = self.http.post(self.url.clone()).json(message);
        let answer = request.send().await.map_err(DeliveryError::unsent)?;
        if answer.status().is_success() { Ok(()) } else { Err(refusal(answer, said).await) }
    }
}

impl std::fmt::Debug for Poster {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Poster")
    }
}

/// Labels of lower-case letters, digits and `-`, at least two, the last of letters: no address, no trailing dot.
pub(crate) fn is_dns_name(host: &str) -> bool {
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
