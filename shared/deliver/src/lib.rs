//! The ports to people over HTTP.
//!
//! A channel has three stages: its configuration as written, the channel that was checked, and a client that posts.
//! A webhook's address is a secret: it appears in no error, no log and no `Debug`.

mod answer;
mod error;
mod secret;
mod slack;

pub use error::{ChannelProblem, DeliveryError, Retry};
pub use secret::Secret;
pub use slack::{SlackChannel, SlackClient, SlackConfig, Timeouts};
