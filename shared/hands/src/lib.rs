//! What observes and touches an account. The only crate that depends on the SDKs of the services acted on.
//!
//! Floor 4. Every call is made as a session of the acting role, so that CloudTrail tells ours from others'.

mod fault;
mod roles;
mod security_group;
mod sessions;
mod trail_log;

pub use security_group::SecurityGroups;
pub use sessions::Sessions;
pub use trail_log::EventHistory;
