//! A finding as the body of a Slack incoming webhook, in Block Kit.
//!
//! Limits: <https://docs.slack.dev/reference/block-kit/blocks>. Slack does not say what a character is; UTF-16
//! units are counted, the most of what it could mean.

use crate::line::{Line, Word};
use crate::telling::{Part, Telling};
use crate::{Story, sink};
use model::Severity;
use serde::Serialize;

const BLOCKS_MAX: usize = 50;
const HEADER_CHARS_MAX: usize = 150;
const SECTION_CHARS_MAX: usize = 3_000;
const FIELDS_MAX: usize = 10;
const FIELD_CHARS_MAX: usize = 2_000;
/// What a notification shows; Slack cuts it at 40,000 and advises 4,000.
const FALLBACK_CHARS_MAX: usize = 4_000;
/// A sentence of ours or of a rule.
const SENTENCE_CHARS_MAX: usize = 600;

/// The body of an incoming webhook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SlackMessage {
    /// For notifications, and where blocks cannot be shown.
    text: String,
    blocks: Vec<Block>,
    unfurl_links: bool,
    unfurl_media: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Block {
    Header {
        text: Text,
    },
    Section {
        #[serde(skip_serializing_if = "Option::is_none")]
        text: Option<Text>,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        fields: Vec<Text>,
    },
    Context {
        elements: Vec<Text>,
    },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Text {
    /// `emoji: false`: `:name:` stays text.
    PlainText { text: String, emoji: bool },
    /// `verbatim: true`: addresses and channel names are not made links.
    Mrkdwn { text: String, verbatim: bool },
}

/// The message for one finding. Its golden files are its specification.
pub fn slack(story: &Story<'_>) -> SlackMessage {
    let telling = Telling::of(story);
    let headline = sink::shown(&telling.headline, SENTENCE_CHARS_MAX);
    let title = format!("{} {}: {headline}", mark(telling.severity), capital(telling.severity));
    let text = fitted(&fallback(story, &telling, &title), FALLBACK_CHARS_MAX);
    let mut blocks = vec![
        Block::Header { text: Text::PlainText { text: shortened(&title, HEADER_CHARS_MAX), emoji: false } },
        section(&written(&telling.outcome)),
        Block::Section { text: None, fields: telling.facts.iter().take(FIELDS_MAX).map(field).collect() },
    ];
    blocks.extend(telling.parts.iter().flat_map(sections));
    if blocks.len() >= BLOCKS_MAX {
        blocks.truncate(BLOCKS_MAX - 2);
        blocks.push(section("_The rest does not fit here; the ledger has it._"));
    }
    blocks.push(Block::Context { elements: vec![mrkdwn(&written(&telling.reference), FIELD_CHARS_MAX)] });
    SlackMessage { text, blocks, unfurl_links: false, unfurl_media: false }
}

/// The top text has no `verbatim`: nothing may stand in it, outside a code span, that an event wrote.
fn fallback(story: &Story<'_>, telling: &Telling, title: &str) -> String {
    let resource = &story.finding.resource;
    let place = Line::default().named(resource.id.raw()).ours(" in ").id(&resource.account).ours(" ");
    format!("{} – {}: {}", sink::entities(title), telling.short, written(&place.id(&resource.region)))
}

fn mark(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "🔴",
        Severity::High => "🟠",
        Severity::Medium => "🟡",
        Severity::Low => "⚪",
    }
}

fn capital(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "Critical",
        Severity::High => "High",
        Severity::Medium => "Medium",
        Severity::Low => "Low",
    }
}

