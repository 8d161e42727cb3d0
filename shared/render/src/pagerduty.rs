//! A finding as an event for PagerDuty's Events API v2.
//!
//! The finding's id is the key by which PagerDuty knows a repetition, and by which a later event finds the alert.
//! Limits: <https://developer.pagerduty.com/docs/events-api-v2/trigger-events/>: 1,024 characters for a summary,
//! 512 KB for the whole.

use crate::line::{Line, Word};
use crate::telling::Telling;
use crate::{Story, sink};
use model::{Finding, FindingId, Life, Manual, Severity, State};
use serde::{Serialize, Serializer};

/// Half of what PagerDuty takes: it does not say what a character is, and one of ours may be two of its own.
const SUMMARY_CHARS_MAX: usize = 512;
/// Leaves room in a summary for the longest name of a resource.
const HEADLINE_CHARS_MAX: usize = 200;
/// A sentence of ours or of a rule.
const SENTENCE_CHARS_MAX: usize = 600;
/// With at most some hundred lines, the whole stays below half of 512 KB whatever the characters.
const LINE_CHARS_MAX: usize = 600;
/// OPEN is a finding's first version: the second one is its first state after that.
const VERSION_AFTER_OPEN: u64 = 2;
/// The version of REVERTED when nothing came between: QUEUED, CLAIMED, ARMED, and VERIFYING twice.
const VERSION_REVERTED_STRAIGHT: u64 = 7;

/// An event without its `routing_key`, which is a secret and is added where it is sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PagerDutyEvent {
    event_action: Action,
    dedup_key: FindingId,
    #[serde(skip_serializing_if = "Option::is_none")]
    client: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    payload: Option<Payload>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Action {
    Trigger,
    Acknowledge,
    Resolve,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Payload {
    summary: String,
    source: String,
    severity: &'static str,
    /// RFC 3339.
    timestamp: String,
    /// The AWS service.
    component: String,
    /// The account.
    group: String,
    /// The most severe rule.
    #[serde(skip_serializing_if = "Option::is_none")]
    class: Option<String>,
    #[serde(serialize_with = "as_object")]
    custom_details: Vec<(&'static str, Detail)>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
enum Detail {
    Text(String),
    Lines(Vec<String>),
}

/// The event for one finding, or nothing where nobody has to be called or calmed. Its golden files are its
/// specification.
pub fn pagerduty(story: &Story<'_>) -> Option<PagerDutyEvent> {
    let event_action = action(story.finding.severity(), story.life)?;
    let trigger = event_action == Action::Trigger;
    Some(PagerDutyEvent {
        event_action,
        dedup_key: story.finding.id.clone(),
        client: trigger.then_some("gardefou"),
        payload: trigger.then(|| payload(story)),
    })
}

fn action(severity: Severity, life: &Life) -> Option<Action> {
    let calls = match life.state {
        State::Manual(Manual::Told | Manual::Undecided) => severity >= Severity::Critical,
        _ => severity >= Severity::High,
    };
    let action = match life.state {
        State::Awaiting(_) | State::Manual(_) => Action::Trigger,
        _ if never_called(life) => return None,
        State::Acked => Action::Acknowledge,
        State::Reverted | State::Resolved(_) | State::Waived | State::Observed { .. } => Action::Resolve,
        State::Open | State::Queued(_) | State::Reverting(_) | State::Verifying { .. } => return None,
    };
    calls.then_some(action)
}

/// It surely never waited for a person: there is no alert to acknowledge or resolve. Where this is not sure, an event
/// is sent; PagerDuty drops one that names no alert.
fn never_called(life: &Life) -> bool {
    life.version <= VERSION_AFTER_OPEN
        || life.state == State::Reverted && life.version <= VERSION_REVERTED_STRAIGHT
}

fn payload(story: &Story<'_>) -> Payload {
    let finding = story.finding;
    let resource = &finding.resource;
    let telling = Telling::of(story);
    let source = written(
        &Line::default()
            .named(resource.id.raw())
            .ours(" in ")
            .id(&resource.account)
            .ours(" ")
            .id(&resource.region),
    );
    let severity = telling.severity.as_str().to_ascii_uppercase();
    let headline = sink::shown(&telling.headline, HEADLINE_CHARS_MAX);
    let summary = format!("{severity}, {}: {headline} - {source}", telling.short);
    Payload {
        summary: sink::shown(&summary, SUMMARY_CHARS_MAX),
        source,
        severity: named(telling.severity),
        timestamp: finding.happened_at().to_string(),
        component: resource.service.to_string(),
        group: resource.account.to_string(),
        class: class(finding),
        custom_details: details(story, &telling),
    }
}

/// PagerDuty's name of a severity.
fn named(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "critical",
        Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low => "info",
    }
}

fn class(finding: &Finding) -> Option<String> {
    let violated = finding.violations.first().map(|violation| &violation.rule);
    violated.or(finding.undecided.first().map(|undecided| &undecided.rule)).map(ToString::to_string)
}

fn details(story: &Story<'_>, telling: &Telling) -> Vec<(&'static str, Detail)> {
    let text = |line: &Line| Detail::Text(written(line));
    let mut details = vec![("Outcome", text(&telling.outcome))];
    details.extend(telling.facts.iter().map(|(name, line)| (*name, text(line))));
    details.extend(
        telling
            .parts
            .iter()
            .map(|part| (part.heading, Detail::Lines(part.lines.iter().map(written).collect()))),
    );
    details.push(("Commands", Detail::Lines(commands(story))));
    details.push(("Reference", text(&telling.reference)));
    details
}

fn commands(story: &Story<'_>) -> Vec<String> {
    let approvable = matches!(
        story.life.state,
        State::Awaiting(_)
            | State::Manual(Manual::Expired | Manual::Exhausted | Manual::Denied | Manual::Fight)
    );
    let command = |verb: &str| format!("gardefou findings {verb} {}", story.finding.id);
    ["show"].into_iter().chain(approvable.then_some("approve")).map(command).collect()
}

/// What came from an event stands in quotes that it cannot close, and no address in it can be clicked.
fn written(line: &Line) -> String {
    let word = |word: &Word| match word {
        Word::Ours(text) => sink::sentence(text, SENTENCE_CHARS_MAX),
        Word::Reported(text) => sink::unlinked(&sink::shown(text, SENTENCE_CHARS_MAX)),
        Word::Id(id) => id.clone(),
        Word::Given(text) => format!("\"{}\"", sink::pagerduty(text).replace('"', "'")),
    };
    let whole: String = line.words().iter().map(word).collect();
    sink::shown(&whole, LINE_CHARS_MAX)
}

/// In the order in which it is read.
fn as_object<S: Serializer>(details: &[(&'static str, Detail)], to: S) -> Result<S::Ok, S::Error> {
    to.collect_map(details.iter().map(|(name, detail)| (name, detail)))
}

#[cfg(test)]
#[path = "pagerduty_tests.rs"]
mod tests;
