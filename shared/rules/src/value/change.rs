//! A change as a condition sees it.

use super::opening::{OpeningValue, Scene};
use super::statement::{Policy, StatementValue};
use super::{absent, flag, indexed, json, name, record, text};
use cel::ExecutionError;
use cel::common::traits::Indexer;
use cel::common::types::Type;
use cel::common::value::{CowVal, Val};
use model::{AccountId, Actor, ActorKind, Untrusted};
use std::sync::{Arc, OnceLock};
use trail::{Change, EventKind, Outcome};

static CHANGE: Type = Type::new_unspecified_type("gardefou.Change");
static ACTOR: Type = Type::new_unspecified_type("gardefou.Actor");

type Converted<'v> = OnceLock<Result<Box<dyn Val + 'v>, String>>;

/// `change`. The raw request and answer are converted when they are first read, and then kept.
#[derive(Debug)]
pub(crate) struct ChangeValue<'v> {
    change: &'v Change,
    scene: Result<Arc<Scene>, String>,
    policy: Result<Arc<Policy>, String>,
    openings: Converted<'v>,
    statements: Converted<'v>,
    request: Converted<'v>,
    response: Converted<'v>,
}

impl<'v> ChangeValue<'v> {
    pub(crate) fn new(
        change: &'v Change,
        scene: Result<Arc<Scene>, String>,
        policy: Result<Arc<Policy>, String>,
    ) -> Self {
        let (openings, statements) = (OnceLock::new(), OnceLock::new());
        let (request, response) = (OnceLock::new(), OnceLock::new());
        Self { change, scene, policy, openings, statements, request, response }
    }

    fn converted(&self, name: &str) -> Option<&Result<Box<dyn Val + 'v>, String>> {
        match name {
            "request" => Some(self.request.get_or_init(|| json::convert(&self.change.request))),
            "response" => Some(self.response.get_or_init(|| json::convert(&self.change.response))),
            "openings" => Some(self.openings.get_or_init(|| {
                let scene = self.scene.as_ref().map_err(Clone::clone)?;
                Ok(Box::new(OpeningValue::list(scene)))
            })),
            "statements" => Some(self.statements.get_or_init(|| {
                let policy = self.policy.as_ref().map_err(Clone::clone)?;
                Ok(Box::new(StatementValue::list(policy)))
            })),
            _ => None,
        }
    }

    fn field(&self, name: &str) -> Result<Box<dyn Val + 'v>, ExecutionError> {
        let change = self.change;
        Ok(match name {
            "actor" => Box::new(ActorValue(&change.actor)),
            "read_only" => flag(change.read_only),
            _ => text(change_text(change, name).ok_or_else(|| absent(name))?),
        })
    }
}

/// The fields of a change that are plain texts.
pub(crate) fn change_text<'v>(change: &'v Change, name: &str) -> Option<&'v str> {
    Some(match name {
        "name" => &change.event.name,
        "source" => &change.event.source,
        "account" => change.account.as_str(),
        "region" => change.region.as_str(),
        "resource" => change.resource.id.raw(),
        "source_address" => change.source_address.raw(),
        "kind" => match change.kind {
            EventKind::ApiCall => "api-call",
            EventKind::ServiceEvent => "service-event",
            EventKind::ConsoleSignIn => "console-sign-in",
            EventKind::ConsoleAction => "console-action",
            EventKind::Insight => "insight",
            EventKind::Other => "other",
        },
        "error" => match &change.outcome {
            Outcome::Failed { code } => code,
            Outcome::Done | Outcome::DryRun => return None,
        },
        _ => return None,
    })
}

/// The fields of an actor that are plain texts.
pub(crate) fn actor_text<'v>(actor: &'v Actor, name: &str) -> Option<&'v str> {
    match name {
        "kind" => Some(match actor.kind {
            ActorKind::Root => "root",
            ActorKind::User => "user",
            ActorKind::Role => "role",
            ActorKind::Federated => "federated",
            ActorKind::Account => "account",
            ActorKind::Service => "service",
            ActorKind::IdentityCenter => "identity-center",
            ActorKind::Unknown => "unknown",
        }),
        "name" => Some(actor.name.raw()),
        "account" => actor.account.as_ref().map(AccountId::as_str),
        "arn" => actor.arn.as_deref(),
        "role" => actor.role.as_deref(),
        "session" => actor.session.as_ref().map(Untrusted::raw),
        "source_identity" => actor.source_identity.as_ref().map(Untrusted::raw),
        "invoked_by" => actor.invoked_by.as_ref().map(Untrusted::raw),
        "user_agent" => actor.user_agent.as_ref().map(Untrusted::raw),
        _ => None,
    }
}

impl<'v> Val for ChangeValue<'v> {
    record!(CHANGE);
    fn clone_as_boxed<'w>(&self) -> Box<dyn Val + 'w>
    where
        Self: 'w,
    {
        Box::new(ChangeValue::<'v>::new(self.change, self.scene.clone(), self.policy.clone()))
    }
}

impl Indexer for ChangeValue<'_> {
    fn get<'b, 'w>(&'b self, key: &dyn Val) -> Result<CowVal<'b, 'w>, ExecutionError>
    where
        Self: 'w,
    {
        match self.converted(name(key)) {
            Some(Ok(value)) => Ok(CowVal::Borrowed(value.as_ref())),
            Some(Err(why)) => Err(ExecutionError::function_error(name(key), why)),
            None => self.field(name(key)).map(CowVal::Owned),
        }
    }
    fn steal<'w>(self: Box<Self>, key: &dyn Val) -> Result<Box<dyn Val + 'w>, ExecutionError>
    where
        Self: 'w,
    {
        self.get(key).map(CowVal::into_owned)
    }
}

/// `change.actor`.
#[derive(Debug, Clone)]
struct ActorValue<'v>(&'v Actor);

impl Val for ActorValue<'_> {
    record!(ACTOR);
    fn clone_as_boxed<'w>(&self) -> Box<dyn Val + 'w>
    where
        Self: 'w,
    {
        Box::new(self.clone())
    }
}

impl<'v> ActorValue<'v> {
    fn field(&self, name: &str) -> Result<Box<dyn Val + 'v>, ExecutionError> {
        match name {
            "mfa" => self.0.mfa.map(flag).ok_or_else(|| absent(name)),
            _ => actor_text(self.0, name).map(text).ok_or_else(|| absent(name)),
        }
    }
}

indexed!(ActorValue<'_>);
