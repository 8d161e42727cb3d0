//! A finding's timeline, with what does not fit of its hash chain.

use super::page::{Look, Page};
use crate::shown;
use crate::when;
use engine::{Fault, History, Item, Key};
use serde::Serialize;

/// One line of history as JSON. The names of the fields are a promise to its readers.
#[derive(Debug, Serialize)]
pub(crate) struct Line {
    version: u64,
    time: String,
    from: String,
    to: String,
    cause: String,
    faults: Vec<String>,
}

/// Which line a fault is of; the others are of the finding as a whole.
fn place(fault: &Fault) -> Option<u64> {
    match fault {
        Fault::Line(at) | Fault::Missing(at) | Fault::Unchained(at) | Fault::Altered(at) => Some(*at),
        Fault::Unreadable(_) | Fault::Head | Fault::Content => None,
    }
}

/// The lines that read, with the faults of each, and the faults that belong to none of them.
pub(crate) fn lines(history: &[(Key, Item)], faults: &[Fault]) -> (Vec<Line>, Vec<String>) {
    let mut lines = Vec::new();
    let mut placed = vec![false; faults.len()];
    for (_, item) in history {
        let Some((line, ..)) = History::of(item) else { continue };
        let mut own = Vec::new();
        for (fault, placed) in faults.iter().zip(&mut placed) {
            if place(fault) == Some(line.version) {
                *placed = true;
                own.push(shown::line(&fault.to_string()));
            }
        }
        lines.push(Line {
            version: line.version,
            time: when::stamp(line.at),
            from: line.from,
            to: line.to,
            cause: line.cause,
            faults: own,
        });
    }
    let others = faults.iter().zip(placed).filter(|(_, placed)| !placed);
    (lines, others.map(|(fault, _)| shown::line(&fault.to_string())).collect())
}

pub(crate) fn timeline(history: &[(Key, Item)], faults: &[Fault], colours: bool) -> String {
    let (lines, others) = lines(history, faults);
    let mut page = Page::new(colours);
    let moves: Vec<String> = lines
        .iter()
        .map(|line| match line.from.as_str() {
            "" => line.to.clone(),
            from => format!("{from} → {}", line.to),
        })
        .map(|text| shown::text(&text))
        .collect();
    let width = moves.iter().map(|text| text.chars().count()).max().unwrap_or_default();
    for (line, moved) in lines.iter().zip(&moves) {
        let cause = shown::line(&line.cause);
        page.line(format!("{:>3}  {}  {moved:width$}  {cause}", line.version, line.time));
        for fault in &line.faults {
            let fault = page.painted(fault, Look::Red);
            page.line(format!("  !  {fault}"));
        }
    }
    for fault in &others {
        let fault = page.painted(fault, Look::Red);
        page.line(format!("  !  {fault}"));
    }
    let verdict = if faults.is_empty() {
        page.painted("the chain holds", Look::Green)
    } else {
        page.painted("THE CHAIN DOES NOT HOLD: this history is not what was written", Look::Red)
    };
    page.line(verdict);
    page.into_text()
}
