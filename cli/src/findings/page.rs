//! A page of a terminal: facts beside their names, sections with lines below them.

use model::Severity;
use std::fmt::Display;

/// The names of facts stand in a column of this width.
const NAME: usize = 10;

#[derive(Debug, Default)]
pub(crate) struct Page {
    text: String,
    /// May it be coloured?
    colours: bool,
}

/// How a piece of a line looks where colours may be used.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Look {
    Bold,
    Red,
    Yellow,
    Green,
    Dim,
}

impl Page {
    pub(crate) fn new(colours: bool) -> Self {
        Self { text: String::new(), colours }
    }

    pub(crate) fn painted(&self, text: &str, look: Look) -> String {
        let code = match look {
            Look::Bold => 1,
            Look::Dim => 2,
            Look::Red => 31,
            Look::Green => 32,
            Look::Yellow => 33,
        };
        if self.colours { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }

    pub(crate) fn line(&mut self, text: impl Display) {
        let line = text.to_string();
        self.text.push_str(line.trim_end());
        self.text.push('\n');
    }

    /// Under the same name as the fact before it where `name` is empty.
    pub(crate) fn fact(&mut self, name: &str, text: impl Display) {
        self.line(format!("{name:NAME$}{text}"));
    }

    /// A heading with its lines; nothing where there are none.
    pub(crate) fn section(&mut self, heading: &str, lines: impl IntoIterator<Item = String>) {
        let mut lines = lines.into_iter().peekable();
        if lines.peek().is_some() {
            let heading = self.painted(heading, Look::Bold);
            self.line(heading);
        }
        for line in lines {
            self.line(format!("  {line}"));
        }
    }

    /// Without the last line's end: who prints it adds that.
    pub(crate) fn into_text(self) -> String {
        self.text.trim_end_matches('\n').to_owned()
    }
}

pub(crate) fn look(severity: Severity) -> Look {
    match severity {
        Severity::Critical | Severity::High => Look::Red,
        Severity::Medium => Look::Yellow,
        Severity::Low => Look::Dim,
    }
}
