//! From verdicts to a finding: pure.

use crate::Family;
use jiff::Timestamp;
use model::{Cause, Culprit, Finding, FindingId, Item, Mode, Undecided, Verdict, Violation, granted};
use rules::{Config, Judged};
use trail::Change;

/// The finding that these verdicts make, if any of them is more than quiet.
pub(crate) fn finding(
    change: &Change,
    judged: &[Judged<'_>],
    config: &Config,
    pack: &str,
    now: Timestamp,
) -> Option<Finding> {
    let mut culprits: Vec<Culprit> = Vec::new();
    let (mut violations, mut undecided) = (Vec::new(), Vec::new());
    let allowed = config.allowed_for(change);
    // Nothing can look at this service, let alone touch it: people are told.
    let reachable = Family::of(&change.resource).is_some();
    for Judged { rule, verdict } in judged {
        let acts = reachable && rule.reverter.is_some();
        let asked = if acts { rule.mode } else { rule.mode.min(Mode::Notify) };
        match verdict {
            Verdict::Quiet => {}
            Verdict::Undecided { reason } => undecided.push(Undecided {
                rule: rule.id.clone(),
                severity: rule.severity,
                granted: granted(asked, allowed),
                reason: reason.clone(),
            }),
            Verdict::Violation(items) => violations.push(Violation {
                rule: rule.id.clone(),
                title: rule.title.clone(),
                severity: rule.severity,
                asked: rule.mode,
                granted: granted(asked, allowed),
                reverter: rule.reverter.clone(),
                message: rule.message(change, items),
                instead: rule.instead.clone(),
                culprits: items.iter().map(|item| position(&mut culprits, item)).collect(),
                holds: reachable && rule.observed && rule.has_holds(),
            }),
        }
    }
    if violations.is_empty() && undecided.is_empty() {
        return None;
    }
    violations.sort_by(|one, two| two.severity.cmp(&one.severity).then_with(|| one.rule.cmp(&two.rule)));
    Some(Finding {
        id: FindingId::of(&change.resource, change.event.id.as_str()),
        resource: change.resource.clone(),
        cause: Cause::Event(change.event.clone()),
        actor: change.actor.clone(),
        neighbours: neighbours(change, &culprits),
        violations,
        undecided,
        culprits,
        pack: pack.to_owned(),
        opened_at: now,
    })
}

/// Where the item is among the culprits; it is added if it is not.
fn position(culprits: &mut Vec<Culprit>, item: &Item) -> usize {
    culprits.iter().position(|culprit| culprit.item == *item).unwrap_or_else(|| {
        culprits.push(Culprit { item: item.clone(), prior: None });
        culprits.len() - 1
    })
}

/// What the change added that no rule names.
fn neighbours(change: &Change, culprits: &[Culprit]) -> Vec<Item> {
    change.items().filter(|item| !culprits.iter().any(|culprit| culprit.item == *item)).collect()
}
