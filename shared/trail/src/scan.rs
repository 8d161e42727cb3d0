//! Where the values of a JSON text end, found without parsing them.

use crate::strict::after_string;

/// What is seen of an object on the way to its end.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Object<'a> {
    pub(crate) event_source: Seen<'a>,
    pub(crate) event_name: Seen<'a>,
    pub(crate) detail: Seen<'a>,
    pub(crate) end: End<'a>,
}

#[derive(Debug, Clone, Copy, Default)]
pub(crate) enum End<'a> {
    /// The bytes end first.
    #[default]
    Missing,
    /// The object's length.
    At(usize),
    /// The key `Records` with a list: the bytes after the opening bracket. The scan stops there.
    Records(&'a [u8]),
}

/// The value of a key, unless the key is there twice.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Seen<'a> {
    #[default]
    No,
    Once(&'a [u8]),
    Twice,
}

impl<'a> Seen<'a> {
    fn see(&mut self, value: &'a [u8]) {
        *self = if *self == Self::No { Self::Once(value) } else { Self::Twice };
    }

    /// The text that the value is, unless it has escapes.
    pub(crate) fn text(self) -> Option<&'a str> {
        let Self::Once([b'"', text @ .., b'"']) = self else { return None };
        std::str::from_utf8(text).ok().filter(|text| !text.contains('\\'))
    }
}

/// The object that `bytes` begin with.
pub(crate) fn object(bytes: &[u8]) -> Object<'_> {
    let mut object = Object::default();
    let mut rest = bytes.get(1..).unwrap_or_default();
    let mut key: Option<&[u8]> = None;
    while let Some((&byte, tail)) = rest.split_first() {
        rest = match (byte, key) {
            (b'}', _) => {
                object.end = End::At(bytes.len() - tail.len());
                return object;
            }
            (b':' | b',' | b' ' | b'\t' | b'\n' | b'\r', _) => tail,
            (b'[', Some(b"\"Records\"")) => {
                object.end = End::Records(tail);
                return object;
            }
            _ => {
                let Some(length) = value(rest) else { return object };
                let (value, after) = rest.split_at_checked(length).unwrap_or((rest, &[]));
                match key.take() {
                    Some(b"\"eventSource\"") => object.event_source.see(value),
                    Some(b"\"eventName\"") => object.event_name.see(value),
                    Some(b"\"detail\"") => object.detail.see(value),
                    Some(_) => {}
                    None => key = Some(value),
                }
                after
            }
        };
    }
    object
}

/// The length of the value that `bytes` begin with, at least 1; `None` when they end first.
pub(crate) fn value(bytes: &[u8]) -> Option<usize> {
    let (&first, tail) = bytes.split_first()?;
    match first {
        b'{' | b'[' => nested(bytes),
        b'"' => after_string(tail).map(|after| bytes.len() - after.len()),
        _ => {
            let ends = |byte: &u8| b",:]}[{\"".contains(byte) || byte.is_ascii_whitespace();
            Some(1 + tail.iter().position(ends).unwrap_or(tail.len()))
        }
    }
}

/// Every byte of a file passes here: only strings and brackets matter.
fn nested(bytes: &[u8]) -> Option<usize> {
    let (mut rest, mut depth) = (bytes, 0_usize);
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        match byte {
            b'"' => rest = after_string(tail)?,
            b'{' | b'[' => depth += 1,
            b'}' | b']' if depth <= 1 => return Some(bytes.len() - tail.len()),
            b'}' | b']' => depth -= 1,
            _ => {}
        }
    }
    None
}
