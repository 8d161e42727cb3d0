//! CloudTrail bytes to [`Change`], its views and their arithmetic.
//!
//! Floor 1: no clock, no environment, no I/O. CloudTrail's JSON is read here and nowhere else.

mod change;
mod encryption;
mod encryption_calls;
mod envelope;
mod error;
pub mod exposure;
pub mod fields;
pub mod file;
mod grants;
mod identity;
mod login;
mod network_acls;
mod openings;
pub mod policy;
mod policy_calls;
mod record;
mod resource;
mod resource_names;
#[cfg(test)]
mod sample;
mod scan;
pub mod schedule;
pub mod secret;
mod shares;
mod statements;
mod strict;
mod traffic;
mod wire;

pub use change::{Change, EventKind, Outcome};
pub use envelope::{DETAIL_TYPES, Distrust, Envelope, envelope_source, parse_envelope};
pub use error::{Misread, ParseError, ShapeError};
pub use traffic::{UnknownNetwork, UnknownTraffic, network, traffic};

/// One CloudTrail record, as in a trail's file or as the `detail` of an EventBridge event.
pub fn parse_record(bytes: &[u8]) -> Result<Change, ParseError> {
    record::from_bytes(bytes)
}
