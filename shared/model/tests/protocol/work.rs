//! What a worker does: it claims, looks, arms, reports, and reads again what it believes to be gone.

use crate::standing::{Left, Standing};
use crate::variants::{Deviation, Protocol};
use crate::world::{Worker, World};
use model::{Mode, Phase, Rejected, State};

/// After so many receives in vain a message is dead.
const RECEIVES_MAX: u8 = 3;

pub(crate) fn deliver(protocol: &Protocol, world: &mut World) {
    match world.finding.claim(world.kill) {
        Ok(claimed) => {
            world.finding = claimed;
            let works = claimed.state == State::Reverting(Phase::Claimed);
            if works {
                world.workers[0] = Worker::Claimed { epoch: claimed.epoch };
            }
            if !works || protocol.has(Deviation::AcknowledgesEarly) {
                world.acknowledge();
            }
        }
        Err(Rejected::LeaseHeld) => {
            if !protocol.has(Deviation::NoDeadLetters) {
                world.receives += 1;
            }
            if world.receives >= RECEIVES_MAX {
                world.receives = 0;
                world.acknowledge();
            }
        }
        Err(_) => world.acknowledge(),
    }
}

pub(crate) fn look(protocol: &Protocol, world: &mut World, worker: usize, stale: bool) {
    let Worker::Claimed { epoch } = world.workers[worker] else { return };
    world.budget.stale_reads -= u8::from(stale);
    let stands = world.stands() != stale || protocol.has(Deviation::ActsUnseen);
    if !stands {
        let moved = world.finding.absent();
        return leave(protocol, world, worker, moved);
    }
    if !protocol.acts(&world.finding) {
        let moved = world.finding.confirmed(protocol.granted);
        return leave(protocol, world, worker, moved);
    }
    let late = world.finding.held.is_none_or(|held| held.left != Left::Ample);
    let moved = world.finding.arm(epoch, world.kill);
    match moved {
        Ok(armed) if armed.is_armed() && world.finding.epoch == epoch => {
            let granted = protocol.granted == Mode::Revert || world.witness.approved;
            world.witness.armed_without_grant |= world.kill || !granted;
            world.witness.armed_after_cancel |= world.finding.cancel || world.witness.cancelled;
            world.finding = armed;
            world.workers[worker] = Worker::Armed { epoch, late };
        }
        _ => leave(protocol, world, worker, moved),
    }
}

/// The worker's part ends: with a write that asks for the epoch and the state it worked from, then the message goes.
fn leave(protocol: &Protocol, world: &mut World, worker: usize, moved: Result<Standing, Rejected>) {
    if let Ok(moved) = moved
        && world.workers[worker].epoch() == Some(world.finding.epoch)
    {
        world.finding = moved;
        world.ring();
        close_early(protocol, world);
    }
    world.workers[worker] = Worker::Idle;
    if !protocol.has(Deviation::AcknowledgesEarly) {
        world.acknowledge();
    }
}

/// The message is not deleted: it comes back.
pub(crate) fn try_later(world: &mut World, worker: usize, sent: bool) {
    let budget = if sent { &mut world.budget.unanswered } else { &mut world.budget.waits };
    *budget -= 1;
    world.abandoned_calls += u8::from(sent);
    if sent {
        // It may still land: the finding stays armed until the lease ends.
        world.ring();
    } else if world.workers[worker].epoch() == Some(world.finding.epoch)
        && let Ok(moved) = world.finding.try_later()
    {
        world.finding = moved;
        world.ring();
    }
    world.workers[worker] = Worker::Idle;
}

pub(crate) fn report(protocol: &Protocol, world: &mut World, worker: usize) {
    let Worker::Called { collateral, .. } = world.workers[worker] else { return };
    if collateral && protocol.has(Deviation::PutsBackFromAnswer) {
        world.put_back();
    }
    let written = |finding: Standing| finding.answered();
    if !protocol.has(Deviation::WritesUnconditionally) {
        let moved = written(world.finding);
        return leave(protocol, world, worker, moved);
    }
    let remembered = Standing { state: State::Reverting(Phase::Armed), ..world.finding };
    world.workers[worker] = Worker::Called { epoch: world.finding.epoch, collateral };
    leave(protocol, world, worker, written(remembered));
}

pub(crate) fn settled_read(protocol: &Protocol, world: &mut World, stale: bool) {
    world.budget.stale_reads -= u8::from(stale);
    let gone = world.stands() == stale;
    if let Ok(read) = world.finding.read(gone) {
        world.finding = read;
        world.ring();
    }
    if gone && protocol.has(Deviation::ClosesOnOneRead) {
        believe(world);
    }
}

fn close_early(protocol: &Protocol, world: &mut World) {
    if protocol.has(Deviation::ClosesUnread) {
        believe(world);
    }
}

/// Closes what is to be verified, as if it had been read as often as it takes.
fn believe(world: &mut World) {
    while world.finding.is_verifying()
        && let Ok(read) = world.finding.read(true)
    {
        world.finding = read;
    }
}
