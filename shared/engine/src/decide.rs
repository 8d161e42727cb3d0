//! What a worker does about a finding, once it has seen the resource: pure.

use model::{
    Cause, Culprit, Finding, Item, Life, Manual, Mode, Observed, Opening, Plan, Refusal, ReverterName,
    Untrusted, Verdict, Work,
};
use revert::{Undo, alike, missing, put_back, reverter, standing};
use rules::{Asking, Config, RuleBook};

/// What the worker does next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Decision {
    /// Nothing of it stands, or it is not confirmed: to be verified, not acted upon.
    Absent,
    /// It stands, and no more than this is granted.
    Confirmed(Mode),
    /// Too much depends on the resource.
    BlastRadius(String),
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
    /// Something stands that a rule names, whatever is granted.
    pub(crate) any: bool,
}

/// A finding, what is seen of its resource, and what is allowed there.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scene<'a> {
    pub(crate) finding: &'a Finding,
    pub(crate) life: &'a Life,
    pub(crate) observed: &'a Observed,
    pub(crate) rules: &'a RuleBook,
    pub(crate) config: &'a Config,
}

impl Scene<'_> {
    /// What the account, its unit and the tags that are seen now allow: it may be less than when it was found.
    fn allowed(&self) -> Mode {
        let tags = match self.observed {
            Observed::SecurityGroup(group) => Some(&group.tags),
            Observed::Gone | Observed::Facts(_) => None,
        };
        let actor = match self.finding.cause {
            Cause::Sighting { .. } => None,
            Cause::Event(_) | Cause::Collateral { .. } | Cause::Undo { .. } => Some(&self.finding.actor),
        };
        let asking = Asking { account: &self.finding.resource.account, actor, tags };
        self.config.allowance.allowed(asking).mode
    }

    /// What was put back has the content it had, under another id: it is found by that.
    fn culprits(&self) -> Vec<Culprit> {
        let Observed::SecurityGroup(group) = self.observed else { return self.finding.culprits.clone() };
        let again = |culprit: &Culprit| {
            let same = |line: &&Opening| alike(&Item::Opening((*line).clone()), &culprit.item);
            let line = group.lines.iter().find(same)?;
            Some(Culprit { item: Item::Opening(line.clone()), prior: None })
        };
        match self.finding.cause {
            Cause::Event(_) | Cause::Sighting { .. } => self.finding.culprits.clone(),
            Cause::Collateral { .. } | Cause::Undo { .. } => {
                let culprits = self.finding.culprits.iter();
                culprits.map(|culprit| again(culprit).unwrap_or_else(|| culprit.clone())).collect()
            }
        }
    }

    /// What `finding` found and `observed` still shows; `Err` when a second condition cannot be answered.
    pub(crate) fn present(&self) -> Result<Present, String> {
        let (finding, life, observed) = (self.finding, self.life, self.observed);
        let allowed = self.allowed();
        let culprits = self.culprits();
        let mut present = Present::default();
        let mut modes: Vec<Option<Mode>> = vec![None; culprits.len()];
        for violation in &finding.violations {
            let granted = violation.granted_in(life).min(allowed);
            let named = culprits.iter().enumerate().filter(|(at, _)| violation.culprits.contains(at));
            let items: Vec<Item> = named.clone().map(|(_, culprit)| culprit.item.clone()).collect();
            let confirmed = if violation.holds {
                match self.rules.confirm(&violation.rule, &items, observed) {
                    Verdict::Quiet => continue,
                    Verdict::Undecided { reason } => return Err(reason),
                    Verdict::Violation(confirmed) => confirmed,
                }
            } else {
                items
            };
            present.notify |= violation.culprits.is_empty() && *observed != Observed::Gone;
            for (at, _) in named.filter(|(_, culprit)| confirmed.contains(&culprit.item)) {
                if let Some(mode) = modes.get_mut(at) {
                    *mode = (*mode).max(Some(granted));
                }
            }
        }
        for (culprit, mode) in culprits.iter().zip(modes) {
            if standing(std::slice::from_ref(culprit), observed).is_empty() {
                continue;
            }
            present.any |= mode.is_some();
            match mode {
                Some(Mode::Approve | Mode::Revert) if approved(life, culprit) => {
                    present.revert.push(culprit.clone());
                }
                Some(Mode::Revert) => present.revert.push(culprit.clone()),
                Some(Mode::Approve) => present.approve.push(culprit.clone()),
                Some(Mode::Notify) => present.notify = true,
                Some(Mode::Observe) | None => {}
            }
        }
        Ok(present)
    }

    /// Does anything of it stand? `None`: that cannot be told.
    pub(crate) fn stands(&self) -> Option<bool> {
        // What names no item is no item that could be gone: an observer of groups finds no gateway either.
        if self.finding.culprits.is_empty() {
            return None;
        }
        if *self.observed == Observed::Gone {
            return Some(false);
        }
        self.present().ok().map(|present| present.any)
    }
}

