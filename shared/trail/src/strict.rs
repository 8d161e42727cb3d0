//! Bytes to a JSON value, refusing what two readers could read differently.

use crate::ParseError;
use crate::error::quoted;
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};
use std::cell::RefCell;

/// Deeper JSON is refused before anything recursive sees it.
const DEPTH_MAX: usize = 128;

/// What an object at the top has no path for.
pub(crate) const TOP: &str = "top level";

pub(crate) fn value(bytes: &[u8]) -> Result<Value, ParseError> {
    if depth(bytes) > DEPTH_MAX {
        return Err(ParseError::TooDeep { depth_max: DEPTH_MAX });
    }
    let fault = RefCell::new(Fault::default());
    let mut source = serde_json::Deserializer::from_slice(bytes);
    source.disable_recursion_limit();
    let read = Strict { place: &Place::Top, fault: &fault }.deserialize(&mut source);
    read.and_then(|value| source.end().map(|()| value)).map_err(|error| {
        let Fault { path, twice } = fault.take();
        let path = path.unwrap_or_else(|| TOP.to_owned());
        match twice {
            Some(key) => ParseError::Twice { path, key },
            None => ParseError::Syntax { path, reason: error.to_string() },
        }
    })
}

/// The deepest nesting outside of strings; also of bytes that are not JSON.
fn depth(bytes: &[u8]) -> usize {
    let (mut now, mut deepest): (usize, usize) = (0, 0);
    let mut rest = bytes;
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        match byte {
            b'"' => rest = after_string(tail).unwrap_or_default(),
            b'{' | b'[' => {
                now += 1;
                deepest = deepest.max(now);
            }
            b'}' | b']' => now = now.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

/// What follows a string, from the byte after its opening quote; `None` when it has no end.
#[inline]
pub(crate) fn after_string(mut rest: &[u8]) -> Option<&[u8]> {
    loop {
        match rest.get(special(rest)..)? {
            [b'"', after @ ..] => return Some(after),
            [_, _, after @ ..] => rest = after,
            _ => return None,
        }
    }
}

/// Where the first quote or backslash is, eight bytes at a time: most texts of a record are short, and a call of
/// `memchr` costs more than it saves.
#[inline]
fn special(text: &[u8]) -> usize {
    let (words, tail) = text.as_chunks::<8>();
    for (at, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        let found = zeros(word ^ (ONES * u64::from(b'"'))) | zeros(word ^ (ONES * u64::from(b'\\')));
        if found != 0 {
            return at * 8 + found.trailing_zeros() as usize / 8;
        }
    }
    let found = tail.iter().position(|byte| matches!(byte, b'"' | b'\\')).unwrap_or(tail.len());
    words.len() * 8 + found
}

const ONES: u64 = u64::from_le_bytes([1; 8]);

/// The high bit of each byte that is zero; exact up to the first of them.
#[inline]
fn zeros(word: u64) -> u64 {
    word.wrapping_sub(ONES) & !word & (ONES << 7)
}

/// Where the reader is, without copying anything until something is wrong there.
enum Place<'a> {
    Top,
    Key(&'a Place<'a>, &'a str),
    Element(&'a Place<'a>, usize),
}

impl Place<'_> {
    fn path(&self) -> String {
        match self {
            Place::Top => TOP.to_owned(),
            Place::Key(Place::Top, key) => quoted(key),
            Place::Key(parent, key) => format!("{}.{}", parent.path(), quoted(key)),
            Place::Element(parent, at) => format!("{}[{at}]", parent.path()),
        }
    }
}

/// The first thing that went wrong, which is the deepest.
#[derive(Default)]
struct Fault {
    path: Option<String>,
    twice: Option<String>,
}

#[derive(Clone, Copy)]
struct Strict<'a> {
    place: &'a Place<'a>,
    fault: &'a RefCell<Fault>,
}

impl Strict<'_> {
    fn note<T, E>(&self, result: Result<T, E>) -> Result<T, E> {
        if result.is_err() {
            self.fault.borrow_mut().path.get_or_insert_with(|| self.place.path());
        }
        result
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;
    fn deserialize<D: Deserializer<'de>>(self, source: D) -> Result<Value, D::Error> {
        let read = source.deserialize_any(self);
        self.note(read)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut source: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        loop {
            let place = Place::Element(self.place, list.len());
            match source.next_element_seed(Strict { place: &place, ..self })? {
                Some(element) => list.push(element),
                None => return Ok(Value::Array(list)),
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut source: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some(key) = source.next_key::<String>()? {
            if map.contains_key(&key) {
                self.fault.borrow_mut().twice = Some(quoted(&key));
                return Err(A::Error::custom("twice"));
            }
            let place = Place::Key(self.place, &key);
            let value = source.next_value_seed(Strict { place: &place, ..self })?;
            map.insert(key, value);
        }
        Ok(Value::Object(map))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};

    fn check(text: &str, expected: &Expect) {
        let answer = value(text.as_bytes()).map_or_else(|error| error.to_string(), |value| value.to_string());
        expected.assert_eq(&answer);
    }

    fn nested(levels: usize) -> String {
        format!("{}{}", "[".repeat(levels), "]".repeat(levels))
    }

    #[test]
    fn json_is_read_as_it_is() {
        check(
            r#" {"a":[1,-2,1.5,"x\"\\",null,true],"b":{}} "#,
            &expect![[r#"{"a":[1,-2,1.5,"x\"\\",null,true],"b":{}}"#]],
        );
    }

    #[test]
    fn a_key_that_is_there_twice_is_refused_wherever_it_is() {
        check(r#"{"a":1,"a":1}"#, &expect!["top level: the key `a` is there twice"]);
        check(r#"{"a":[{"b":{"c":1,"c":2}}]}"#, &expect!["a[0].b: the key `c` is there twice"]);
        check(r#"{"a":{"b":1,"\u0062":2}}"#, &expect!["a: the key `b` is there twice"]);
        check(r#"{"a":{"b":1},"c":{"b":1}}"#, &expect![[r#"{"a":{"b":1},"c":{"b":1}}"#]]);
    }

    #[test]
    fn truncated_json_names_the_place() {
        check(
            r#"{"a":{"b":[1,{"c":"x"#,
            &expect!["a.b[1].c: not JSON: EOF while parsing a string at line 1 column 20"],
        );
        check("", &expect!["top level: not JSON: EOF while parsing a value at line 1 column 0"]);
        check("{} {}", &expect!["top level: not JSON: trailing characters at line 1 column 4"]);
    }

    #[test]
    fn depth_128_is_read_and_129_is_refused() {
        assert!(value(nested(128).as_bytes()).is_ok());
        check(&nested(129), &expect!["top level: nested deeper than 128 levels"]);
        check(&"[".repeat(1_000_000), &expect!["top level: nested deeper than 128 levels"]);
    }

    #[test]
    fn brackets_inside_a_string_do_not_nest() {
        let text = format!("{{\"a\":\"{}\\\"{}\"}}", "[".repeat(200), "{".repeat(200));
        assert!(value(text.as_bytes()).is_ok());
    }

    #[test]
    fn bytes_that_are_not_text_are_refused() {
        assert!(value(b"{\"a\":\"\xff\"}").is_err());
        assert!(value(b"\xff\xfe").is_err());
    }
}
