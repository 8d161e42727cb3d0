//! What the use cases need of the world.

use crate::{Cursor, Doorbell, Family, Page};
use jiff::{SignedDuration, Timestamp};
use model::{AccountId, FindingId, Item, Observed, Resource, Step};
use render::Story;
use std::future::Future;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

pub trait Clock: Send + Sync {
    fn now(&self) -> Timestamp;
}

/// Is it worth trying again?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    Never,
    /// After so long, where the other side said how long.
    Later(Option<SignedDuration>),
}

/// What a worker says of a doorbell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The message can go.
    Done,
    /// The message shall come back after so long.
    Later(SignedDuration),
}

/// The queues: the doorbell and the retry engine.
pub trait Queue: Send + Sync {
    /// Rings the family's `revert` queue, or `notify`, after `delay` (15 min at most).
    fn ring(
        &self,
        family: Option<Family>,
        doorbell: &Doorbell,
        delay: SignedDuration,
    ) -> impl Future<Output = Result<(), QueueError>> + Send;
}

#[derive(Debug, thiserror::Error)]
pub enum QueueError {
    #[error("the doorbell could not be sent")]
    Send(#[source] BoxError),
    #[error("there is no queue for this finding's service")]
    NoQueue,
}

/// Reads a resource as it is now.
pub trait Observer: Send + Sync {
    fn observe(&self, resource: &Resource) -> impl Future<Output = Result<Observed, ObserverError>> + Send;
}

#[derive(Debug, thiserror::Error)]
pub enum ObserverError {
    #[error("AWS asks to wait")]
    Throttled(#[source] BoxError),
    #[error("gardefou's role may not read this")]
    Denied(#[source] BoxError),
    #[error("AWS could not be asked")]
    Unreachable(#[source] BoxError),
    #[error("nothing can observe `{0}`")]
    NoObserver(String),
    #[error("AWS's answer makes no sense: {0}")]
    Nonsense(String),
}

impl ObserverError {
    pub fn retry(&self) -> Retry {
        match self {
            Self::Throttled(_) | Self::Unreachable(_) => Retry::Later(None),
            Self::Denied(_) | Self::NoObserver(_) | Self::Nonsense(_) => Retry::Never,
        }
    }
}

/// Reads every resource of a kind, page by page.
pub trait Inventory: Send + Sync {
    /// Some resources of this account as they are now; the tags, lines and lists that rules ask for, not what depends
    /// on them.
    fn page(
        &self,
        account: &AccountId,
        after: Option<&Cursor>,
    ) -> impl Future<Output = Result<Page<Sighted>, ObserverError>> + Send;
}

/// A resource as an inventory saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sighted {
    pub resource: Resource,
    pub observed: Observed,
}

/// What CloudTrail itself remembers: the events that never arrived are found there.
pub trait TrailLog: Send + Sync {
    /// Records of changes in this account between the two times, in no order.
    fn lookup(
        &self,
        account: &AccountId,
        between: (Timestamp, Timestamp),
        after: Option<&Cursor>,
    ) -> impl Future<Output = Result<Page<Vec<u8>>, TrailError>> + Send;
}

#[derive(Debug, thiserror::Error)]
pub enum TrailError {
    #[error("AWS asks to wait")]
    Throttled(#[source] BoxError),
    #[error("gardefou's role may not read the trail")]
    Denied(#[source] BoxError),
    #[error("the trail could not be read")]
    Unreachable(#[source] BoxError),
}

impl TrailError {
    pub fn retry(&self) -> Retry {
        match self {
            Self::Throttled(_) | Self::Unreachable(_) => Retry::Later(None),
            Self::Denied(_) => Retry::Never,
        }
    }
}

/// Under which name the account sees our calls: `gardefou-<finding>-<epoch>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    pub finding: FindingId,
    pub epoch: u64,
}

impl Session {
    /// What own calls are recognised by, together with the role.
    pub const PREFIX: &'static str = "gardefou-";

    pub fn name(&self) -> String {
        format!("{}{}-{}", Self::PREFIX, self.finding, self.epoch)
    }

    /// The finding and the epoch that a session of ours is named after; `None` for one that only reads.
    pub fn parse(name: &str) -> Option<(FindingId, u64)> {
        let (finding, epoch) = name.strip_prefix(Self::PREFIX)?.rsplit_once('-')?;
        Some((finding.parse().ok()?, epoch.parse().ok()?))
    }
}

/// Touches an account. Takes no decision.
pub trait Hands: Send + Sync {
    fn carry_out(
        &self,
        step: &Step,
        resource: &Resource,
        session: &Session,
    ) -> impl Future<Output = Result<Removed, StepError>> + Send;
}

/// What AWS says it did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Removed {
    /// The ids AWS named in its answer, or those it was given where its answer names none.
    pub ids: Vec<String>,
    /// What it removed, with its content, where the answer tells.
    pub items: Vec<Item>,
}

#[derive(Debug, thiserror::Error)]
pub enum StepError {
    #[error("AWS asks to wait")]
    Throttled(#[source] BoxError),
    #[error("gardefou's role may not do this")]
    Denied(#[source] BoxError),
    /// A success candidate: to be observed again before anything else is done.
    #[error("something the step names is not there any more")]
    Gone(#[source] BoxError),
    #[error("AWS refused the step")]
    Rejected(#[source] BoxError),
    /// It may have been applied.
    #[error("AWS did not answer")]
    Unanswered(#[source] BoxError),
}

impl StepError {
    pub fn retry(&self) -> Retry {
        match self {
            Self::Throttled(_) | Self::Gone(_) | Self::Unanswered(_) => Retry::Later(None),
            Self::Denied(_) | Self::Rejected(_) => Retry::Never,
        }
    }
}

/// One way to reach people.
pub trait Channel: Send + Sync {
    /// Short and stable: it names the ledger's attribute that says what was told here.
    fn name(&self) -> &'static str;
    fn send(&self, story: &Story<'_>) -> impl Future<Output = Result<(), ChannelError>> + Send;
}

/// All the channels that are configured.
pub trait Audience: Send + Sync {
    fn names(&self) -> Vec<&'static str>;
    /// Can the channel keep up to date what it told: edit, thread or resolve?
    fn follows(&self, channel: &str) -> bool;
    fn send(&self, channel: &str, story: &Story<'_>)
    -> impl Future<Output = Result<(), ChannelError>> + Send;
}

#[derive(Debug, thiserror::Error)]
pub enum ChannelError {
    #[error("the channel is down or asks to wait")]
    Later { after: Option<SignedDuration>, source: BoxError },
    #[error("the channel refuses the message")]
    Refused(#[source] BoxError),
    #[error("there is no such channel")]
    NoChannel,
}

impl ChannelError {
    pub fn retry(&self) -> Retry {
        match self {
            Self::Later { after, .. } => Retry::Later(*after),
            Self::Refused(_) | Self::NoChannel => Retry::Never,
        }
    }
}

/// An error and what caused it, in one line.
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
