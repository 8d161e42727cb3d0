//! A change as a condition sees it.

use super::fields::{FieldsValue, tags_of};
use super::items::LoginValue;
use super::lists::CidrsValue;
use super::opening::{OpeningValue, Scene};
use super::statement::{Policy, StatementValue};
use super::{absent, flag, indexed, owned, record, texts_of};
use cel::ExecutionError;
use cel::common::traits::Indexer;
use cel::common::types::{CelBool, CelInt, CelList, CelMap, CelMapKey, CelString, Type};
use cel::common::value::{CowVal, StaticVal, Val};
use model::{AccountId, Actor, ActorKind, Untrusted};
use std::any::Any;
use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::sync::Arc;
use trail::{Change, EventKind, Outcome, fields, policy};

static CHANGE: Type = Type::new_unspecified_type("gardefou.Change");
static ACTOR: Type = Type::new_unspecified_type("gardefou.Actor");

/// `change`, with the views that are judged together.
#[derive(Debug, Clone)]
pub(crate) struct ChangeValue {
    change: Arc<Change>,
    scene: Result<Arc<Scene>, String>,
    policy: Result<Arc<Policy>, String>,
}

impl ChangeValue {
    pub(crate) fn new(
        change: Arc<Change>,
        scene: Result<Arc<Scene>, String>,
        policy: Result<Arc<Policy>, String>,
    ) -> Self {
        Self { change, scene, policy }
    }

    fn field<'w>(&self, name: &str) -> Result<Box<dyn Val + 'w>, ExecutionError> {
        let change = &self.change;
        let unread = |why: &String| ExecutionError::function_error(name, why.clone());
        Ok(match name {
            "actor" => Box::new(ActorValue(Arc::clone(change))),
            "read_only" => flag(change.read_only),
            "request" => Box::new(FieldsValue::Request(Arc::clone(change))),
            "response" => Box::new(FieldsValue::Response(Arc::clone(change))),
            "record" => Box::new(FieldsValue::Record(Arc::clone(change))),
            "openings" => Box::new(OpeningValue::list(self.scene.as_ref().map_err(unread)?)),
            "statements" => Box::new(StatementValue::list(self.policy.as_ref().map_err(unread)?)),
            "login" => Box::new(LoginValue(*change.login().ok_or_else(|| absent(name))?)),
            "tags" => Box::new(tag_map(self.tags()?)),
            _ => owned(change_text(change, name).ok_or_else(|| absent(name))?.to_owned()),
        })
    }

    /// What the call gives, and what its answer says that is there.
    fn tags(&self) -> Result<BTreeMap<String, String>, ExecutionError> {
        let mut tags = tags_of(&FieldsValue::Request(Arc::clone(&self.change)))?;
        for (key, value) in tags_of(&FieldsValue::Response(Arc::clone(&self.change)))? {
            tags.entry(key).or_insert(value);
        }
        Ok(tags)
    }

    fn address(&self) -> Option<ipnet::IpNet> {
        self.change.source_address.raw().parse::<IpAddr>().ok().map(ipnet::IpNet::from)
    }
}

pub(super) fn tag_map(tags: BTreeMap<String, String>) -> CelMap<'static> {
    let tag = |(key, value): (String, String)| (CelMapKey::from(key), owned(value));
    CelMap::from(tags.into_iter().map(tag).collect::<HashMap<_, _>>())
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

impl Val for ChangeValue {
    record!(CHANGE);
    fn clone_as_boxed<'w>(&self) -> Box<dyn Val + 'w>
    where
        Self: 'w,
    {
        Box::new(self.clone())
    }
    fn as_any(&self) -> Option<&dyn Any> {
        Some(self)
    }
}

impl StaticVal for ChangeValue {}

indexed!(ChangeValue);

/// `change.actor`.
#[derive(Debug, Clone)]
struct ActorValue(Arc<Change>);

