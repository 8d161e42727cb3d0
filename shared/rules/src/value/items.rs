//! Grants, shares, stores and sign-ins as a condition sees them.

use super::{absent, flag, indexed, owned, record, texts_of};
use cel::ExecutionError;
use cel::common::traits::Indexer;
use cel::common::types::{CelBool, CelList, Type};
use cel::common::value::{CowVal, StaticVal, Val};
use model::{AccountId, Audience, Grant, Item, Login, Share, Store, Untrusted};
use std::any::Any;

static GRANT: Type = Type::new_unspecified_type("gardefou.Grant");
static SHARE: Type = Type::new_unspecified_type("gardefou.Share");
static STORE: Type = Type::new_unspecified_type("gardefou.Store");
static LOGIN: Type = Type::new_unspecified_type("gardefou.Login");

#[derive(Debug, Clone)]
pub(crate) struct GrantValue(pub(crate) Grant);

/// With the account that it is in.
#[derive(Debug, Clone)]
pub(crate) struct ShareValue(pub(crate) Share, pub(crate) AccountId);

#[derive(Debug, Clone)]
pub(crate) struct StoreValue(pub(crate) Store);

#[derive(Debug, Clone)]
pub(crate) struct LoginValue(pub(crate) Login);

/// What a message says of an item.
pub(crate) fn item_text<'v>(item: &'v Item, name: &str) -> Option<&'v str> {
    match (item, name) {
        (Item::Grant(grant), "grantee") => Some(grant.grantee.text()),
        (Item::Grant(grant), "permission") => Some(grant.permission.raw()),
        (Item::Share(share), "with") => Some(share.with.text()),
        (Item::Store(store), "name") => Some(store.name.raw()),
        (Item::Store(store), "key") => store.key.as_ref().map(Untrusted::raw),
        _ => None,
    }
}

fn texts<'w>(item: &Item, name: &str) -> Result<Box<dyn Val + 'w>, ExecutionError> {
    item_text(item, name).map(|text| owned(text.to_owned())).ok_or_else(|| absent(name))
}

impl GrantValue {
    fn field<'w>(&self, name: &str) -> Result<Box<dyn Val + 'w>, ExecutionError> {
        texts(&Item::Grant(self.0.clone()), name)
    }
}

impl ShareValue {
    fn field<'w>(&self, name: &str) -> Result<Box<dyn Val + 'w>, ExecutionError> {
        texts(&Item::Share(self.0.clone()), name)
    }
}

impl StoreValue {
    fn field<'w>(&self, name: &str) -> Result<Box<dyn Val + 'w>, ExecutionError> {
        let store = &self.0;
        Ok(match name {
            "unencrypted" => flag(store.encrypted == Some(false)),
            "plain" => flag(store.plain == Some(true)),
            "aws_key" => flag(store.has_aws_key()),
            "key" => owned(store.key.as_ref().map(|key| key.raw().to_owned()).unwrap_or_default()),
            _ => return texts(&Item::Store(store.clone()), name),
        })
    }
}

impl LoginValue {
    fn field<'w>(&self, name: &str) -> Result<Box<dyn Val + 'w>, ExecutionError> {
        let Login { succeeded, mfa, root, federated, instance } = self.0;
        Ok(flag(match name {
            "succeeded" => succeeded,
            "mfa" => mfa.ok_or_else(|| absent(name))?,
            "root" => root,
            "federated" => federated,
            "instance" => instance,
            _ => return Err(absent(name)),
        }))
    }
}

macro_rules! item {
    ($value:ident, $cel_type:ident) => {
        impl Val for $value {
            record!($cel_type);
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

        impl StaticVal for $value {}

        indexed!($value);
    };
}

item!(GrantValue, GRANT);
item!(ShareValue, SHARE);
item!(StoreValue, STORE);
item!(LoginValue, LOGIN);

fn grant_is_public(this: &GrantValue) -> CelBool {
    this.0.grantee.is_public().into()
}

fn share_is_public(this: &ShareValue) -> CelBool {
    (this.0.with == Audience::Everyone).into()
}

/// An account that is neither its own nor one of these; an organisation, unless it is listed.
fn share_is_foreign(this: &ShareValue, known: &CelList<'_>) -> Result<CelBool, ExecutionError> {
    let known = texts_of("isForeign", known)?;
    Ok(match &this.0.with {
        Audience::Everyone | Audience::Other(_) => false,
        Audience::Account(account) => {
            *account != this.1 && !known.iter().any(|known| known == account.as_str())
        }
        Audience::Organisation(arn) => !known
            .iter()
            .any(|known| arn.raw() == known || trail::policy::account_of(arn.raw()) == Some(known)),
    }
    .into())
}

/// Gives a language the functions that conditions ask of items.
pub(crate) fn declare(env: &mut cel::Env) -> Result<(), cel::DeclarationError> {
    cel::add_member_overload!(env, fn grant_is_public: (GrantValue) -> CelBool, name = "isPublic")?;
    cel::add_member_overload!(env, fn share_is_public: (ShareValue) -> CelBool, name = "isPublic")?;
    cel::add_member_overload!(env, fn share_is_foreign: (ShareValue, CelList<'_>) -> Result<CelBool>, name = "isForeign")?;
    Ok(())
}
