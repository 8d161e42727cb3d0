//! What can happen next in a world, and what then is.

use crate::standing::{Left, Standing};
use crate::variants::{Deviation, Protocol};
use crate::work::{deliver, look, report, settled_read, try_later};
use crate::world::{Line, Worker, World};
use model::State;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    /// A doorbell reaches an idle worker, which claims.
    Deliver,
    /// The claimer looks, and arms or leaves; a stale read shows the opposite.
    Look {
        worker: usize,
        stale: bool,
    },
    Land(usize),
    LandAbandoned,
    /// The worker writes what became of its call.
    Report(usize),
    /// With the call on its way, it lands some time later.
    Crash {
        worker: usize,
        sent: bool,
    },
    /// The worker gives it back to the queue: AWS asked to wait, or did not answer a call that was sent.
    TryLater {
        worker: usize,
        sent: bool,
    },
    LeaseShrinks,
    SettledRead {
        stale: bool,
    },
    Sweep,
    Echo,
    Reconcile,
    LoseEcho,
    LoseVerification,
    Duplicate,
    /// People.
    ThrowKillSwitch,
    Waive,
    Approve,
    Add,
    AddByBreakGlass,
    Remove,
    /// In place, to what is compliant: the id stays.
    Modify,
}

impl Action {
    /// Happens if one waits long enough.
    pub(crate) fn is_due(self) -> bool {
        !matches!(
            self,
            Self::Duplicate
                | Self::ThrowKillSwitch
                | Self::Waive
                | Self::Approve
                | Self::Add
                | Self::AddByBreakGlass
                | Self::Remove
                | Self::Modify
        )
    }
}

pub(crate) fn actions(protocol: &Protocol, world: &World, into: &mut Vec<Action>) {
    let budget = world.budget;
    for (at, worker) in world.workers.iter().enumerate() {
        let (looks, armed) =
            (matches!(worker, Worker::Claimed { .. }), matches!(worker, Worker::Armed { .. }));
        let mut offer = |if_so, action| into.extend(Some(action).filter(|_| if_so));
        offer(looks, Action::Look { worker: at, stale: false });
        offer(looks && budget.stale_reads > 0, Action::Look { worker: at, stale: true });
        offer(armed, Action::Land(at));
        offer(matches!(worker, Worker::Called { .. }), Action::Report(at));
        let dies = *worker != Worker::Idle && budget.crashes > 0;
        offer(dies, Action::Crash { worker: at, sent: false });
        offer(dies && armed, Action::Crash { worker: at, sent: true });
        offer((looks || armed) && budget.waits > 0, Action::TryLater { worker: at, sent: false });
        offer(armed && budget.unanswered > 0, Action::TryLater { worker: at, sent: true });
    }
    let mut offer = |if_so, action| into.extend(Some(action).filter(|_| if_so));
    let reads = world.finding.is_verifying() && world.verification;
    offer(world.doorbells > 0 && world.workers[0] == Worker::Idle, Action::Deliver);
    offer(world.abandoned_calls > 0, Action::LandAbandoned);
    offer(world.lease_may_shrink(protocol), Action::LeaseShrinks);
    offer(reads, Action::SettledRead { stale: false });
    offer(reads && budget.stale_reads > 0, Action::SettledRead { stale: true });
    let forgotten = world.doorbells == 0 && world.finding.is_claimable()
        || world.finding.is_verifying() && !world.verification;
    offer(forgotten && !protocol.has(Deviation::NoSweep), Action::Sweep);
    offer(world.echoes > 0, Action::Echo);
    offer(world.echoes > 0 && budget.losses > 0, Action::LoseEcho);
    offer(world.lost_echoes > 0 && !protocol.has(Deviation::TrailUnread), Action::Reconcile);
    let loses = protocol.has(Deviation::LosesVerification) && budget.losses > 0;
    offer(reads && loses, Action::LoseVerification);
    offer(budget.duplicates > 0, Action::Duplicate);
    offer(budget.kill_switch > 0, Action::ThrowKillSwitch);
    if budget.operator > 0 {
        offer(waived(protocol, &world.finding).is_some(), Action::Waive);
        offer(world.finding.approve(world.kill).is_ok(), Action::Approve);
        offer(world.line.is_none(), Action::Add);
        offer(world.line.is_none(), Action::AddByBreakGlass);
        offer(world.line.is_some(), Action::Remove);
        offer(world.line.is_some_and(|line| !line.compliant), Action::Modify);
    }
}

