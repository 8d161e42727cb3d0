//! JSON merge patches (RFC 7386), and how far two documents are apart.

use serde_json::{Map, Value};

/// `null` takes a field away, an object is merged into an object, anything else replaces.
pub(super) fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        target.clone_from(patch);
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let Value::Object(fields) = target else { return };
    for (name, value) in patch {
        if value.is_null() {
            fields.remove(name);
        } else {
            merge(fields.entry(name).or_insert(Value::Null), value);
        }
    }
}

/// How many fields differ; a field that only one of them has counts once, whatever is in it.
pub(super) fn apart(one: &Value, two: &Value) -> usize {
    match (one, two) {
        (Value::Object(one), Value::Object(two)) => {
            let of_one = one.iter().map(|(name, value)| two.get(name).map_or(1, |other| apart(value, other)));
            of_one.sum::<usize>() + two.keys().filter(|name| !one.contains_key(*name)).count()
        }
        (Value::Array(one), Value::Array(two)) => {
            let shared: usize = one.iter().zip(two).map(|(one, two)| apart(one, two)).sum();
            shared + one.len().abs_diff(two.len())
        }
        (one, two) => usize::from(one != two),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_examples_of_rfc_7386_come_out_as_written_there() {
        for (mut target, patch, expected) in [
            (json!({"a": "b"}), json!({"a": "c"}), json!({"a": "c"})),
            (json!({"a": "b"}), json!({"b": "c"}), json!({"a": "b", "b": "c"})),
            (json!({"a": "b"}), json!({"a": null}), json!({})),
            (json!({"a": "b", "b": "c"}), json!({"a": null}), json!({"b": "c"})),
            (json!({"a": ["b"]}), json!({"a": "c"}), json!({"a": "c"})),
            (json!({"a": "c"}), json!({"a": ["b"]}), json!({"a": ["b"]})),
            (json!({"a": {"b": "c"}}), json!({"a": {"b": "d", "c": null}}), json!({"a": {"b": "d"}})),
            (json!({"a": [{"b": "c"}]}), json!({"a": [1]}), json!({"a": [1]})),
            (json!(["a", "b"]), json!(["c", "d"]), json!(["c", "d"])),
            (json!({"a": "b"}), json!(["c"]), json!(["c"])),
            (json!({"a": "foo"}), json!(null), json!(null)),
            (json!({"a": "foo"}), json!("bar"), json!("bar")),
            (json!({"e": null}), json!({"a": 1}), json!({"e": null, "a": 1})),
            (json!([1, 2]), json!({"a": "b", "c": null}), json!({"a": "b"})),
            (json!({}), json!({"a": {"bb": {"ccc": null}}}), json!({"a": {"bb": {}}})),
        ] {
            merge(&mut target, &patch);
            assert_eq!(target, expected);
        }
    }

    #[test]
    fn fields_that_differ_are_counted_once() {
        assert_eq!(apart(&json!({"a": 1, "b": [1, 2]}), &json!({"a": 1, "b": [1, 2]})), 0);
        assert_eq!(apart(&json!({"a": 1, "b": [1, 2]}), &json!({"a": 1, "b": [1, 3]})), 1);
        assert_eq!(apart(&json!({"a": {"x": 1, "y": 2}}), &json!({})), 1);
        assert_eq!(apart(&json!({"a": 1}), &json!({"b": 1})), 2);
    }
}
