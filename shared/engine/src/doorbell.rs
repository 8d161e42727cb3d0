//! What travels in the queues: which finding to look at, and nothing that could be obeyed.

use jiff::Timestamp;
use model::{FindingId, Life, Resource, State};
use serde::{Deserialize, Serialize};

/// The worker reads the finding again and decides again: a late, repeated or forged doorbell changes nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Doorbell {
    pub finding: FindingId,
    pub version: u64,
    pub effect: Effect,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Effect {
    Revert,
    Notify,
}

/// Which `revert` function works a finding: each has its own queue, role and SDKs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    Network,
}

impl Family {
    /// By the service of the resource. `None`: nothing can observe or touch this service.
    pub fn of(resource: &Resource) -> Option<Self> {
        match resource.service.as_str() {
            "ec2" => Some(Self::Network),
            _ => None,
        }
    }
}

impl Doorbell {
    /// The doorbells that a finding in this state is owed, each with the time at which it is due.
    pub fn owed(finding: &FindingId, life: &Life, now: Timestamp) -> Vec<(Self, Timestamp)> {
        let bell = |effect| Self { finding: finding.clone(), version: life.version, effect };
        let mut owed = Vec::new();
        match life.state {
            State::Queued(_) => owed.push((bell(Effect::Revert), now)),
            // A worker died or hangs: whoever comes takes over.
            State::Reverting(_) if life.lease.as_ref().is_none_or(|lease| lease.until <= now) => {
                owed.push((bell(Effect::Revert), now));
            }
            State::Verifying { .. } => owed.push((bell(Effect::Revert), life.due_at.unwrap_or(now))),
            _ => {}
        }
        if life.tell.is_some() {
            owed.push((bell(Effect::Notify), now));
        }
        owed
    }
}
