//! A finding for a person at a terminal: what was done about it, what that asks of them, and which of its items is
//! where. The rest of the page is the command's.

use crate::line::{Line, Word};
use crate::outcome::outcome;
use crate::telling::{Culprits, culprits, headline};
use crate::{Story, sink};
use model::{Item, Untrusted};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TerminalMessage<'a> {
    pub headline: String,
    /// Two or three words on what was done.
    pub short: &'static str,
    pub said: String,
    pub todo: Vec<String>,
    /// The items that really went.
    pub taken: Vec<&'a Item>,
    /// They stand, and go now or when a person says so.
    pub asked: Vec<&'a Item>,
    /// They stand, and are never more than told.
    pub told: Vec<&'a Item>,
}

pub fn terminal<'a>(story: &Story<'a>) -> TerminalMessage<'a> {
    let outcome = outcome(story);
    let Culprits { taken, asked, told } = culprits(story);
    TerminalMessage {
        headline: sink::terminal(&Untrusted::new(headline(story))),
        short: outcome.short,
        said: written(&outcome.said),
        todo: outcome.todo.iter().map(written).collect(),
        taken,
        asked,
        told,
    }
}

/// Commands are longer than names: nothing of a sentence is cut.
pub(crate) fn written(line: &Line) -> String {
    let word = |word: &Word| match word {
        Word::Ours(text) | Word::Reported(text) => sink::sentence(text, usize::MAX),
        Word::Id(text) => text.clone(),
        Word::Given(text) => sink::terminal(text),
    };
    line.words().iter().map(word).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_event_or_aws_wrote_is_shown_without_its_controls_and_a_command_is_not_cut() {
        let command = format!("aws ec2 revoke {}\u{1b}[2J", "sgr-0a1b ".repeat(60));
        let line = Line::new("by ").given(&"a\u{202e}b\n".into()).ours(": ").reported(&command);
        let shown = written(&line);
        assert_eq!(shown, format!("by ab: aws ec2 revoke {}[2J", "sgr-0a1b ".repeat(60)));
    }
}
