//! What a condition sees: changes, openings, statements and observed resources as CEL values.
//!
//! Fields are looked up when they are read, so that a request which no condition reads is never converted.

mod change;
mod fields;
mod items;
mod json;
mod lists;
mod observed;
mod opening;
mod statement;
mod texts;

pub(crate) use change::ChangeValue;
pub(crate) use change::{actor_text, change_text};
pub(crate) use fields::FieldsValue;
#[cfg(test)]
pub(crate) use items::LoginValue;
pub(crate) use items::{GrantValue, ShareValue, StoreValue, item_text};
pub(crate) use lists::{CidrsValue, ParamsValue};
pub(crate) use observed::ObservedValue;
pub(crate) use opening::{OpeningValue, Scene, protocol, source, transport};
pub(crate) use statement::{Policy, StatementValue, statement_text};

use cel::ExecutionError;
use cel::common::types::{CelBool, CelInt, CelList, CelString};
use cel::common::value::Val;

/// A list of a view or of a request that is longer than this is not walked: the verdict is undecided.
pub(crate) const ITEMS_MAX: usize = 500;

/// `Val` for a type with fields, which `field(&self, name)` answers.
macro_rules! record {
    ($cel_type:ident) => {
        fn get_type(&self) -> &Type {
            &$cel_type
        }
        fn cel_type() -> &'static Type {
            &$cel_type
        }
        fn as_indexer<'b, 'w>(&'b self) -> Option<&'b (dyn Indexer + 'w)>
        where
            Self: 'w,
        {
            Some(self)
        }
    };
}
pub(crate) use record;

/// Its fields by their names.
macro_rules! indexed {
    ($value:ty) => {
        impl Indexer for $value {
            fn get<'b, 'w>(&'b self, key: &dyn Val) -> Result<CowVal<'b, 'w>, ExecutionError>
            where
                Self: 'w,
            {
                self.field($crate::value::name(key)).map(CowVal::Owned)
            }
            fn steal<'w>(self: Box<Self>, key: &dyn Val) -> Result<Box<dyn Val + 'w>, ExecutionError>
            where
                Self: 'w,
            {
                self.field($crate::value::name(key)).map(|value| value as Box<dyn Val + 'w>)
            }
        }
    };
}
pub(crate) use indexed;

/// The name that an index asks for; nothing has a field without a name.
fn name(key: &dyn Val) -> &str {
    key.downcast_ref::<CelString<'_>>().map_or("", |text| text.inner())
}

fn flag<'w>(value: bool) -> Box<dyn Val + 'w> {
    Box::new(CelBool::from(value))
}

fn number<'w>(value: impl Into<i64>) -> Box<dyn Val + 'w> {
    Box::new(CelInt::from(value.into()))
}

fn owned<'w>(text: String) -> Box<dyn Val + 'w> {
    Box::new(CelString::from(text))
}

/// What a function of ours was given as texts.
fn texts_of(function: &str, list: &CelList<'_>) -> Result<Vec<String>, ExecutionError> {
    let odd = || ExecutionError::function_error(function, "a list of texts is needed");
    let text =
        |item: &(dyn Val + '_)| item.downcast_ref::<CelString<'_>>().map(|text| text.inner().to_owned());
    list.inner().iter().map(|item| text(item.as_ref()).ok_or_else(odd)).collect()
}

fn bounded_texts(texts: Vec<String>) -> Result<CelList<'static>, ExecutionError> {
    bounded(texts.len())?;
    Ok(CelList::from(texts.into_iter().map(owned).collect::<Vec<_>>()))
}

fn bounded(length: usize) -> Result<(), ExecutionError> {
    let long = || format!("a list of more than {ITEMS_MAX} entries");
    if length <= ITEMS_MAX { Ok(()) } else { Err(ExecutionError::function_error("fields", long())) }
}

/// A field that is absent here, or that there is none of: the vocabulary check tells the two apart.
fn absent(name: &str) -> ExecutionError {
    ExecutionError::no_such_key(name)
}

/// Gives a language the functions that conditions ask of our values.
pub(crate) fn declare(env: &mut cel::Env) -> Result<(), cel::DeclarationError> {
    change::declare(env)?;
    fields::declare(env)?;
    items::declare(env)?;
    opening::declare(env)?;
    observed::declare(env)?;
    statement::declare(env)?;
    texts::declare(env)?;
    lists::declare(env)
}
