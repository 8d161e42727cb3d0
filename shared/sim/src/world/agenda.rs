//! What happens in a run when its time has come, and what becomes of invocations.

use super::core::{Core, Invocation, Job, MINUTE, SECOND, Start, TaskId, What};
use super::faults::Fault;
use super::queues::{Body, QueueName};
use super::script::Act;
use model::{FindingId, State};
use std::collections::BTreeSet;

impl Core {
    /// An invocation begins: what will go wrong with it.
    pub(crate) fn born(&mut self, who: &'static str, message: Option<(QueueName, u64)>) -> Invocation {
        let (at, hang, skew) =
            (self.rng.u32(1..40), self.rng.u32(1..40), self.rng.i64(-2 * SECOND..=2 * SECOND));
        let crash_at = match self.planned_crash {
            Some((of, 0, at)) if of == who => {
                self.planned_crash = None;
                Some(at)
            }
            Some((of, before, at)) if of == who => {
                self.planned_crash = Some((of, before - 1, at));
                None
            }
            _ => (!self.calm && self.rng.u16(0..1_000) < self.faults.rate(Fault::Crash)).then_some(at),
        };
        let hang_at = self.fires(Fault::Hang).then_some(hang);
        let skew = if self.fires(Fault::ClockSkew) { skew } else { 0 };
        Invocation { who, message, yields: 0, crash_at, hang_at, crashed: false, skew }
    }

    /// An invocation is gone without a word.
    pub(crate) fn died(&mut self, task: TaskId) {
        let Some(invocation) = self.live.remove(&task) else { return };
        if invocation.who == "sweep" && self.fires(Fault::TickOutage) {
            // What kills the one may keep the next from being started.
            self.outage();
        }
        if let Some(key) = invocation.message
            && let Some(message) = self.queues.messages.get_mut(&key)
        {
            message.dropped(task);
            if let (QueueName::Notify, Body::Bell(bell)) = (key.0, &message.body) {
                *self.channels.disturbed.entry(bell.finding.clone()).or_default() += 1;
            }
        }
    }

    pub(crate) fn happens(&mut self, what: What) {
        match what {
            What::Deliver(queue, id, generation) => self.deliver(queue, id, generation),
            What::Apply(call) => self.reaches(call),
            What::Event(at, envelope) => {
                self.coming = self.coming.saturating_sub(1);
                self.event(at, envelope);
            }
            What::Act(act) => {
                if !self.calm || matches!(act, Act::Kill(false)) {
                    self.act(act);
                }
            }
            What::Tick => {
                self.after(MINUTE, What::Tick);
                let due = self.table.next_due().is_some_and(|due| due <= self.now + 10 * SECOND);
                if due && !self.in_episode(Fault::TickOutage, "tick") {
                    self.starts.push(Start::Sweep(Job::Tick));
                }
            }
            What::Present => self.present(),
            What::Reconcile => self.starts.push(Start::Sweep(Job::Reconcile)),
            What::Wake(_) | What::Kill(_) => {}
        }
    }

    /// What a sweep of present state can see: writes, changes, and waivers that ended, which they do without a timer.
    pub(crate) fn seen(&self) -> (u64, u64, usize) {
        let now = self.time();
        let over = self.waivers().iter().filter(|waiver| waiver.until <= now).count();
        (self.table.writes, self.ec2.changes, over)
    }

    /// A sweep that would see and write what the last one did is left out.
    fn present(&mut self) {
        self.after(15 * MINUTE, What::Present);
        if self.swept != Some(self.seen()) || !self.calm {
            self.starts.push(Start::Sweep(Job::Present));
        }
    }

    /// The finding that a person decides about, as the person sees it.
    pub(crate) fn chosen(&mut self, act: &Act) -> Option<(FindingId, u64)> {
        let named = match act {
            Act::Approve { finding, .. } | Act::Waive(finding) | Act::Undo(finding) => finding.clone(),
            _ => None,
        };
        let records: Vec<engine::FindingRecord> = self
            .table
            .findings()
            .filter_map(|(_, item)| engine::FindingRecord::try_from(item).ok())
            .collect();
        let fits = |state: State| match act {
            Act::Approve { .. } => matches!(state, State::Awaiting(_) | State::Acked | State::Manual(_)),
            Act::Undo(_) => state == State::Reverted,
            Act::Waive(_) => !state.is_terminal(),
            _ => matches!(
                state,
                State::Open | State::Awaiting(_) | State::Manual(_) | State::Acked | State::Waived
            ),
        };
        let record = if let Some(id) = named {
            records.into_iter().find(|record| record.finding.id == id)
        } else {
            let fitting: Vec<_> = records.into_iter().filter(|record| fits(record.life.state)).collect();
            // Rare states get as much attention as frequent ones.
            let labels: BTreeSet<String> = fitting.iter().map(|record| record.life.state.label()).collect();
            let labels: Vec<String> = labels.into_iter().collect();
            let label = self.pick(&labels)?;
            let of: Vec<_> =
                fitting.into_iter().filter(|record| record.life.state.label() == label).collect();
            self.pick(&of)
        }?;
        let stale = matches!(act, Act::Approve { stale: true, .. });
        let version = if stale { record.life.version.saturating_sub(1) } else { record.life.version };
        Some((record.finding.id, version))
    }
}