/// A person said yes to this culprit, as it is now. An approval from before contents were noted is for all.
fn approved(life: &Life, culprit: &Culprit) -> bool {
    let of =
        |approval: &model::Approval| approval.of.is_empty() || approval.of.contains(&culprit.item.content());
    life.approval.as_ref().is_some_and(of)
}

/// From what stands to what is done. Nothing is done that is not granted, addressed and exact.
pub(crate) fn decide(scene: &Scene<'_>) -> Decision {
    let Scene { finding, life, observed, config, .. } = *scene;
    match life.work {
        Work::Restore | Work::Undo => return decide_to_put_back(finding, observed),
        Work::Revert | Work::Confirm => {}
    }
    let present = match scene.present() {
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
    if config.protects(&finding.resource) {
        let mark = Untrusted::new("the configuration");
        return Decision::GiveUp(Manual::Protected, Some(Refusal::Protected { mark }));
    }
    let plan = match plan(finding, &present.revert, observed) {
        Ok(plan) => plan,
        Err(Refusal::AlreadyUndone) => return Decision::Absent,
        Err(refusal @ Refusal::Protected { .. }) => {
            return Decision::GiveUp(Manual::Protected, Some(refusal));
        }
        Err(refusal) => return Decision::GiveUp(Manual::Imprecise, Some(refusal)),
    };
    let too_much = match observed {
        Observed::SecurityGroup(group) if life.approval.is_none() => config.blast_radius.exceeded(group),
        _ => None,
    };
    too_much.map_or(Decision::Act(plan), Decision::BlastRadius)
}

fn decide_to_put_back(finding: &Finding, observed: &Observed) -> Decision {
    match put_back(&finding.culprits, observed) {
        Ok(plan) => Decision::Act(plan),
        Err(Refusal::AlreadyUndone) => Decision::Absent,
        Err(refusal) => Decision::GiveUp(Manual::Imprecise, Some(refusal)),
    }
}

/// Is nothing left to do, and does something stand that needs approval? What cannot be answered is not done.
pub(crate) fn done(scene: &Scene<'_>) -> (bool, bool) {
    match scene.life.work {
        Work::Restore | Work::Undo => {
            let missing = missing(&scene.finding.culprits, scene.observed);
            (missing.is_some_and(|missing| missing.is_empty()), false)
        }
        Work::Revert | Work::Confirm => match scene.present() {
            Ok(present) => (present.revert.is_empty(), !present.approve.is_empty()),
            Err(_) => (false, false),
        },
    }
}

/// One plan for all culprits, each by the reverter that its rules name.
fn plan(finding: &Finding, culprits: &[Culprit], observed: &Observed) -> Result<Plan, Refusal> {
    let event_name = match &finding.cause {
        Cause::Event(event) => Some(event.name.as_str()),
        Cause::Sighting { .. } | Cause::Collateral { .. } | Cause::Undo { .. } => None,
    };
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
                    && names.into_iter().any(|one| one.item.content() == culprit.item.content())
            })
        };
        let culprits: Vec<Culprit> = culprits.iter().filter(is_its).cloned().collect();
        let Some(reverter) = reverter(name) else {
            return Err(Refusal::Imprecise {
                why: format!("there is no reverter `{name}`"),
                by_hand: "take it back by hand".to_owned(),
            });
        };
        let undo = Undo { culprits: &culprits, event_name, event_time: finding.happened_at() };
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
