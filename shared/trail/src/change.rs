//! One CloudTrail record, parsed once.

use crate::{ShapeError, openings};
use jiff::Timestamp;
use model::{
    AccountId, Actor, EventId, EventRef, Grant, Item, Login, Opening, Region, Resource, Share, Statement,
    Store, Untrusted,
};
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
    pub(crate) grants: Result<Vec<Grant>, ShapeError>,
    pub(crate) shares: Result<Vec<Share>, ShapeError>,
    pub(crate) stores: Result<Vec<Store>, ShapeError>,
    pub(crate) login: Option<Login>,
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
    /// What a sweep saw, for what speaks of changes: nobody knows who made it, and no view holds anything.
    pub fn seen(resource: &Resource, at: Timestamp) -> Self {
        let actor = Actor { name: "somebody".into(), ..Actor::unknown() };
        Self {
            event: EventRef {
                id: EventId::nil(),
                source: String::new(),
                name: "a sweep".to_owned(),
                time: at,
            },
            account: resource.account.clone(),
            region: resource.region.clone(),
            resource: resource.clone(),
            actor,
            kind: EventKind::Other,
            outcome: Outcome::Done,
            read_only: false,
            source_address: Untrusted::default(),
            request: Value::Null,
            response: Value::Null,
            rest: Value::Null,
            openings: Ok(Vec::new()),
            statements: Ok(Vec::new()),
            grants: Ok(Vec::new()),
            shares: Ok(Vec::new()),
            stores: Ok(Vec::new()),
            login: None,
        }
    }

    /// The network access that the change opened. Empty for events that open none.
    pub fn openings(&self) -> Result<&[Opening], &ShapeError> {
        self.openings.as_deref()
    }

    /// What the policy says that the change writes. Empty for events that write none, and where one is removed.
    pub fn statements(&self) -> Result<&[Statement], &ShapeError> {
        self.statements.as_deref()
    }

    /// What the access list grants that the change writes. Empty for events that write none.
    pub fn grants(&self) -> Result<&[Grant], &ShapeError> {
        self.grants.as_deref()
    }

    /// With whom the change shares something from now on. Empty where a share is only taken back.
    pub fn shares(&self) -> Result<&[Share], &ShapeError> {
        self.shares.as_deref()
    }

    /// The places that keep data which the change makes, or whose encryption it changes.
    pub fn stores(&self) -> Result<&[Store], &ShapeError> {
        self.stores.as_deref()
    }

    /// How somebody came in, or did not: for events of a sign-in.
    pub fn login(&self) -> Option<&Login> {
        self.login.as_ref()
    }

    /// Every item of every view that could be read.
    pub fn items(&self) -> impl Iterator<Item = Item> {
        let openings = self.openings().unwrap_or_default().iter().cloned().map(Item::Opening);
        let statements = self.statements().unwrap_or_default().iter().cloned().map(Item::Statement);
        let grants = self.grants().unwrap_or_default().iter().cloned().map(Item::Grant);
        let shares = self.shares().unwrap_or_default().iter().cloned().map(Item::Share);
        let stores = self.stores().unwrap_or_default().iter().cloned().map(Item::Store);
        openings.chain(statements).chain(grants).chain(shares).chain(stores)
    }

    /// The lines of a security group that the change removed, as far as AWS's answer names them.
    pub fn revoked(&self) -> Vec<Opening> {
        openings::revoked(&self.event, &self.account, &self.response)
    }

    /// Everything of the record but the request and the answer.
    pub fn rest(&self) -> &Value {
        &self.rest
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
