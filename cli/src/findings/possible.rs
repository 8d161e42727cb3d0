//! What a person can do about a finding now: what the transition function says yes to.

use engine::FindingRecord;
use jiff::{SignedDuration, Timestamp};
use model::{Input, State, Timing, Untrusted, next};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Act {
    Approve,
    Acknowledge,
    Waive,
    Close,
    Undo,
}

/// What is possible, and whether the kill switch stands in the way of an approval.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Possible {
    pub(crate) acts: Vec<Act>,
    pub(crate) approve_once_off: bool,
}

pub(crate) fn possible(record: &FindingRecord, kill: bool, now: Timestamp) -> Possible {
    let timing = Timing::default();
    let says_yes = |input: &Input| next(&record.life, input, now, &timing).is_ok();
    let until = now.checked_add(SignedDuration::from_hours(1)).unwrap_or(now);
    let approve = |kill| Input::Approve {
        by: Untrusted::default(),
        of: Vec::new(),
        version: record.life.version,
        kill,
    };
    let mut acts = Vec::new();
    let inputs = [
        (Act::Approve, approve(kill)),
        (Act::Acknowledge, Input::Acknowledge { until }),
        (Act::Waive, Input::Waive { until }),
        (Act::Close, Input::Close),
    ];
    acts.extend(inputs.iter().filter(|(_, input)| says_yes(input)).map(|(act, _)| *act));
    let took = record.evidence.plan.as_ref().is_some_and(|plan| !plan.takes_back.is_empty());
    if took && record.life.state == State::Reverted {
        acts.push(Act::Undo);
    }
    Possible { acts, approve_once_off: kill && says_yes(&approve(false)) }
}

impl Act {
    /// As it is typed, and what comes of it.
    fn typed(self, finding: &str, again: &str) -> (String, &'static str) {
        let (words, what) = match self {
            Self::Approve => (String::new(), "have it taken back (not by who made the change)"),
            Self::Acknowledge => (" --for 4h".to_owned(), "take it over: nobody is called meanwhile"),
            Self::Waive => (" --until 30d --reason '…'".to_owned(), "let it stand"),
            Self::Close => (" --reason '…'".to_owned(), "nothing more is done about it"),
            Self::Undo => {
                (" --until 30d --reason '…'".to_owned(), "put back what was taken, and let it stand")
            }
        };
        (format!("gardefou findings {} {finding}{words}{again}", self.word()), what)
    }

    fn word(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Acknowledge => "acknowledge",
            Self::Waive => "waive",
            Self::Close => "close",
            Self::Undo => "undo",
        }
    }
}

/// The commands, each with what comes of it, in two columns; or why there is none.
pub(crate) fn commands(record: &FindingRecord, kill: bool, now: Timestamp, again: &str) -> Vec<String> {
    let Possible { acts, approve_once_off } = possible(record, kill, now);
    let id = record.finding.id.as_str();
    let mut typed: Vec<(String, &str)> = acts.into_iter().map(|act| act.typed(id, again)).collect();
    if approve_once_off {
        let lift = format!("gardefou findings kill-switch off --reason '…'{again}");
        typed.insert(0, (lift, "the kill switch is on: approving is possible once it is off"));
    }
    let width = typed.iter().map(|(command, _)| command.chars().count()).max().unwrap_or_default();
    let lines = typed.into_iter().map(|(command, what)| format!("{command:width$}  {what}"));
    let lines: Vec<String> = lines.collect();
    if !lines.is_empty() {
        return lines;
    }
    let state = record.life.state;
    vec![
        if state.is_terminal() {
            "nothing: it has ended, and what happens again is a new finding"
        } else {
            "nothing: gardefou is at work on it; look again in a minute"
        }
        .to_owned(),
    ]
}
