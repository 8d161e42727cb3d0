//! The records in a file's decompressed bytes: one record, one envelope, `{"Records": […]}`, or lines of any of them.

use crate::scan::{self, End, Object, Seen};
use crate::{Change, ParseError, parse_envelope, parse_record};

/// What a record says it is, read without validating it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header<'a> {
    pub event_source: &'a str,
    pub event_name: &'a str,
}

/// One record of a file, not yet validated.
#[derive(Debug, Clone)]
pub struct Entry<'a> {
    /// From 1.
    pub number: usize,
    bytes: &'a [u8],
    header: Option<Header<'a>>,
    is_envelope: bool,
}

impl<'a> Entry<'a> {
    /// `None` when it cannot be told cheaply: then only parsing can say whether a rule asks for the record.
    pub fn header(&self) -> Option<Header<'a>> {
        self.header
    }

    /// The record or the envelope as it was written.
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    pub fn parse(&self) -> Result<Change, ParseError> {
        if self.is_envelope {
            parse_envelope(self.bytes).map(|envelope| envelope.change)
        } else {
            parse_record(self.bytes)
        }
    }
}

/// Every record of a file; a bad one never stops the good ones beside it. Bytes without a record have no entries.
pub fn entries(bytes: &[u8]) -> Entries<'_> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let (now, lines): (&[u8], &[u8]) = if is_lines(bytes) { (&[], bytes) } else { (bytes, &[]) };
    Entries { now, list: List::None, lines, number: 0 }
}

/// The records of a file, one after the other.
#[derive(Debug, Clone)]
pub struct Entries<'a> {
    /// What is being read: the whole file, or one line of it.
    now: &'a [u8],
    list: List,
    /// The lines that follow.
    lines: &'a [u8],
    number: usize,
}

/// What the records are listed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum List {
    None,
    /// `[…]`
    Bare,
    /// `{"Records": […]}`
    Records,
}

impl<'a> Iterator for Entries<'a> {
    type Item = Entry<'a>;

    fn next(&mut self) -> Option<Entry<'a>> {
        loop {
            let (&first, tail) = match self.now.split_first() {
                Some(split) => split,
                // The list was never closed: a file that is cut between two records has no other mark of it.
                None if self.list != List::None => {
                    self.list = List::None;
                    return Some(self.entry(0, &Object::default()));
                }
                None if self.lines.is_empty() => return None,
                None => {
                    self.next_line();
                    continue;
                }
            };
            match (first, self.list) {
                (byte, _) if byte.is_ascii_whitespace() => self.now = tail,
                (b',', List::Bare | List::Records) => self.now = tail,
                (b']', List::Bare | List::Records) => self.leave_list(tail),
                (b'[', List::None) => (self.now, self.list) = (tail, List::Bare),
                (b'{', list) => {
                    let object = scan::object(self.now);
                    match object.end {
                        End::Records(records) if list == List::None => {
                            (self.now, self.list) = (records, List::Records);
                        }
                        End::At(length) => return Some(self.entry(length, &object)),
                        // A log file inside a list is a bad record, and ends where it ends.
                        End::Missing | End::Records(_) => {
                            let length = scan::value(self.now);
                            self.list = if length.is_some() { list } else { List::None };
                            return Some(self.entry(length.unwrap_or(self.now.len()), &object));
                        }
                    }
                }
                (_, List::None) => return Some(self.entry(self.now.len(), &Object::default())),
                (_, List::Bare | List::Records) => {
                    let length = scan::value(self.now).unwrap_or(self.now.len());
                    return Some(self.entry(length, &Object::default()));
                }
            }
        }
    }
}

impl<'a> Entries<'a> {
    fn entry(&mut self, length: usize, object: &Object<'a>) -> Entry<'a> {
        let (bytes, rest) = self.now.split_at_checked(length).unwrap_or((self.now, &[]));
        (self.now, self.number) = (rest, self.number + 1);
        let (is_envelope, header) = match (object.detail, object.event_name) {
            (Seen::Once(detail @ [b'{', ..]), Seen::No) => (true, header(&scan::object(detail))),
            _ => (false, header(object)),
        };
        Entry { number: self.number, bytes, header, is_envelope }
    }

    /// Past the end of the list, and of the object that holds it.
    fn leave_list(&mut self, mut rest: &'a [u8]) {
        let mut open = self.list == List::Records;
        while open && let Some(&byte) = rest.first() {
            open = byte != b'}';
            let length = if open { scan::value(rest).unwrap_or(rest.len()) } else { 1 };
            rest = rest.get(length..).unwrap_or_default();
        }
        (self.now, self.list) = (rest, if open { List::Records } else { List::None });
    }

    fn next_line(&mut self) {
        let end = memchr::memchr(b'\n', self.lines).map_or(self.lines.len(), |at| at + 1);
        (self.now, self.lines) = self.lines.split_at_checked(end).unwrap_or((self.lines, &[]));
        self.list = List::None;
    }
}

fn header<'a>(object: &Object<'a>) -> Option<Header<'a>> {
    let (event_source, event_name) = (object.event_source.text()?, object.event_name.text()?);
    Some(Header { event_source, event_name })
}

/// Does each line stand for itself? The first is whole, or it leaves nothing open for the second, which begins an
/// object in its first column. A line that is broken then spoils no other.
fn is_lines(bytes: &[u8]) -> bool {
    let (first, rest) = line(bytes);
    let (second, rest) = line(rest);
    match (first, second) {
        (_, []) => false,
        // An object over several lines; where another begins at once, a line that was cut.
        (_, [b'{']) => is_whole(first) && line(rest).0.starts_with(b"{"),
        ([b'{', ..], _) if is_whole(first) => true,
        (_, [b'{', ..]) => !matches!(first, [.., b'[' | b',' | b':']),
        _ => false,
    }
}

fn is_whole(line: &[u8]) -> bool {
    matches!(scan::object(line).end, End::At(length) if length == line.len())
}

/// The first line that is not empty, and what follows it.
fn line(mut bytes: &[u8]) -> (&[u8], &[u8]) {
    while !bytes.is_empty() {
        let end = memchr::memchr(b'\n', bytes).map_or(bytes.len(), |at| at + 1);
        let (line, rest) = bytes.split_at_checked(end).unwrap_or((bytes, &[]));
        match line.trim_ascii_end() {
            [] => bytes = rest,
            line => return (line, rest),
        }
    }
    (&[], &[])
}

#[cfg(test)]
#[path = "file_tests.rs"]
mod tests;
