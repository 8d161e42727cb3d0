//! The ports to people over HTTP.
//!
//! A channel has three stages: its configuration as written, the channel that was checked, and a client that posts.
//! A webhook's address and an integration key are secrets: they appear in no error, no log and no `Debug`.

mod answer;
mod error;
mod http;
mod pagerduty;
mod secret;
mod slack;

pub use error::{ChannelProblem, DeliveryError, Retry};
pub use http::Timeouts;
pub use pagerduty::{PagerDutyChannel, PagerDutyClient, PagerDutyConfig};
pub use secret::Secret;
pub use slack::{SlackChannel, SlackClient, SlackConfig};
