//! The changes of one file, for the commands that look at a change closely.

use super::Exit;
use crate::book::{self, BookArgs};
use crate::input;
use crate::shown;
use crate::streams::{Streams, WriteError, chain};
use rules::{Config, RuleBook};
use std::path::Path;
use trail::Change;

/// A change and what it is to be judged by.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seen<'a> {
    pub(super) change: &'a Change,
    pub(super) book: &'a RuleBook,
    /// Only where one was named.
    pub(super) config: Option<&'a Config>,
}

/// Every change of the file, one after the other, with an empty line between two.
pub(super) fn each(
    args: &BookArgs,
    event: &Path,
    streams: &mut Streams,
    mut show: impl FnMut(&Seen<'_>, &mut Streams) -> Result<(), WriteError>,
) -> Result<Exit, WriteError> {
    let found = match book::find(args) {
        Ok(found) => found,
        Err(error) => {
            streams.complain(chain(&error));
            return Ok(Exit::Usage);
        }
    };
    let config = found.configured.then(|| found.config.clone());
    let (book, problems) = found.read();
    let mut unread = !problems.is_empty();
    for problem in problems {
        streams.complain(book::complaint(&problem));
    }
    let source = input::source(event);
    let input = input::read(&source);
    if let Some(trouble) = &input.trouble {
        unread = true;
        streams.complain(format_args!("{source}: {}", chain(trouble)));
    }
    let mut shown_any = false;
    for entry in trail::file::entries(&input.bytes) {
        match entry.parse() {
            Ok(change) => {
                if shown_any {
                    streams.say("")?;
                }
                shown_any = true;
                show(&Seen { change: &change, book: &book, config: config.as_ref() }, streams)?;
            }
            Err(error) => {
                unread = true;
                let reason = shown::line(&chain(&error));
                streams.complain(format_args!("{source}: record {}: {reason}", entry.number));
            }
        }
    }
    if !shown_any && !unread {
        unread = true;
        streams.complain(format_args!("{source}: there is no record in it"));
    }
    Ok(if unread { Exit::Unread } else { Exit::Fine })
}
