//! What a worker does about a finding, once it has seen the resource: pure.

use model::{
    Cause, Culprit, Finding, Item, Life, Manual, Mode, Observed, Plan, Refusal, ReverterName, Verdict, Work,
};
use revert::{Undo, reverter, standing};
use rules::RuleBook;

/// What the worker does next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Decision {
    /// Nothing of it stands, or it is not confirmed: to be verified, not acted upon.
    Absent,
    /// It stands, and no more than this is granted.
    Confirmed(Mode),
    Act(Plan),
    GiveUp(Manual, Option<Refusal>),
}

/// The culprits that stand now, by what is granted for them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Present {
    /// To be taken back: granted revert, or approved.
    pub(crate) revert: Vec<Culprit>,
    /// Waiting for a person.
    pub(crate) approve: Vec<Culprit>,
    /// Something violates that is only to be told.
    pub(crate) notify: bool,
}

impl Present {
    /// What `finding` found and `observed` still shows; `Err` when a second condition cannot be answered.
    pub(crate) fn of(
        finding: &Finding,
        life: &Life,
        observed: &Observed,
        rules: &RuleBook,
    ) -> Result<Self, String> {
        let mut present = Self::default();
        let mut modes: Vec<Option<Mode>> = vec![None; finding.culprits.len()];
        for violation in &finding.violations {
            let named = finding.culprits.iter().enumerate().filter(|(at, _)| violation.culprits.contains(at));
            let items: Vec<Item> = named.clone().map(|(_, culprit)| culprit.item.clone()).collect();
            let confirmed = if violation.holds {
                match rules.confirm(&violation.rule, &items, observed) {
                    Verdict::Quiet => continue,
                    Verdict::Undecided { reason } => return Err(reason),
                    Verdict::Violation(confirmed) => confirmed,
                }
            } else {
                items
            };
            present.notify |= violation.culprits.is_empty();
            for (at, _) in named.filter(|(_, culprit)| confirmed.contains(&culprit.item)) {
                if let Some(mode) = modes.get_mut(at) {
                    *mode = (*mode).max(Some(violation.granted));
                }
            }
        }
        for (culprit, mode) in finding.culprits.iter().zip(modes) {
            if standing(std::slice::from_ref(culprit), observed).is_empty() {
                continue;
            }
            match mode {
                Some(Mode::Revert) => present.revert.push(culprit.clone()),
                Some(Mode::Approve) if life.approval.is_some() => present.revert.push(culprit.clone()),
                Some(Mode::Approve) => present.approve.push(culprit.clone()),
                Some(Mode::Notify) => present.notify = true,
                Some(Mode::Observe) | None => {}
            }
        }
        Ok(present)
    }
}

/// From what stands to what is done. Nothing is done that is not granted, addressed and exact.
pub(crate) fn decide(finding: &Finding, life: &Life, observed: &Observed, rules: &RuleBook) -> Decision {
    let present = match Present::of(finding, life, observed, rules) {
        Ok(present) => present,
        Err(_) if life.work == Work::Confirm => return Decision::GiveUp(Manual::NotConfirmed, None),
        Err(_) => return Decision::GiveUp(Manual::NotObservable, None),
    };
    if present.revert.is_empty() {
        return match present {
            Present { ref approve, .. } if !approve.is_empty() => Decision::Confirmed(Mode::Approve),
            Present { notify: true, .. } => Decision::Confirmed(Mode::Notify),
            _ => Decision::Absent,
        };
    }
    match plan(finding, &present.revert, observed) {
        Ok(plan) => Decision::Act(plan),
        Err(Refusal::AlreadyUndone) => Decision::Absent,
        Err(refusal @ Refusal::Protected { .. }) => Decision::GiveUp(Manual::Protected, Some(refusal)),
        Err(refusal) => Decision::GiveUp(Manual::Imprecise, Some(refusal)),
    }
}

/// One plan for all culprits, each by the reverter that its rules name.
fn plan(finding: &Finding, culprits: &[Culprit], observed: &Observed) -> Result<Plan, Refusal> {
    let Cause::Event(event) = &finding.cause;
    let mut whole = Plan { steps: Vec::new(), takes_back: Vec::new() };
    let mut names: Vec<&ReverterName> =
        finding.violations.iter().filter_map(|rule| rule.reverter.as_ref()).collect();
    names.sort_unstable();
    names.dedup();
    for name in names {
        let is_its = |culprit: &&Culprit| {
            finding.violations.iter().any(|violation| {
                let names = violation.culprits.iter().filter_map(|at| finding.culprits.get(*at));
                violation.reverter.as_ref() == Some(name)
                    && names.into_iter().any(|one| one.item == culprit.item)
            })
        };
        let culprits: Vec<Culprit> = culprits.iter().filter(is_its).cloned().collect();
        let Some(reverter) = reverter(name) else {
            return Err(Refusal::Imprecise {
                why: format!("there is no reverter `{name}`"),
                by_hand: "take it back by hand".to_owned(),
            });
        };
        let undo = Undo { culprits: &culprits, event_name: &event.name, event_time: event.time };
        match reverter.plan(&undo, observed) {
            Ok(part) => {
                whole.steps.extend(part.steps);
                whole.takes_back.extend(part.takes_back);
            }
            Err(Refusal::AlreadyUndone) => {}
            Err(refusal) => return Err(refusal),
        }
    }
    if whole.steps.is_empty() { Err(Refusal::AlreadyUndone) } else { Ok(whole) }
}
