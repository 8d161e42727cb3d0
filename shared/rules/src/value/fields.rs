//! A part of a record as a condition asks it: by paths, whatever shape it was written in.

use super::{absent, indexed, json, record};
use cel::ExecutionError;
use cel::common::traits::Indexer;
use cel::common::types::{CelBool, CelDouble, CelInt, CelList, CelString, Type};
use cel::common::value::{CowVal, StaticVal, Val};
use serde_json::Value;
use std::any::Any;
use std::collections::BTreeMap;
use std::sync::Arc;
use trail::{Change, fields};

static FIELDS: Type = Type::new_unspecified_type("gardefou.Fields");

/// `change.request`, `change.response`, `change.record`, what is observed, and what is found below them.
#[derive(Debug, Clone)]
pub(crate) enum FieldsValue {
    Request(Arc<Change>),
    Response(Arc<Change>),
    Record(Arc<Change>),
    /// What is observed: fields with tags.
    Observed(Arc<Value>),
    Own(Arc<Value>),
}

impl FieldsValue {
    pub(crate) fn own(value: Value) -> Self {
        Self::Own(Arc::new(value))
    }

    pub(super) fn root(&self) -> &Value {
        match self {
            Self::Request(change) => {
                fields::unwrapped(&change.request, &format!("{}Request", change.event.name))
            }
            Self::Response(change) => {
                fields::unwrapped(&change.response, &format!("{}Response", change.event.name))
            }
            Self::Record(change) => change.rest(),
            Self::Observed(value) | Self::Own(value) => value,
        }
    }

    /// Of a request that is not there nothing is known; of an answer, that there is none.
    fn at(&self, path: &str) -> Result<Vec<&Value>, ExecutionError> {
        if let Self::Request(change) = self
            && change.request.is_null()
        {
            return Err(ExecutionError::function_error("fields", "the event holds no request"));
        }
        let (root, path) = match (self, path.split_once('.')) {
            // The whole record, where nothing is nothing: `requestParameters: null` says that nothing was given.
            (Self::Record(change), Some(("requestParameters", rest))) => (&change.request, rest),
            (Self::Record(change), Some(("responseElements", rest))) => (&change.response, rest),
            _ => (self.root(), path),
        };
        fields::at(root, path).map_err(|error| ExecutionError::function_error("fields", error.to_string()))
    }

    fn says(&self, path: &CelString<'_>, wanted: &Value) -> Result<CelBool, ExecutionError> {
        let found = self.at(path.inner())?;
        Ok(found.iter().any(|value| fields::same(value, wanted)).into())
    }

    fn first_number(&self, path: &str) -> Result<Option<i64>, ExecutionError> {
        let found = self.at(path)?;
        let odd = || ExecutionError::function_error("fields", "no whole number where one is asked for");
        match found.into_iter().find(|value| fields::is_something(value)) {
            None => Ok(None),
            Some(value) => fields::whole_number(value).map(Some).ok_or_else(odd),
        }
    }

    fn field<'w>(&self, name: &str) -> Result<Box<dyn Val + 'w>, ExecutionError> {
        if let (Self::Observed(_), "tags") = (self, name) {
            return Ok(Box::new(super::change::tag_map(tags_of(self)?)));
        }
        json::owned(self.root().get(name).ok_or_else(|| absent(name))?)
            .map_err(|why| ExecutionError::function_error("fields", why))
    }
}

impl Val for FieldsValue {
    record!(FIELDS);
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

impl StaticVal for FieldsValue {}

indexed!(FieldsValue);

fn has(this: &FieldsValue, path: &CelString<'_>) -> Result<CelBool, ExecutionError> {
    Ok(this.at(path.inner())?.into_iter().any(fields::is_something).into())
}

fn says_text(
    this: &FieldsValue,
    path: &CelString<'_>,
    wanted: &CelString<'_>,
) -> Result<CelBool, ExecutionError> {
    this.says(path, &Value::from(wanted.inner()))
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "a declared function takes its arguments by reference")]
fn says_flag(this: &FieldsValue, path: &CelString<'_>, wanted: &CelBool) -> Result<CelBool, ExecutionError> {
    this.says(path, &Value::from(*wanted.inner()))
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "a declared function takes its arguments by reference")]
fn says_number(this: &FieldsValue, path: &CelString<'_>, wanted: &CelInt) -> Result<CelBool, ExecutionError> {
    this.says(path, &Value::from(*wanted.inner()))
}

