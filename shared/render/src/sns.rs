//! A finding as a mail of an SNS topic: plain text.

use crate::line::{Line, Word};
use crate::telling::Telling;
use crate::{Story, sink};

/// AWS wants fewer than 100 characters, no line ends and no controls.
const SUBJECT_CHARS_MAX: usize = 99;
/// A sentence of ours or of a rule.
const SENTENCE_CHARS_MAX: usize = 600;

/// What `sns:Publish` is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnsMessage {
    /// ASCII.
    pub subject: String,
    pub body: String,
}

/// The mail for one finding. Its golden files are its specification.
pub fn sns(story: &Story<'_>) -> SnsMessage {
    let telling = Telling::of(story);
    SnsMessage { subject: subject(story, &telling), body: body(&telling) }
}

fn subject(story: &Story<'_>, telling: &Telling) -> String {
    let Telling { severity, short, headline, .. } = telling;
    let resource = &story.finding.resource;
    let severity = severity.as_str().to_ascii_uppercase();
    let (account, region) = (&resource.account, &resource.region);
    let id = written(&Line::default().named(resource.id.raw()));
    let text = format!("{severity}, {short}: {headline} - {id} in {account} {region}");
    let ascii =
        |character: char| if character.is_ascii_graphic() || character == ' ' { character } else { '?' };
    let subject: String = sink::shown(&text, usize::MAX).chars().map(ascii).collect();
    if subject.len() <= SUBJECT_CHARS_MAX {
        return subject;
    }
    let mut cut: String = subject.chars().take(SUBJECT_CHARS_MAX - 3).collect();
    cut.push_str("...");
    cut
}

fn body(telling: &Telling) -> String {
    let severity = telling.severity.as_str().to_ascii_uppercase();
    let headline = sink::shown(&telling.headline, SENTENCE_CHARS_MAX);
    let mut lines =
        vec![format!("{severity}: {headline}"), String::new(), written(&telling.outcome), String::new()];
    let width = telling.facts.iter().map(|(name, _)| name.len()).max().unwrap_or(0) + 2;
    lines.extend(
        telling.facts.iter().map(|(name, line)| format!("{:width$}{}", format!("{name}:"), written(line))),
    );
    for part in &telling.parts {
        lines.push(String::new());
        lines.push(part.heading.to_owned());
        lines.extend(part.lines.iter().map(|line| format!("- {}", written(line))));
    }
    lines.push(String::new());
    lines.push(format!("gardefou {}", written(&telling.reference)));
    lines.push(String::new());
    lines.join("\n")
}

/// What came from an event stands in quotes that it cannot close.
fn written(line: &Line) -> String {
    let word = |word: &Word| match word {
        Word::Ours(text) | Word::Reported(text) => sink::shown(text, SENTENCE_CHARS_MAX),
        Word::Id(id) => id.clone(),
        Word::Given(text) => format!("\"{}\"", sink::plain(text).replace('"', "'")),
    };
    line.words().iter().map(word).collect()
}
