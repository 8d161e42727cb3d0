//! What a text of a rule becomes, at once or when it is first needed.

use std::fmt;
use std::sync::OnceLock;

/// How the texts of a rule are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reading {
    /// All of it, now: what is not understood is told.
    Whole,
    /// It was understood before: conditions and messages wait until somebody asks.
    Trusting,
}

/// A value that is made from a text.
pub(crate) struct Later<T> {
    made: OnceLock<Option<T>>,
    make: Box<dyn Fn() -> Option<T> + Send + Sync>,
}

impl<T> Later<T> {
    pub(crate) fn now(value: T) -> Self {
        Self { made: OnceLock::from(Some(value)), make: Box::new(|| None) }
    }

    pub(crate) fn when_asked(make: impl Fn() -> Option<T> + Send + Sync + 'static) -> Self {
        Self { made: OnceLock::new(), make: Box::new(make) }
    }

    /// `None` of a text that is not understood.
    pub(crate) fn get(&self) -> Option<&T> {
        self.made.get_or_init(|| (self.make)()).as_ref()
    }
}

impl<T: fmt::Debug> fmt::Debug for Later<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.made.fmt(f)
    }
}
