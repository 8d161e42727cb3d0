//! Raw JSON as CEL values.

use super::FieldsValue;
use cel::common::types::{CelBool, CelDouble, CelInt, CelList, CelNull, CelString};
use cel::common::value::Val;
use serde_json::Value;

/// Every whole number becomes an `int`: no `int` of a condition compares with the `uint` that CEL's own conversion
/// makes of a positive one. Objects become fields again.
pub(super) fn owned<'w>(value: &Value) -> Result<Box<dyn Val + 'w>, String> {
    Ok(match value {
        Value::Null => Box::new(CelNull),
        Value::Bool(flag) => Box::new(CelBool::from(*flag)),
        Value::String(text) => Box::new(CelString::from(text.clone())),
        Value::Number(number) => match number.as_i64() {
            Some(number) => Box::new(CelInt::from(number)),
            None => Box::new(CelDouble::from(number.as_f64().unwrap_or(f64::NAN))),
        },
        Value::Array(items) if items.len() > super::ITEMS_MAX => {
            return Err(format!("a list of more than {} entries", super::ITEMS_MAX));
        }
        Value::Array(items) => {
            Box::new(CelList::from(items.iter().map(owned).collect::<Result<Vec<_>, _>>()?))
        }
        Value::Object(_) => Box::new(FieldsValue::own(value.clone())),
    })
}
