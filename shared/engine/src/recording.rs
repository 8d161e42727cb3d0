//! From verdicts to a finding: pure.

use crate::Family;
use jiff::Timestamp;
use model::{
    Actor, Cause, Culprit, Finding, FindingId, Gravity, Item, Mode, Undecided, Verdict, Violation, granted,
};
use rules::{Judged, RuleKind};
use trail::Change;

/// What was judged.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Found<'a> {
    Change(&'a Change),
    /// A sweep saw it; `after` is the last finding on the resource.
    Sighting {
        seen: &'a Change,
        after: Option<&'a FindingId>,
    },
}

impl Found<'_> {
    fn change(&self) -> &Change {
        match self {
            Self::Change(change) | Self::Sighting { seen: change, .. } => change,
        }
    }

    /// Every writer computes the same.
    fn id(&self) -> FindingId {
        let resource = &self.change().resource;
        match self {
            Self::Change(change) => FindingId::of(resource, change.event.id.as_str()),
            Self::Sighting { after, .. } => {
                FindingId::of(resource, &format!("sweep {}", after.map_or("", FindingId::as_str)))
            }
        }
    }

    /// What is there and no rule names: left alone, and said so. A sighting leaves the whole resource alone.
    fn neighbours(&self, culprits: &[Culprit]) -> Vec<Item> {
        match self {
            Self::Change(change) => {
                change.items().filter(|item| !culprits.iter().any(|culprit| culprit.item == *item)).collect()
            }
            Self::Sighting { .. } => Vec::new(),
        }
    }
}

/// The finding that these verdicts make, if any of them is more than quiet.
pub(crate) fn finding(
    found: Found<'_>,
    judged: &[Judged<'_>],
    allowed: Mode,
    pack: &str,
    now: Timestamp,
) -> Option<Finding> {
    let change = found.change();
    let mut culprits: Vec<Culprit> = Vec::new();
    let (mut violations, mut undecided) = (Vec::new(), Vec::new());
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
                waived: None,
            }),
        }
    }
    if violations.is_empty() && undecided.is_empty() {
        return None;
    }
    violations.sort_by(|one, two| two.severity.cmp(&one.severity).then_with(|| one.rule.cmp(&two.rule)));
    Some(Finding {
        id: found.id(),
        resource: change.resource.clone(),
        cause: cause(found),
        actor: change.actor.clone(),
        neighbours: found.neighbours(&culprits),
        violations,
        undecided,
        culprits,
        pack: pack.to_owned(),
        opened_at: now,
    })
}

fn cause(found: Found<'_>) -> Cause {
    match found {
        Found::Change(change) => Cause::Event(change.event.clone()),
        Found::Sighting { seen, .. } => Cause::Sighting { seen_at: seen.event.time },
    }
}

/// How long people are called for it.
pub(crate) fn gravity(finding: &Finding, judged: &[Judged<'_>]) -> Gravity {
    let mut told = judged.iter().filter(|judged| judged.verdict != Verdict::Quiet);
    Gravity {
        critical: finding.severity() == model::Severity::Critical,
        passes: told.all(|judged| judged.rule.kind == RuleKind::Change),
    }
}

/// What is put back into the resource of `of`: the lines as they were, under whatever id they get.
pub(crate) fn putting_back(
    of: &Finding,
    cause: Cause,
    items: &[Item],
    actor: Actor,
    now: Timestamp,
) -> Finding {
    let word = match &cause {
        Cause::Undo { of, .. } => format!("undo {of}"),
        Cause::Collateral { of } => format!("collateral {of}"),
        Cause::Event(_) | Cause::Sighting { .. } => String::new(),
    };
    let culprits = items.iter().map(|item| Culprit { item: item.clone(), prior: None });
    let named = |violation: &Violation| Violation {
        culprits: (0..items.len()).collect(),
        holds: false,
        waived: None,
        ..violation.clone()
    };
    Finding {
        id: FindingId::of(&of.resource, &word),
        resource: of.resource.clone(),
        cause,
        actor,
        violations: of.violations.iter().map(named).collect(),
        undecided: Vec::new(),
        culprits: culprits.collect(),
        neighbours: Vec::new(),
        pack: of.pack.clone(),
        opened_at: now,
    }
}

/// Where the item is among the culprits; it is added if it is not.
fn position(culprits: &mut Vec<Culprit>, item: &Item) -> usize {
    culprits.iter().position(|culprit| culprit.item == *item).unwrap_or_else(|| {
        culprits.push(Culprit { item: item.clone(), prior: None });
        culprits.len() - 1
    })
}