fn says_one_of(
    this: &FieldsValue,
    path: &CelString<'_>,
    wanted: &CelList<'_>,
) -> Result<CelBool, ExecutionError> {
    let found = this.at(path.inner())?;
    let wanted: Vec<Value> = wanted.inner().iter().filter_map(|item| scalar(item.as_ref())).collect();
    let said = |value: &&Value| wanted.iter().any(|wanted| fields::same(value, wanted));
    Ok(found.iter().any(said).into())
}

fn scalar(value: &dyn Val) -> Option<Value> {
    let text = value.downcast_ref::<CelString<'_>>().map(|text| Value::from(text.inner()));
    let number = || value.downcast_ref::<CelInt>().map(|number| Value::from(*number.inner()));
    text.or_else(number).or_else(|| value.downcast_ref::<CelBool>().map(|flag| Value::from(*flag.inner())))
}

fn text(this: &FieldsValue, path: &CelString<'_>) -> Result<CelString<'static>, ExecutionError> {
    Ok(this.at(path.inner())?.into_iter().find_map(fields::text).unwrap_or_default().into())
}

fn texts(this: &FieldsValue, path: &CelString<'_>) -> Result<CelList<'static>, ExecutionError> {
    super::bounded_texts(this.at(path.inner())?.into_iter().filter_map(fields::text).collect())
}

fn whole(this: &FieldsValue, path: &CelString<'_>) -> Result<CelInt, ExecutionError> {
    let unsaid = || ExecutionError::function_error("fields", "the event does not say the number");
    this.first_number(path.inner())?.map(CelInt::from).ok_or_else(unsaid)
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "a declared function takes its arguments by reference")]
fn whole_or(this: &FieldsValue, path: &CelString<'_>, unsaid: &CelInt) -> Result<CelInt, ExecutionError> {
    Ok(this.first_number(path.inner())?.map_or(*unsaid, CelInt::from))
}

/// A number that need not be whole, also as a text: an amount of money.
fn decimal(this: &FieldsValue, path: &CelString<'_>) -> Result<CelDouble, ExecutionError> {
    let found = this.at(path.inner())?.into_iter().find_map(fields::text);
    let number = found.and_then(|text| text.trim().parse::<f64>().ok()).filter(|number| number.is_finite());
    let unsaid = || ExecutionError::function_error("fields", "the event does not say the number");
    number.map(CelDouble::from).ok_or_else(unsaid)
}

/// The objects at a path; what is no object has no fields.
fn list(this: &FieldsValue, path: &CelString<'_>) -> Result<CelList<'static>, ExecutionError> {
    let objects: Vec<&Value> = this.at(path.inner())?.into_iter().filter(|value| value.is_object()).collect();
    super::bounded(objects.len())?;
    let own = |value: &Value| Box::new(FieldsValue::own(value.clone())) as Box<dyn Val>;
    Ok(CelList::from(objects.into_iter().map(own).collect::<Vec<_>>()))
}

fn keys(this: &FieldsValue, path: &CelString<'_>) -> Result<CelList<'static>, ExecutionError> {
    let objects = this.at(path.inner())?.into_iter().filter_map(Value::as_object);
    super::bounded_texts(objects.flat_map(|fields| fields.keys().cloned()).collect())
}

/// What the text says in JSON.
fn parsed(this: &FieldsValue, path: &CelString<'_>) -> Result<FieldsValue, ExecutionError> {
    let found = this.at(path.inner())?.into_iter().find(|value| fields::is_something(value));
    let odd = || ExecutionError::function_error("fields", "a text that is not JSON");
    let unsaid = || ExecutionError::function_error("fields", "the event does not say the document");
    Ok(FieldsValue::own(match found.ok_or_else(unsaid)? {
        Value::String(text) => fields::json(text).ok_or_else(odd)?,
        value => value.clone(),
    }))
}

/// The names of what holds a secret that is written out.
fn secrets(
    this: &FieldsValue,
    path: &CelString<'_>,
    names: &CelList<'_>,
) -> Result<CelList<'static>, ExecutionError> {
    let patterns = super::texts_of("secrets", names)?;
    let found = this.at(path.inner())?;
    let holding = found.into_iter().flat_map(|value| trail::secret::written_out(value, &patterns));
    super::bounded_texts(holding.collect())
}

pub(super) fn tags_of(this: &FieldsValue) -> Result<BTreeMap<String, String>, ExecutionError> {
    fields::tags(this.root()).map_err(|error| ExecutionError::function_error("tagged", error.to_string()))
}

fn tagged(this: &FieldsValue, wanted: &CelString<'_>) -> Result<CelBool, ExecutionError> {
    Ok(fields::tagged(&tags_of(this)?, wanted.inner()).into())
}

fn tagged_one_of(this: &FieldsValue, wanted: &CelList<'_>) -> Result<CelBool, ExecutionError> {
    let tags = tags_of(this)?;
    Ok(super::texts_of("tagged", wanted)?.iter().any(|wanted| fields::tagged(&tags, wanted)).into())
}

/// Whole days from the time there to when this was observed, as the facts say under `ObservedAt`.
fn days_since(this: &FieldsValue, path: &CelString<'_>) -> Result<CelInt, ExecutionError> {
    let time = |path: &str| {
        let found = this.at(path)?.into_iter().find_map(fields::time);
        found.ok_or_else(|| ExecutionError::function_error("fields", "no time where one is asked for"))
    };
    Ok(CelInt::from(time("ObservedAt")?.duration_since(time(path.inner())?).as_hours() / 24))
}

/// Gives a language the functions that conditions ask of fields.
pub(crate) fn declare(env: &mut cel::Env) -> Result<(), cel::DeclarationError> {
    cel::add_member_overload!(env, fn has: (FieldsValue, CelString<'_>) -> Result<CelBool>)?;
    cel::add_member_overload!(env, fn says_text: (FieldsValue, CelString<'_>, CelString<'_>) -> Result<CelBool>, name = "says")?;
    cel::add_member_overload!(env, fn says_flag: (FieldsValue, CelString<'_>, CelBool) -> Result<CelBool>, name = "says")?;
    cel::add_member_overload!(env, fn says_number: (FieldsValue, CelString<'_>, CelInt) -> Result<CelBool>, name = "says")?;
    cel::add_member_overload!(env, fn says_one_of: (FieldsValue, CelString<'_>, CelList<'_>) -> Result<CelBool>, name = "says")?;
    cel::add_member_overload!(env, fn text: (FieldsValue, CelString<'_>) -> Result<CelString<'static>>)?;
    cel::add_member_overload!(env, fn texts: (FieldsValue, CelString<'_>) -> Result<CelList<'static>>)?;
    cel::add_member_overload!(env, fn whole: (FieldsValue, CelString<'_>) -> Result<CelInt>, name = "number")?;
    cel::add_member_overload!(env, fn whole_or: (FieldsValue, CelString<'_>, CelInt) -> Result<CelInt>, name = "number")?;
    cel::add_member_overload!(env, fn decimal: (FieldsValue, CelString<'_>) -> Result<CelDouble>)?;
    cel::add_member_overload!(env, fn list: (FieldsValue, CelString<'_>) -> Result<CelList<'static>>)?;
    cel::add_member_overload!(env, fn keys: (FieldsValue, CelString<'_>) -> Result<CelList<'static>>)?;
    cel::add_member_overload!(env, fn parsed: (FieldsValue, CelString<'_>) -> Result<FieldsValue>, name = "json")?;
    cel::add_member_overload!(env, fn tagged: (FieldsValue, CelString<'_>) -> Result<CelBool>)?;
    cel::add_member_overload!(env, fn tagged_one_of: (FieldsValue, CelList<'_>) -> Result<CelBool>, name = "tagged")?;
    cel::add_member_overload!(env, fn days_since: (FieldsValue, CelString<'_>) -> Result<CelInt>, name = "daysSince")?;
    cel::add_member_overload!(env, fn secrets: (FieldsValue, CelString<'_>, CelList<'_>) -> Result<CelList<'static>>)?;
    Ok(())
}
