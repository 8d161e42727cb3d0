//! A sentence made of words of different trust. A channel decides how each looks.

use model::{GroupId, GroupRuleId, Untrusted};
use std::fmt::Display;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Word {
    /// Our own sentence, or a rule's.
    Ours(String),
    /// A sentence of ours that may quote an event or an answer of AWS.
    Reported(String),
    /// An id that was checked when it entered, a number, a time.
    Id(String),
    /// As an event has it.
    Given(Untrusted),
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Line(Vec<Word>);

impl Line {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self::default().ours(text)
    }

    pub(crate) fn ours(self, text: impl Into<String>) -> Self {
        self.with(Word::Ours(text.into()))
    }

    pub(crate) fn reported(self, text: &str) -> Self {
        self.with(Word::Reported(text.to_owned()))
    }

    pub(crate) fn id(self, id: &impl Display) -> Self {
        self.with(Word::Id(id.to_string()))
    }

    pub(crate) fn given(self, text: &Untrusted) -> Self {
        self.with(Word::Given(text.clone()))
    }

    /// AWS's own ids as they are, everything else as given: a name can be chosen by an attacker.
    pub(crate) fn named(self, text: &str) -> Self {
        if text.parse::<GroupId>().is_ok() || text.parse::<GroupRuleId>().is_ok() {
            self.id(&text)
        } else {
            self.given(&Untrusted::from(text))
        }
    }

    pub(crate) fn words(&self) -> &[Word] {
        &self.0
    }

    fn with(mut self, word: Word) -> Self {
        self.0.push(word);
        self
    }
}
