//! Where the command writes, and what is on the other side.

use std::fmt::Display;
use std::io::{self, BufRead as _, BufWriter, IsTerminal as _, Write};

/// What kept the command from writing its answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WriteError {
    /// The reader has seen enough (`| head`): no reason to complain.
    #[error("standard output was closed")]
    Closed,
    #[error("could not write to standard output")]
    Failed(#[source] io::Error),
}

impl From<io::Error> for WriteError {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe { Self::Closed } else { Self::Failed(error) }
    }
}

/// Standard output and standard error.
pub(crate) struct Streams {
    out: Box<dyn Write>,
    err: Box<dyn Write>,
    /// May standard output be coloured and fitted to a width?
    pub(crate) terminal: bool,
    /// Is somebody looking at standard error?
    pub(crate) watched: bool,
}

impl Streams {
    pub(crate) fn of_process() -> Self {
        let (out, err) = (io::stdout(), io::stderr());
        Self {
            terminal: out.is_terminal(),
            watched: err.is_terminal(),
            out: Box::new(BufWriter::new(out)),
            err: Box::new(err),
        }
    }

    /// One line of the answer.
    pub(crate) fn say(&mut self, line: impl Display) -> Result<(), WriteError> {
        Ok(writeln!(self.out, "{line}")?)
    }

    /// One line to the person who started the command. That nobody hears it is no failure.
    pub(crate) fn complain(&mut self, line: impl Display) {
        drop(self.out.flush());
        drop(writeln!(self.err, "gardefou: {line}"));
    }

    /// Asks the person who started the command; `None` where nobody is there to answer.
    pub(crate) fn confirm(&mut self, question: impl Display) -> Option<bool> {
        if !self.watched || !io::stdin().is_terminal() {
            return None;
        }
        drop(self.out.flush());
        write!(self.err, "{question} [y/N] ").and_then(|()| self.err.flush()).ok()?;
        let mut answer = String::new();
        io::stdin().lock().read_line(&mut answer).ok()?;
        Some(matches!(answer.trim(), "y" | "Y" | "yes"))
    }

    pub(crate) fn flush(&mut self) -> Result<(), WriteError> {
        Ok(self.out.flush()?)
    }
}

/// What a test reads of what was written.
#[cfg(test)]
#[derive(Debug, Clone, Default)]
pub(crate) struct Written(std::rc::Rc<std::cell::RefCell<Vec<u8>>>);

#[cfg(test)]
impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
impl Written {
    pub(crate) fn take(&self) -> String {
        String::from_utf8(std::mem::take(&mut *self.0.borrow_mut())).unwrap()
    }

    /// Both streams into this, as they come; nobody is there.
    pub(crate) fn streams(&self) -> Streams {
        Streams { out: Box::new(self.clone()), err: Box::new(self.clone()), terminal: false, watched: false }
    }
}

/// An error with its causes on one line.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}
