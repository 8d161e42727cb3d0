//! Raw JSON as CEL values.

use super::ITEMS_MAX;
use cel::common::types::{CelBool, CelDouble, CelInt, CelList, CelMap, CelMapKey, CelNull, CelString};
use cel::common::value::Val;
use serde_json::Value;
use std::collections::HashMap;

/// Every whole number becomes an `int`: no `int` of a condition compares with the `uint` that CEL's own conversion
/// makes of a positive one. `null` where the record has nothing is an empty map, so that `has()` can be asked of it.
pub(super) fn convert(value: &Value) -> Result<Box<dyn Val + '_>, String> {
    match value {
        Value::Null => Ok(Box::new(CelMap::from(HashMap::new()))),
        value => inner(value),
    }
}

fn inner(value: &Value) -> Result<Box<dyn Val + '_>, String> {
    Ok(match value {
        Value::Null => Box::new(CelNull),
        Value::Bool(flag) => Box::new(CelBool::from(*flag)),
        Value::String(text) => Box::new(CelString::from(text.as_str())),
        Value::Number(number) => match number.as_i64() {
            Some(number) => Box::new(CelInt::from(number)),
            None => Box::new(CelDouble::from(number.as_f64().unwrap_or(f64::NAN))),
        },
        Value::Array(items) => {
            bounded(items.len())?;
            Box::new(CelList::from(items.iter().map(inner).collect::<Result<Vec<_>, _>>()?))
        }
        Value::Object(fields) => {
            bounded(fields.len())?;
            let field = |(name, value)| Ok((CelMapKey::from(String::as_str(name)), inner(value)?));
            Box::new(CelMap::from(fields.iter().map(field).collect::<Result<HashMap<_, _>, String>>()?))
        }
    })
}

fn bounded(length: usize) -> Result<(), String> {
    if length <= ITEMS_MAX { Ok(()) } else { Err(format!("a list of more than {ITEMS_MAX} entries")) }
}
