//! Text fit to be shown, whoever wrote it.

use crate::streams::WriteError;
use model::{Direction, Item, Opening, Source, Untrusted};
use serde::Serialize;
use serde_json::ser::{CharEscape, Formatter, Serializer};
use std::io::{self, Write};
use std::path::Path;

/// A text in full on one line; control characters, directions and the like as escapes.
pub(crate) fn line(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\'' | '"' | '\\' => shown.push(character),
            _ => shown.extend(character.escape_debug()),
        }
    }
    shown
}

pub(crate) fn path(path: &Path) -> String {
    line(&path.display().to_string())
}

/// `sgr-0a1b: tcp 22 from 0.0.0.0/0`.
pub(crate) fn item(item: &Item) -> String {
    match item {
        Item::Opening(line) => opening(line),
        item => render::item_in_terminal(item),
    }
}

pub(crate) fn opening(line: &Opening) -> String {
    let Opening { rule, direction, traffic, source, description } = line;
    let id = rule.as_ref().map_or_else(|| "(no id)".to_owned(), ToString::to_string);
    let way = match direction {
        Direction::Ingress => "from",
        Direction::Egress => "to",
    };
    let source = match source {
        Source::Net(net) => net.to_string(),
        Source::PrefixList(list) => list.to_string(),
        Source::Group { group, account: None } => render::sink::terminal(group),
        Source::Group { group, account: Some(account) } => {
            format!("{} of {account}", render::sink::terminal(group))
        }
    };
    let description =
        description.as_ref().map(|text| format!(" ({})", render::sink::terminal(text))).unwrap_or_default();
    format!("{id}: {traffic} {way} {source}{description}")
}

/// A text that quotes an event, cut where it gets long.
pub(crate) fn text(text: &str) -> String {
    render::sink::terminal(&Untrusted::new(text))
}

/// One line of JSON in ASCII: nothing in it can steer a terminal, and a reader gets every character back.
pub(crate) fn json(value: &impl Serialize) -> Result<String, WriteError> {
    let mut bytes = Vec::new();
    value.serialize(&mut Serializer::with_formatter(&mut bytes, Ascii)).map_err(io::Error::from)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

struct Ascii;

impl Formatter for Ascii {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        for character in fragment.chars() {
            if (' '..='~').contains(&character) {
                write!(writer, "{character}")?;
            } else {
                for unit in character.encode_utf16(&mut [0; 2]) {
                    write!(writer, "\\u{unit:04x}")?;
                }
            }
        }
        Ok(())
    }

    fn write_char_escape<W: ?Sized + Write>(&mut self, writer: &mut W, escape: CharEscape) -> io::Result<()> {
        serde_json::ser::CompactFormatter.write_char_escape(writer, escape)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_ascii_and_loses_nothing() {
        let text = "a\u{1b}[2J\u{9b}\u{202e}\u{7f}é東\u{1f600}\"\\\n\u{e0041}";
        let line = json(&text).unwrap();
        assert!(line.bytes().all(|byte| (b' '..=b'~').contains(&byte)), "{line}");
        assert_eq!(serde_json::from_str::<String>(&line).unwrap(), text);
    }

    #[test]
    fn a_path_cannot_steer_a_terminal() {
        assert_eq!(path(Path::new("logs/it's\u{1b}[2J\u{202e}é.json")), "logs/it's\\u{1b}[2J\\u{202e}é.json");
    }
}