/// The world after `action`; none if nothing changes.
pub(crate) fn after(protocol: &Protocol, before: &World, action: Action) -> Option<World> {
    let mut world = *before;
    match action {
        Action::Deliver => deliver(protocol, &mut world),
        Action::Look { worker, stale } => look(protocol, &mut world, worker, stale),
        Action::Land(worker) => {
            let Worker::Armed { epoch, .. } = world.workers[worker] else { return None };
            let collateral = world.land(protocol);
            world.workers[worker] = Worker::Called { epoch, collateral };
        }
        Action::LandAbandoned => {
            world.abandoned_calls -= 1;
            world.land(protocol);
        }
        Action::Report(worker) => report(protocol, &mut world, worker),
        Action::Crash { worker, sent } => {
            world.budget.crashes -= 1;
            world.abandoned_calls += u8::from(sent);
            world.workers[worker] = Worker::Idle;
        }
        Action::TryLater { worker, sent } => try_later(&mut world, worker, sent),
        Action::LeaseShrinks => {
            let held = world.finding.held.as_mut()?;
            let hangs = protocol.has(Deviation::WorkerHangs);
            held.left = if hangs && held.left == Left::Ample { Left::Short } else { Left::Nothing };
        }
        Action::SettledRead { stale } => settled_read(protocol, &mut world, stale),
        Action::Sweep => world.ring(),
        Action::Echo => {
            world.echoes -= 1;
            world.put_back();
        }
        Action::LoseEcho => {
            world.budget.losses -= 1;
            world.echoes -= 1;
            world.lost_echoes += 1;
        }
        Action::Reconcile => {
            world.lost_echoes -= 1;
            world.echoes += 1;
        }
        Action::LoseVerification => {
            world.budget.losses -= 1;
            world.verification = false;
        }
        Action::Duplicate => {
            world.budget.duplicates -= 1;
            world.doorbells += 1;
        }
        _ => people(protocol, &mut world, action)?,
    }
    // A finding that is written to without a condition may move for ever.
    let forgets = !protocol.has(Deviation::WritesUnconditionally);
    let settled = if forgets { world.forgetting().settled() } else { world.settled() };
    (settled != *before).then_some(settled)
}

/// What a waiver makes of it; none if it is refused.
fn waived(protocol: &Protocol, finding: &Standing) -> Option<Standing> {
    let anyhow = protocol.has(Deviation::WaivesAtAnyTime);
    match finding.waive() {
        Ok(waived) => Some(waived),
        Err(_) if anyhow && (finding.is_reverting() || finding.is_verifying()) => {
            Some(Standing { state: State::Waived, held: None, cancel: false, ..*finding })
        }
        Err(_) => None,
    }
}

fn people(protocol: &Protocol, world: &mut World, action: Action) -> Option<()> {
    if action == Action::ThrowKillSwitch {
        world.budget.kill_switch -= 1;
        world.kill = !world.kill;
        return Some(());
    }
    world.budget.operator -= 1;
    let is_waived = world.finding.state == State::Waived;
    let added = |authority| Some(Line { culprit: false, compliant: false, authority });
    match action {
        Action::Waive => {
            world.finding = waived(protocol, &world.finding)?;
            world.witness.waived |= world.finding.state == State::Waived;
            world.witness.cancelled |= world.finding.cancel;
        }
        Action::Approve => {
            world.finding = world.finding.approve(world.kill).ok()?;
            world.witness.cancelled = false;
            world.witness.approved = true;
            world.ring();
        }
        Action::Add => world.line = added(is_waived),
        Action::AddByBreakGlass => world.line = added(true),
        Action::Remove => world.line = None,
        Action::Modify => world.line.as_mut()?.compliant = true,
        _ => return None,
    }
    Some(())
}
