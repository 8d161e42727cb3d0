//! Security groups in memory, as EC2 keeps them: a line's id is never given twice, a call by ids is all or nothing.

use crate::lock;
use engine::{Cursor, Hands, Inventory, Observer, ObserverError, Page, Removed, Session, Sighted, StepError};
use model::{
    AccountId, Direction, GroupId, GroupRuleId, Item, Observed, Opening, Resource, SecurityGroup, Step,
};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex};

/// What the next call meets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    Throttled,
    Denied,
    /// The call is applied and the answer is lost.
    AnswerLost,
    /// AWS answers that it did it, and did not.
    AnsweredOnly,
    /// The answer to a read makes no sense.
    Nonsense,
    /// Somebody changes the line, under the same id, just before the call.
    ModifiedMeanwhile,
}

#[derive(Debug, Clone, Default)]
pub struct Account(Arc<Mutex<Inside>>);

#[derive(Debug, Default)]
struct Inside {
    groups: BTreeMap<GroupId, SecurityGroup>,
    trouble: VecDeque<Trouble>,
    unreadable: VecDeque<Trouble>,
    calls: Vec<(String, Step)>,
    /// Calls so far: no id is given twice.
    made: usize,
    /// How many groups an inventory gives at a time; all of them if nothing is said.
    page: Option<usize>,
    /// Accounts whose inventory may not be read.
    hidden: BTreeSet<AccountId>,
}

impl Account {
    pub fn put(&self, group: SecurityGroup) {
        lock(&self.0).groups.insert(group.group.clone(), group);
    }

    pub fn group(&self, id: &GroupId) -> Option<SecurityGroup> {
        lock(&self.0).groups.get(id).cloned()
    }

    pub fn remove(&self, group: &GroupId, rule: &GroupRuleId) {
        if let Some(group) = lock(&self.0).groups.get_mut(group) {
            group.lines.retain(|line| line.rule.as_ref() != Some(rule));
        }
    }

    /// From now on an inventory gives so many groups at a time.
    pub fn page_by(&self, groups: usize) {
        lock(&self.0).page = Some(groups);
    }

    /// From now on this account's inventory may not be read.
    pub fn hide(&self, account: AccountId) {
        lock(&self.0).hidden.insert(account);
    }

    pub fn trouble_next(&self, trouble: Trouble) {
        lock(&self.0).trouble.push_back(trouble);
    }

    pub fn trouble_reading(&self, trouble: Trouble) {
        lock(&self.0).unreadable.push_back(trouble);
    }

    /// The steps that reached the account, each with its session's name.
    pub fn calls(&self) -> Vec<(String, Step)> {
        lock(&self.0).calls.clone()
    }
}

impl Observer for Account {
    async fn observe(&self, resource: &Resource) -> Result<Observed, ObserverError> {
        let mut inside = lock(&self.0);
        match inside.unreadable.pop_front() {
            Some(Trouble::Denied) => return Err(ObserverError::Denied("UnauthorizedOperation".into())),
            Some(Trouble::Nonsense) => return Err(ObserverError::Nonsense("two groups for one id".into())),
            Some(_) => return Err(ObserverError::Throttled("RequestLimitExceeded".into())),
            None => {}
        }
        let id: Result<GroupId, _> = resource.id.raw().parse();
        let found = id.ok().and_then(|id| inside.groups.get(&id).cloned());
        Ok(found.map_or(Observed::Gone, Observed::SecurityGroup))
    }
}

impl Inventory for Account {
    async fn page(
        &self,
        account: &AccountId,
        after: Option<&Cursor>,
    ) -> Result<Page<Sighted>, ObserverError> {
        let inside = lock(&self.0);
        if inside.hidden.contains(account) {
            return Err(ObserverError::Denied("UnauthorizedOperation".into()));
        }
        let sighted = |group: &SecurityGroup| {
            Some(Sighted {
                resource: Resource {
                    account: account.clone(),
                    region: "eu-west-3".parse().ok()?,
                    service: "ec2".parse().ok()?,
                    id: group.group.as_str().into(),
                },
                // Who reads them all does not ask what depends on each.
                observed: Observed::SecurityGroup(SecurityGroup { uses: None, ..group.clone() }),
            })
        };
        let sighted: Vec<Sighted> = inside.groups.values().filter_map(sighted).collect();
        Ok(crate::page(&sighted, after, inside.page.unwrap_or(usize::MAX)))
    }
}

