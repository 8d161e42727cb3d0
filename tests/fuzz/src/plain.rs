//! JSON as `serde_json` alone reads it: the reference.

use serde_json::Value;

/// `None` of what is no JSON, and of what is deeper than `serde_json` reads by itself.
pub(crate) fn read(bytes: &[u8]) -> Option<Value> {
    serde_json::from_slice(bytes).ok()
}

/// Is it the same after writing and reading? Some long fractions are not.
pub(crate) fn is_stable(value: &Value) -> bool {
    read(value.to_string().as_bytes()).as_ref() == Some(value)
}

/// The key's value; nothing is `null`, as in [`trail::Change`].
pub(crate) fn at<'a>(value: &'a Value, key: &str) -> &'a Value {
    value.get(key).unwrap_or(&Value::Null)
}
