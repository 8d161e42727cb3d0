//! A policy's statement as a condition sees it.

use super::{absent, indexed, owned, record};
use cel::ExecutionError;
use cel::common::traits::Indexer;
use cel::common::types::{CelBool, CelList, CelString, Type};
use cel::common::value::{CowVal, StaticVal, Val};
use model::{Listed, Principal, Resource, Statement, Untrusted};
use std::any::Any;
use std::sync::Arc;
use trail::policy;

static STATEMENT: Type = Type::new_unspecified_type("gardefou.Statement");

/// The statements of one policy, and what holds it.
#[derive(Debug)]
pub(crate) struct Policy {
    pub(crate) statements: Vec<Statement>,
    pub(crate) held_by: Resource,
}

#[derive(Debug, Clone)]
pub(crate) struct StatementValue {
    policy: Arc<Policy>,
    at: usize,
}

impl StatementValue {
    pub(crate) fn new(policy: &Arc<Policy>, at: usize) -> Self {
        Self { policy: Arc::clone(policy), at }
    }

    pub(crate) fn list(policy: &Arc<Policy>) -> CelList<'static> {
        let one = |at| Box::new(Self::new(policy, at)) as Box<dyn Val>;
        CelList::from((0..policy.statements.len()).map(one).collect::<Vec<_>>())
    }

    fn asked(&self) -> Option<&Statement> {
        self.policy.statements.get(self.at)
    }

    fn is(&self, test: impl Fn(&Statement) -> bool) -> CelBool {
        self.asked().is_some_and(test).into()
    }

    fn field<'w>(&self, name: &str) -> Result<Box<dyn Val + 'w>, ExecutionError> {
        let Some(statement) = self.asked() else { return Err(absent(name)) };
        Ok(match name {
            "effect" => owned(statement.effect.word().to_owned()),
            "sid" => owned(statement.sid.as_ref().ok_or_else(|| absent(name))?.raw().to_owned()),
            "conditional" => super::flag(!statement.conditions.is_empty()),
            "held_by" => owned(self.policy.held_by.id.raw().to_owned()),
            "principals" => list(&statement.principals, principal),
            "actions" => list(&statement.actions, Untrusted::raw),
            "resources" => list(&statement.resources, Untrusted::raw),
            _ => return Err(absent(name)),
        })
    }
}

/// As it is written. What names only who or what is left out is everything, `*`.
fn list<'w, T>(listed: &Listed<T>, text: impl Fn(&T) -> &str) -> Box<dyn Val + 'w> {
    let texts: Vec<Box<dyn Val + 'w>> = match listed {
        Listed::Unsaid => Vec::new(),
        Listed::These(list) => list.iter().map(|item| owned(text(item).to_owned())).collect(),
        Listed::AllBut(_) => vec![owned("*".to_owned())],
    };
    Box::new(CelList::from(texts))
}

fn principal(principal: &Principal) -> &str {
    principal.name.raw()
}

/// What a message says of a statement.
pub(crate) fn statement_text(statement: &Statement, name: &str) -> String {
    fn written<T>(listed: &Listed<T>, text: impl Fn(&T) -> &str) -> String {
        let texts: Vec<&str> = listed.written().iter().map(text).collect();
        let texts = texts.join(", ");
        if matches!(listed, Listed::AllBut(_)) { format!("all but {texts}") } else { texts }
    }
    match name {
        "principals" => written(&statement.principals, principal),
        "actions" => written(&statement.actions, Untrusted::raw),
        "resources" => written(&statement.resources, Untrusted::raw),
        "effect" => statement.effect.word().to_owned(),
        _ => statement.name().raw().to_owned(),
    }
}

impl Val for StatementValue {
    record!(STATEMENT);
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

impl StaticVal for StatementValue {}

indexed!(StatementValue);

fn is_public(this: &StatementValue) -> CelBool {
    this.is(|statement| policy::public(statement, &this.policy.statements))
}

fn confined(this: &StatementValue) -> CelBool {
    this.is(policy::confined)
}

fn denies_plain_http(this: &StatementValue) -> CelBool {
    this.is(policy::closes_plain_http)
}

fn allows(this: &StatementValue, action: &CelString<'_>) -> CelBool {
    this.is(|statement| policy::allows(statement, action.inner()))
}

fn requires(this: &StatementValue, key: &CelString<'_>) -> CelBool {
    this.is(|statement| policy::requires(statement, key.inner()))
}

fn values(this: &StatementValue, key: &CelString<'_>) -> Result<CelList<'static>, ExecutionError> {
    let values = this.asked().map(|statement| policy::values(statement, key.inner())).unwrap_or_default();
    super::bounded_texts(values.into_iter().map(str::to_owned).collect())
}

/// Under this operator alone.
fn values_under(
    this: &StatementValue,
    key: &CelString<'_>,
    operator: &CelString<'_>,
) -> Result<CelList<'static>, ExecutionError> {
    let found = this.asked().map(|statement| policy::values_under(statement, key.inner(), operator.inner()));
    super::bounded_texts(found.unwrap_or_default().into_iter().map(str::to_owned).collect())
}

fn is_foreign(this: &StatementValue, accounts: &CelList<'_>) -> Result<CelBool, ExecutionError> {
    let refused = || ExecutionError::function_error("isForeign", "a list of accounts is needed");
    let known: Option<Vec<&str>> = accounts
        .inner()
        .iter()
        .map(|account| account.downcast_ref::<CelString<'_>>().map(CelString::inner))
        .collect();
    let known = known.ok_or_else(refused)?;
    Ok(this.is(|statement| {
        policy::foreign(statement, &this.policy.statements, &this.policy.held_by.account, &known)
    }))
}

/// Gives a language the functions that conditions ask of statements.
pub(crate) fn declare(env: &mut cel::Env) -> Result<(), cel::DeclarationError> {
    cel::add_member_overload!(env, fn is_public: (StatementValue) -> CelBool, name = "isPublic")?;
    cel::add_member_overload!(env, fn is_foreign: (StatementValue, CelList<'_>) -> Result<CelBool>, name = "isForeign")?;
    cel::add_member_overload!(env, fn values: (StatementValue, CelString<'_>) -> Result<CelList<'static>>)?;
    cel::add_member_overload!(env, fn values_under: (StatementValue, CelString<'_>, CelString<'_>) -> Result<CelList<'static>>, name = "values")?;
    cel::add_member_overload!(env, fn confined: (StatementValue) -> CelBool)?;
    cel::add_member_overload!(env, fn allows: (StatementValue, CelString<'_>) -> CelBool)?;
    cel::add_member_overload!(env, fn requires: (StatementValue, CelString<'_>) -> CelBool)?;
    cel::add_member_overload!(env, fn denies_plain_http: (StatementValue) -> CelBool, name = "deniesPlainHttp")?;
    Ok(())
}
