//! Calls of gardefou's: how they leave their client, reach EC2 or do not, and what the client hears.

use super::core::{Core, Millis, SECOND, What, World};
use super::ec2::Who;
use super::faults::Fault;
use engine::{Cursor, Hands, Inventory, Observer, ObserverError, Page, Removed, Session, Sighted, StepError};
use model::planted::{self, Bug};
use model::{AccountId, GroupRuleId, Item, Observed, Opening, Resource, Step};

/// A call that was sent is applied within this time or never: what a lease of 95 s allows for, after a function that
/// lives 60 s, with two clocks that are 2 s off.
const IN_FLIGHT_MAX: Millis = 30 * SECOND;
/// The client gives up after this.
const GIVES_UP: Millis = 15 * SECOND;

/// A call of gardefou's that left its client.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) step: Step,
    pub(crate) resource: Resource,
    pub(crate) session: Session,
    answer: Option<Answer>,
}

#[derive(Debug, Clone)]
enum Answer {
    Did(Removed),
    Gone(&'static str),
}

impl Core {
    /// A call leaves its client: what the client hears and when, and whether it reaches EC2.
    fn departs(&mut self, step: &Step, resource: &Resource, session: &Session) -> Departed {
        let account = resource.account.as_str().to_owned();
        if self.in_episode(Fault::Ec2Denied, &account) || self.fires(Fault::Ec2WriteDenied) {
            return Departed::Refused(StepError::Denied("UnauthorizedOperation".into()));
        }
        if self.in_episode(Fault::Ec2Storm, &account) || self.fires(Fault::Ec2Throttle) {
            return Departed::Refused(StepError::Throttled("RequestLimitExceeded".into()));
        }
        if self.fires(Fault::Ec2Hollow) {
            self.tell(|_| format!("EC2 answers true and does nothing: {step}"));
            return Departed::Hollow;
        }
        self.ec2.made += 1;
        let id = self.ec2.made;
        let call =
            Call { step: step.clone(), resource: resource.clone(), session: session.clone(), answer: None };
        self.ec2.calls.insert(id, call);
        let (late, usual) = (self.rng.i64(0..IN_FLIGHT_MAX), self.rng.i64(20..400));
        if self.fires(Fault::Ec2Unanswered) {
            if !self.one_in(4) {
                self.after(late, What::Apply(id));
            }
            return Departed::Unanswered;
        }
        self.after(usual, What::Apply(id));
        Departed::Sent(id, usual + 1)
    }

    /// A call of ours reaches EC2.
    pub(crate) fn reaches(&mut self, id: u64) {
        let Some(call) = self.ec2.calls.get(&id).cloned() else { return };
        self.tell(|_| format!("EC2 takes {} by {}", call.step, call.session.name()));
        self.allowed(&call);
        let who = Who::Guard(call.session.clone());
        let group = call.step.group();
        let done = match &call.step {
            Step::RevokeIngress { rules, .. } | Step::RevokeEgress { rules, .. } => {
                let rules =
                    if planted::is(Bug::RevokeByContent) { self.by_content(&call) } else { rules.clone() };
                self.revoke(group, &rules, &who)
            }
            Step::RestoreRules { lines, .. } => self.modify(group, lines, &who).map(|()| Vec::new()),
            Step::AuthorizeIngress { lines, .. } | Step::AuthorizeEgress { lines, .. } => {
                self.authorize(group, lines, &who)
            }
        };
        let answer = match done {
            Ok(lines) => Answer::Did(self.answer(&call.step, lines)),
            Err(code) => Answer::Gone(code),
        };
        self.tell(|_| format!("EC2 answers {answer:?}"));
        if let Some(call) = self.ec2.calls.get_mut(&id) {
            call.answer = Some(answer);
        }
    }

    fn answer(&mut self, step: &Step, lines: Vec<Opening>) -> Removed {
        let ids_of = |lines: &[Opening]| {
            lines.iter().filter_map(|line| Some(line.rule.as_ref()?.to_string())).collect()
        };
        let ids_only = self.fires(Fault::Ec2IdsOnly);
        match step {
            Step::RevokeIngress { .. } | Step::RevokeEgress { .. } if ids_only => {
                Removed { ids: ids_of(&lines), items: Vec::new() }
            }
            Step::RevokeIngress { .. } | Step::RevokeEgress { .. } => {
                Removed { ids: ids_of(&lines), items: lines.into_iter().map(Item::Opening).collect() }
            }
            Step::RestoreRules { lines, .. } => Removed { ids: ids_of(lines), items: Vec::new() },
            Step::AuthorizeIngress { .. } | Step::AuthorizeEgress { .. } => {
                Removed { ids: ids_of(&lines), items: Vec::new() }
            }
        }
    }

    /// The planted fault: what has the planned content is removed, whatever its id.
    fn by_content(&self, call: &Call) -> Vec<GroupRuleId> {
        let planned = self.record_of(&call.session.finding).and_then(|record| record.evidence.plan);
        let planned = planned.map(|plan| plan.takes_back).unwrap_or_default();
        let same = |line: &&Opening| {
            planned.iter().any(|item| matches!(item, Item::Opening(one) if one.same_content(line)))
        };
        self.ec2.lines(call.step.group()).iter().filter(same).filter_map(|line| line.rule.clone()).collect()
    }

    fn answered(&self, id: u64) -> Result<Removed, StepError> {
        match self.ec2.calls.get(&id).and_then(|call| call.answer.clone()) {
            Some(Answer::Did(removed)) => Ok(removed),
            Some(Answer::Gone(code)) => Err(StepError::Gone(code.into())),
            None => Err(StepError::Unanswered("time-out".into())),
        }
    }
}

enum Departed {
    Refused(StepError),
    Hollow,
    Unanswered,
    Sent(u64, Millis),
}

/// Reads and touches accounts.
#[derive(Debug, Clone)]
pub(crate) struct SimAccounts(pub(crate) World);

impl Observer for SimAccounts {
    async fn observe(&self, resource: &Resource) -> Result<Observed, ObserverError> {
        self.0.call(|core| core.observed(resource)).await
    }
}

impl Inventory for SimAccounts {
    async fn page(&self, account: &AccountId, _: Option<&Cursor>) -> Result<Page<Sighted>, ObserverError> {
        let items = self.0.call(|core| core.inventory(account)).await?;
        Ok(Page { items, next: None })
    }
}

impl Hands for SimAccounts {
    async fn carry_out(
        &self,
        step: &Step,
        resource: &Resource,
        session: &Session,
    ) -> Result<Removed, StepError> {
        self.0.wait(None).await;
        let departed = self.0.lock().departs(step, resource, session);
        match departed {
            Departed::Refused(error) => {
                self.0.wait(None).await;
                Err(error)
            }
            Departed::Hollow => {
                self.0.wait(None).await;
                let ids = match step {
                    Step::RevokeIngress { rules, .. } | Step::RevokeEgress { rules, .. } => {
                        rules.iter().map(ToString::to_string).collect()
                    }
                    _ => Vec::new(),
                };
                Ok(Removed { ids, items: Vec::new() })
            }
            Departed::Unanswered => {
                self.0.wait(Some(GIVES_UP)).await;
                Err(StepError::Unanswered("time-out".into()))
            }
            Departed::Sent(id, wait) => {
                // From here on it is applied, whatever becomes of who sent it.
                self.0.wait(Some(wait)).await;
                self.0.lock().answered(id)
            }
        }
    }
}
