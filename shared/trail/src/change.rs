//! One CloudTrail record, parsed once.

use crate::ShapeError;
use model::{AccountId, Actor, EventRef, Opening, Region, Resource, Statement, Untrusted};
use serde_json::Value;

/// One CloudTrail record, parsed once, with its views.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    pub event: EventRef,
    /// The account that the change happened in (`recipientAccountId`), not the caller's.
    pub account: AccountId,
    pub region: Region,
    pub resource: Resource,
    pub actor: Actor,
    pub kind: EventKind,
    pub outcome: Outcome,
    pub read_only: bool,
    /// An address, a service's name or `AWS Internal`.
    pub source_address: Untrusted,
    /// `requestParameters`; `Null` where the record has none.
    pub request: Value,
    /// `responseElements`; `Null` where the record has none.
    pub response: Value,
    /// Everything else of the record.
    pub(crate) rest: Value,
    pub(crate) openings: Result<Vec<Opening>, ShapeError>,
    pub(crate) statements: Result<Vec<Statement>, ShapeError>,
}

/// CloudTrail's `eventType`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EventKind {
    ApiCall,
    ServiceEvent,
    ConsoleSignIn,
    ConsoleAction,
    Insight,
    Other,
}

/// What became of the call.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Outcome {
    Done,
    Failed { code: String },
    DryRun,
}

impl Change {
    /// The network access that the change opened. Empty for events that open none.
    pub fn openings(&self) -> Result<&[Opening], &ShapeError> {
        self.openings.as_deref()
    }

    /// What the policy says that the change writes. Empty for events that write none, and where one is removed.
    pub fn statements(&self) -> Result<&[Statement], &ShapeError> {
        self.statements.as_deref()
    }

    /// A field of the raw record by its dotted path: `userIdentity.type`, `requestParameters.groupId`.
    pub fn field(&self, path: &str) -> Option<&Value> {
        let (first, rest) = path.split_once('.').map_or((path, None), |(first, rest)| (first, Some(rest)));
        let start = match first {
            "requestParameters" => &self.request,
            "responseElements" => &self.response,
            other => self.rest.get(other)?,
        };
        rest.into_iter().flat_map(|rest| rest.split('.')).try_fold(start, |value, key| value.get(key))
    }
}
