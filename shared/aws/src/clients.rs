//! The one place that decides how AWS clients are made.

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_smithy_http_client::{Builder, tls};
use std::time::Duration;

/// What may be in flight when a function dies is bounded: the lease counts on it (REL-L1).
const CONNECT: Duration = Duration::from_secs(2);
const READ: Duration = Duration::from_secs(5);
const OPERATION: Duration = Duration::from_secs(15);
const ATTEMPTS: u32 = 2;

/// Region, credentials and endpoints from the function's environment; one HTTP client with one TLS.
pub async fn load() -> SdkConfig {
    load_in(None).await
}

/// As [`load`], for a person who may name the region, with the files of `aws configure` as well.
pub(crate) async fn load_in(region: Option<String>) -> SdkConfig {
    let tls = tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring);
    let timeouts =
        TimeoutConfig::builder().connect_timeout(CONNECT).read_timeout(READ).operation_timeout(OPERATION);
    let defaults = aws_config::defaults(BehaviorVersion::latest());
    let defaults = match region {
        Some(region) => defaults.region(Region::new(region)),
        None => defaults,
    };
    defaults
        .http_client(Builder::new().tls_provider(tls).build_https())
        .timeout_config(timeouts.build())
        .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS))
        .load()
        .await
}