impl Hands for Account {
    async fn carry_out(&self, step: &Step, _: &Resource, session: &Session) -> Result<Removed, StepError> {
        let mut inside = lock(&self.0);
        let trouble = inside.trouble.pop_front();
        match trouble {
            Some(Trouble::Throttled) => return Err(StepError::Throttled("RequestLimitExceeded".into())),
            Some(Trouble::Denied) => return Err(StepError::Denied("UnauthorizedOperation".into())),
            _ => {}
        }
        inside.calls.push((session.name(), step.clone()));
        inside.made += 1;
        let made = inside.made;
        let Some(group) = inside.groups.get_mut(step.group()) else {
            return Err(StepError::Gone("InvalidGroup.NotFound".into()));
        };
        if trouble == Some(Trouble::ModifiedMeanwhile) {
            for line in &mut group.lines {
                line.source = model::Source::Group { group: "sg-0fee".into(), account: None };
            }
        }
        let removed = match step {
            _ if trouble == Some(Trouble::AnsweredOnly) => Removed::default(),
            Step::RevokeIngress { rules, .. } => revoke(group, rules, Direction::Ingress)?,
            Step::RevokeEgress { rules, .. } => revoke(group, rules, Direction::Egress)?,
            Step::RestoreRules { lines, .. } => restore(group, lines)?,
            Step::AuthorizeIngress { lines, .. } | Step::AuthorizeEgress { lines, .. } => {
                authorize(group, lines, made)?
            }
        };
        if trouble == Some(Trouble::AnswerLost) {
            return Err(StepError::Unanswered("time-out".into()));
        }
        Ok(removed)
    }
}

fn gone() -> StepError {
    StepError::Gone("InvalidSecurityGroupRuleId.NotFound".into())
}

fn revoke(
    group: &mut SecurityGroup,
    rules: &[GroupRuleId],
    direction: Direction,
) -> Result<Removed, StepError> {
    let named = |line: &Opening| {
        line.rule.as_ref().is_some_and(|rule| rules.contains(rule)) && line.direction == direction
    };
    if group.lines.iter().filter(|line| named(line)).count() != rules.len() {
        return Err(gone());
    }
    let (removed, left) = group.lines.drain(..).partition(named);
    group.lines = left;
    Ok(Removed {
        ids: rules.iter().map(ToString::to_string).collect(),
        items: removed.into_iter().map(Item::Opening).collect(),
    })
}

fn authorize(group: &mut SecurityGroup, lines: &[Opening], made: usize) -> Result<Removed, StepError> {
    if lines.iter().any(|line| group.lines.iter().any(|own| own.same_content(line))) {
        return Err(StepError::Gone("InvalidPermission.Duplicate".into()));
    }
    let mut ids = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let id: GroupRuleId = format!("sgr-{made:08x}{at:08x}").parse().map_err(|_| gone())?;
        ids.push(id.to_string());
        group.lines.push(Opening { rule: Some(id), ..line.clone() });
    }
    Ok(Removed { ids, items: Vec::new() })
}

fn restore(group: &mut SecurityGroup, lines: &[Opening]) -> Result<Removed, StepError> {
    for wanted in lines {
        let Some(line) = group.lines.iter_mut().find(|line| line.rule == wanted.rule) else {
            return Err(gone());
        };
        *line = wanted.clone();
    }
    let ids = lines.iter().filter_map(|line| line.rule.as_ref()).map(ToString::to_string).collect();
    Ok(Removed { ids, items: Vec::new() })
}