impl Val for ActorValue {
    record!(ACTOR);
    fn clone_as_boxed<'w>(&self) -> Box<dyn Val + 'w>
    where
        Self: 'w,
    {
        Box::new(self.clone())
    }
}

impl ActorValue {
    fn field<'w>(&self, name: &str) -> Result<Box<dyn Val + 'w>, ExecutionError> {
        let actor = &self.0.actor;
        match name {
            "automatic" => Ok(flag(actor.is_automatic())),
            "mfa" => actor.mfa.map(flag).ok_or_else(|| absent(name)),
            _ => actor_text(actor, name).map(|text| owned(text.to_owned())).ok_or_else(|| absent(name)),
        }
    }
}

indexed!(ActorValue);

/// Is the caller one of these users or roles? The name of a session is its caller's to choose, and a federated user's
/// name too: nobody is known by those.
fn by(this: &ChangeValue, patterns: &CelList<'_>) -> Result<CelBool, ExecutionError> {
    let actor = &this.change.actor;
    let patterns = texts_of("by", patterns)?;
    let caller = match actor.kind {
        ActorKind::Role => actor.arn.as_deref().and_then(|arn| arn.rsplit_once('/')).map(|(role, _)| role),
        ActorKind::Federated => None,
        _ => actor.arn.as_deref(),
    };
    let mut names = caller.into_iter().chain(actor.role.as_deref());
    Ok(names.any(|name| patterns.iter().any(|pattern| policy::covers(pattern, name))).into())
}

fn tagged(this: &ChangeValue, wanted: &CelString<'_>) -> Result<CelBool, ExecutionError> {
    Ok(fields::tagged(&this.tags()?, wanted.inner()).into())
}

fn tagged_one_of(this: &ChangeValue, wanted: &CelList<'_>) -> Result<CelBool, ExecutionError> {
    let tags = this.tags()?;
    Ok(texts_of("tagged", wanted)?.iter().any(|wanted| fields::tagged(&tags, wanted)).into())
}

/// Whole days from the event to a time or a date; negative of the past.
fn days_until(this: &ChangeValue, when: &CelString<'_>) -> Result<CelInt, ExecutionError> {
    let odd = || ExecutionError::function_error("daysUntil", "no time where one is asked for");
    let then = fields::time(&when.inner().into()).ok_or_else(odd)?;
    Ok((then.duration_since(this.change.event.time).as_hours() / 24).into())
}

/// Not so of a service, which has a name and no address.
fn within(this: &ChangeValue, cidrs: &CidrsValue) -> CelBool {
    let inside = |address: ipnet::IpNet| cidrs.networks().iter().any(|network| network.contains(&address));
    this.address().is_some_and(inside).into()
}

fn outside(this: &ChangeValue, cidrs: &CidrsValue) -> CelBool {
    let inside = |address: ipnet::IpNet| cidrs.networks().iter().any(|network| network.contains(&address));
    this.address().is_some_and(|address| !inside(address)).into()
}

/// Gives a language the functions that conditions ask of a change.
pub(crate) fn declare(env: &mut cel::Env) -> Result<(), cel::DeclarationError> {
    cel::add_member_overload!(env, fn by: (ChangeValue, CelList<'_>) -> Result<CelBool>)?;
    cel::add_member_overload!(env, fn days_until: (ChangeValue, CelString<'_>) -> Result<CelInt>, name = "daysUntil")?;
    cel::add_member_overload!(env, fn tagged: (ChangeValue, CelString<'_>) -> Result<CelBool>)?;
    cel::add_member_overload!(env, fn tagged_one_of: (ChangeValue, CelList<'_>) -> Result<CelBool>, name = "tagged")?;
    cel::add_member_overload!(env, fn within: (ChangeValue, CidrsValue) -> CelBool)?;
    cel::add_member_overload!(env, fn outside: (ChangeValue, CidrsValue) -> CelBool)?;
    Ok(())
}
