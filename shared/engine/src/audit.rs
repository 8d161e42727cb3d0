//! Is a finding's history what was written? Each line carries the hash of the one before it, and the finding that of
//! the last: a line that was changed, taken out, put in or moved does not fit any more.
//!
//! The loss of a whole finding, with all its lines, is not seen here.

use crate::history::{chain, sum};
use crate::ledger::Item;
use crate::record::text;
use crate::{FindingRecord, History, Key};
use std::fmt;

/// What does not fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The finding does not read.
    Unreadable(String),
    /// A line does not read, or stands where another belongs.
    Line(u64),
    Missing(u64),
    /// The line follows on another one than the one before it.
    Unchained(u64),
    /// The line's own hash is not that of its content.
    Altered(u64),
    /// The finding says another end, state or version than its last line.
    Head,
    /// What was found, or the pre-image, is not what the last line was written with.
    Content,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(why) => write!(f, "the finding does not read: {why}"),
            Self::Line(version) => write!(f, "line {version} is not a line of history, or not in its place"),
            Self::Missing(version) => write!(f, "line {version} is missing"),
            Self::Unchained(version) => write!(f, "line {version} does not follow on the line before it"),
            Self::Altered(version) => write!(f, "line {version} was altered"),
            Self::Head => write!(f, "the finding does not end where its history ends"),
            Self::Content => write!(f, "what was found or the pre-image was altered"),
        }
    }
}

/// The faults of one finding; `lines` is its history by sort key.
pub fn audit(finding: &Item, lines: &[(Key, Item)]) -> Vec<Fault> {
    let record = match FindingRecord::try_from(finding) {
        Ok(record) => record,
        Err(error) => return vec![Fault::Unreadable(error.to_string())],
    };
    let (mut faults, mut previous, mut last) = (Vec::new(), String::new(), None);
    for (at, (key, item)) in (1..).zip(lines) {
        let Some((line, before, hash)) = History::of(item) else {
            faults.push(Fault::Line(at));
            continue;
        };
        if key.sk != format!("H#{:08}", line.version) {
            faults.push(Fault::Line(at));
        }
        if line.version != at {
            faults.push(Fault::Missing(at));
        }
        if before != previous {
            faults.push(Fault::Unchained(line.version));
        }
        if chain(&before, &line) != hash {
            faults.push(Fault::Altered(line.version));
        }
        previous = hash;
        last = Some(line);
    }
    let Some(last) = last else { return vec![Fault::Missing(1)] };
    let life = &record.life;
    if previous != record.chain || last.version != life.version || last.to != life.state.label() {
        faults.push(Fault::Head);
    }
    let plan = record.evidence.plan.as_ref().map(crate::record::to_json);
    let found = text(finding, "finding").unwrap_or_default();
    if sum(found, plan.as_deref()) != last.sum {
        faults.push(Fault::Content);
    }
    faults
}

#[cfg(test)]
#[path = "audit_tests.rs"]
mod tests;