fn field((name, line): &(&'static str, Line)) -> Text {
    mrkdwn(&format!("*{name}*\n{}", written(line)), FIELD_CHARS_MAX)
}

/// A part's lines, in as many sections as they need.
fn sections(part: &Part) -> Vec<Block> {
    let mut texts: Vec<String> = Vec::new();
    let mut open = format!("*{}*", part.heading);
    for line in &part.lines {
        let line = fitted(&format!("• {}", written(line)), SECTION_CHARS_MAX);
        if units(&open) + 1 + units(&line) > SECTION_CHARS_MAX {
            texts.push(std::mem::replace(&mut open, line));
        } else {
            open.push('\n');
            open.push_str(&line);
        }
    }
    texts.push(open);
    texts.iter().map(|text| section(text)).collect()
}

fn section(text: &str) -> Block {
    Block::Section { text: Some(mrkdwn(text, SECTION_CHARS_MAX)), fields: Vec::new() }
}

fn mrkdwn(text: &str, units_max: usize) -> Text {
    Text::Mrkdwn { text: fitted(text, units_max), verbatim: true }
}

/// What came from an event, or may quote one, stands in a code span that it cannot end: nothing is markup there.
fn written(line: &Line) -> String {
    let word = |word: &Word| match word {
        Word::Ours(text) => sink::entities(&sink::shown(text, SENTENCE_CHARS_MAX)),
        Word::Reported(text) => format!("`{}`", sink::escaped(&sink::shown(text, SENTENCE_CHARS_MAX))),
        Word::Id(id) => format!("`{}`", sink::escaped(id)),
        Word::Given(text) => format!("`{}`", sink::slack(text)),
    };
    line.words().iter().map(word).collect()
}

/// `mrkdwn` of at most so many units: no half entity, no code span left open.
fn fitted(text: &str, units_max: usize) -> String {
    if units(text) <= units_max {
        return text.to_owned();
    }
    let mut cut = shortened(text, units_max - 1);
    if let Some((whole, tail)) = cut.rsplit_once('&')
        && !tail.contains(';')
    {
        cut = format!("{whole}…");
    }
    if cut.matches('`').count() % 2 == 1 {
        cut.push('`');
    }
    cut
}

/// At most so many units, the mark of the cut included.
fn shortened(text: &str, units_max: usize) -> String {
    if units(text) <= units_max {
        return text.to_owned();
    }
    let mut left = units_max.saturating_sub(1);
    let fits = |character: &char| {
        let enough = left.checked_sub(character.len_utf16());
        left = enough.unwrap_or(left);
        enough.is_some()
    };
    let mut cut: String = text.chars().take_while(fits).collect();
    cut.push('…');
    cut
}

fn units(text: &str) -> usize {
    text.encode_utf16().count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect;

    #[test]
    fn what_fits_is_not_touched() {
        let whole = "a".repeat(SECTION_CHARS_MAX);
        assert_eq!(fitted(&whole, SECTION_CHARS_MAX), whole);
        assert_eq!(units(&fitted(&(whole + "a"), SECTION_CHARS_MAX)), SECTION_CHARS_MAX - 1);
    }

    #[test]
    fn a_cut_leaves_no_half_entity_and_no_open_code_span() {
        expect!["ab…"].assert_eq(&fitted("ab&lt;cd", 6));
        expect!["a `b&lt;c…`"].assert_eq(&fitted("a `b&lt;cdefgh` i", 11));
        expect!["🔴🔴…"].assert_eq(&shortened("🔴🔴🔴", 5));
    }

    #[test]
    fn no_section_passes_the_limit_and_no_line_is_lost() {
        let lines: Vec<Line> = (0..40).map(|at| Line::new(format!("{at} {}", "x".repeat(500)))).collect();
        let blocks = sections(&Part { heading: "Many", lines });
        let texts: Vec<String> = blocks.into_iter().map(text_of).collect();
        assert!(texts.iter().all(|text| units(text) <= SECTION_CHARS_MAX), "{texts:?}");
        assert_eq!(texts.len(), 8);
        assert_eq!(texts.concat().matches('•').count(), 40);
    }

    #[test]
    fn a_line_longer_than_a_section_is_cut() {
        let long = (0..20).fold(Line::default(), |line, _| line.given(&"&".repeat(200).as_str().into()));
        let blocks = sections(&Part { heading: "Long", lines: vec![long] });
        let texts: Vec<String> = blocks.into_iter().map(text_of).collect();
        assert_eq!(texts.len(), 2);
        assert!(texts.iter().all(|text| units(text) <= SECTION_CHARS_MAX), "{texts:?}");
    }

    fn text_of(block: Block) -> String {
        match block {
            Block::Section { text: Some(Text::Mrkdwn { text, .. }), .. } => text,
            other => panic!("not a section of text: {other:?}"),
        }
    }
}
