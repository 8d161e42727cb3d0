//! Rule folders to compiled rules, and what they say of a change: nothing, a violation with its culprits, or that it
//! can't be told.
//!
//! Floor 2: no clock, no environment, no I/O. Texts come in, values go out; who reads the folders is the caller.

mod asked;
mod book;
mod burst;
mod chapter;
mod check;
mod condition;
mod config;
mod counted;
mod judge;
mod later;
mod message;
mod names;
mod overrides;
mod params;
pub mod patterns;
mod problem;
mod rule;
mod value;
mod vocabulary;
mod walk;
mod written;
mod yaml;

pub use asked::Only;
pub use book::RuleBook;
pub use burst::{Added, Burst};
pub use chapter::Chapter;
pub use check::{Checked, PlannedCase, check};
pub use config::{Allowance, Allowed, Asking, BlastRadius, Breaker, Config, Environments, Unit};
pub use counted::{By, Count, Seen};
pub use judge::Judged;
pub use params::Param;
pub use problem::{Problem, RuleFile};
pub use rule::Rule;
pub use written::{Framework, RuleKind, View};
