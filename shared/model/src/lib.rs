//! What gardefou speaks of: ids, grades, findings, plans, and a finding's life as a pure state machine.
//!
//! Floor 0: no clock, no environment, no I/O. Everything here is data and functions of its arguments.

mod actor;
mod culprit;
mod decision;
mod dispatch;
mod finding;
mod grade;
mod grant;
mod id;
mod life;
mod login;
mod observed;
mod opening;
mod plan;
pub mod planted;
mod resource;
mod share;
mod statement;
mod store;
mod transition;
mod untrusted;
mod verdict;
mod waiver;

pub use actor::{Actor, ActorKind};
pub use culprit::{ContentHash, Culprit, Item, Prior};
pub use dispatch::{Disposition, Facts, dispatch};
pub use finding::{Cause, EventRef, Evidence, Finding, Undecided, Violation, WaivedBy};
pub use grade::{Mode, Severity, UnknownGrade, granted};
pub use grant::{Grant, Grantee};
pub use id::{
    AccountId, EventId, FindingId, GroupId, GroupRuleId, MalformedId, PrefixListId, Region, ReverterName,
    RuleId, Service, WaiverId,
};
pub use life::{
    Approval, Gravity, Lease, Life, Manual, Phase, Resolution, State, StateName, Timing, Wait, Work, WorkerId,
};
pub use login::Login;
pub use observed::{Observed, SecurityGroup, Uses};
pub use opening::{Direction, NotARange, Opening, Ports, Source, Traffic};
pub use plan::{Plan, Refusal, Step};
pub use resource::Resource;
pub use share::{Audience, Share};
pub use statement::{Effect, Listed, Principal, Requirement, Statement};
pub use store::Store;
pub use transition::{Input, Rejected, next};
pub use untrusted::Untrusted;
pub use verdict::Verdict;
pub use waiver::{NotWaivable, Waiver};
