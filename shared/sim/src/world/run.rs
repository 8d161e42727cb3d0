//! One run: a single thread polls one invocation at a time, in the order that virtual time and the seed say.

use super::core::{Core, HOUR, Line, MINUTE, Millis, SECOND, Start, TaskId, Violation, What, World};
use super::faults::{Fault, Faults};
use super::handlers::Handlers;
use super::queues::Body;
use super::script::{Act, START};
use super::variant::Variant;
use fastrand::Rng;
use std::collections::{BTreeMap, BTreeSet};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

type Running = Pin<Box<dyn Future<Output = ()> + Send>>;

/// What is asked of a run.
#[derive(Debug, Clone, Default)]
pub struct Options {
    pub off: BTreeSet<Fault>,
    pub traced: bool,
}

/// What became of a run.
#[derive(Debug)]
pub struct Ran {
    pub seed: u64,
    pub variant: &'static str,
    pub violations: Vec<Violation>,
    pub hash: u64,
    pub moves: BTreeSet<(String, String, String)>,
    pub fired: BTreeMap<Fault, u64>,
    pub reverts: u64,
    pub findings: u64,
    pub trace: Vec<Line>,
}

/// Everything is at rest after so long, except in runs that wait for timers of days.
const REST: Millis = 48 * HOUR;
const LONG_REST: Millis = 9 * 24 * HOUR;

pub(crate) struct Sim {
    world: World,
    running: BTreeMap<TaskId, Running>,
    started: TaskId,
}

/// Runs one seed from the start to rest.
pub fn run(seed: u64, variants: &[Variant], options: &Options) -> Option<Ran> {
    let mut rng = Rng::with_seed(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x6a09_e667_f3bc_c909);
    let variant = variants.get(rng.usize(0..variants.len().max(1)))?.clone();
    let name = variant.name;
    let faults = Faults::swarm(&mut rng, &options.off);
    let core = Core::new(rng, faults, variant, options.traced);
    let mut sim = Sim::new(core);
    sim.play();
    let mut core = sim.world.lock();
    core.end();
    let findings = core.table.findings().count() as u64;
    Some(Ran {
        seed,
        variant: name,
        violations: std::mem::take(&mut core.violations),
        hash: core.hash,
        moves: std::mem::take(&mut core.oracle.moves),
        fired: std::mem::take(&mut core.fired),
        reverts: core.oracle.reverts,
        findings,
        trace: core.trace.take().unwrap_or_default(),
    })
}

impl Sim {
    pub(crate) fn new(core: Core) -> Self {
        Self { world: World::new(core), running: BTreeMap::new(), started: 0 }
    }

    pub(crate) fn world(&self) -> &World {
        &self.world
    }

    /// The story, then the rest.
    fn play(&mut self) {
        let length = {
            let mut core = self.world.lock();
            core.plan_acts();
            core.after(MINUTE, What::Tick);
            core.after(15 * MINUTE, What::Present);
            core.script.length
        };
        self.until(START + length);
        self.rest();
    }

    /// Faults are over and people go home: what is left to do is done.
    fn rest(&mut self) {
        let (begins, ends) = {
            let mut core = self.world.lock();
            core.calm = true;
            core.say("calm");
            if core.is_killed() {
                core.starts.push(Start::Person(Act::Kill(false)));
            }
            let length = if core.script.long { LONG_REST } else { REST };
            (core.now, core.now + length)
        };
        let night = if self.world.lock().script.late_night { 22 * HOUR } else { 0 };
        self.settle(begins + night + 30 * MINUTE, begins + night + 2 * HOUR);
        self.world.lock().balance();
        self.world.lock().after(0, What::Reconcile);
        self.settle(begins + night + 2 * HOUR, ends);
        // What came a day late may have been told to the trail alone.
        self.world.lock().after(0, What::Reconcile);
        let now = self.world.lock().now;
        self.settle(now + 20 * MINUTE, ends.max(now + 2 * HOUR));
    }

    /// At least until the one, and until nothing is due; at most until the other.
    fn settle(&mut self, least: Millis, most: Millis) {
        self.until(least);
        loop {
            let now = self.world.lock().now;
            if now >= most || self.is_at_rest(most) {
                return;
            }
            self.until((now + 15 * MINUTE).min(most));
        }
    }

    fn is_at_rest(&self, most: Millis) -> bool {
        let core = self.world.lock();
        let ends = core
            .waivers()
            .iter()
            .map(|waiver| waiver.until.as_millisecond())
            .filter(|end| *end > core.now)
            .min();
        let due = core.table.next_due().into_iter().chain(ends).any(|due| due < most);
        core.queues.is_empty()
            && self.running.is_empty()
            && !due
            && core.swept == Some(core.seen())
            && core.coming == 0
    }

    /// Everything that happens by then.
    pub(crate) fn until(&mut self, by: Millis) {
        loop {
            self.start_all();
            let what = self.world.lock().next(by);
            match what {
                None => {
                    let mut core = self.world.lock();
                    core.now = core.now.max(by);
                    return;
                }
                Some(What::Wake(task)) => self.poll(task),
                Some(What::Kill(task)) => self.kill(task, "time-out"),
                Some(what) => self.world.lock().happens(what),
            }
        }
    }

    fn poll(&mut self, task: TaskId) {
        let Some(running) = self.running.get_mut(&task) else { return };
        self.world.lock().current = task;
        let done = running.as_mut().poll(&mut Context::from_waker(Waker::noop())) == Poll::Ready(());
        let crashed = self.world.lock().live.get(&task).is_some_and(|invocation| invocation.crashed);
        if done {
            self.running.remove(&task);
            self.world.lock().live.remove(&task);
        } else if crashed {
            self.world.lock().happened(Fault::Crash);
            self.kill(task, "crash");
        }
        self.world.lock().current = 0;
    }

    fn kill(&mut self, task: TaskId, why: &str) {
        // Dropped without the lock: futures hold none, but may touch the world when they go.
        let Some(running) = self.running.remove(&task) else { return };
        drop(running);
        let mut core = self.world.lock();
        core.current = task;
        core.say(why);
        core.died(task);
        core.current = 0;
    }

    fn start_all(&mut self) {
        loop {
            let starts = std::mem::take(&mut self.world.lock().starts);
            if starts.is_empty() {
                return;
            }
            for start in starts {
                self.start(start);
            }
        }
    }

    fn start(&mut self, start: Start) {
        self.started += 1;
        let task = self.started;
        let (who, time_out, message) = match &start {
            Start::Message(queue, id) => (queue.word(), queue.time_out(), Some((*queue, *id))),
            Start::Sweep(_) => ("sweep", 300 * SECOND, None),
            Start::Person(_) => ("person", 30 * SECOND, None),
        };
        let skew = {
            let mut core = self.world.lock();
            let invocation = core.born(who, message);
            let skew = invocation.skew;
            core.live.insert(task, invocation);
            core.after(time_out, What::Kill(task));
            core.after(0, What::Wake(task));
            core.current = task;
            skew
        };
        let body = match &start {
            Start::Message(queue, id) => {
                let body = self.world.lock().taken(*queue, *id);
                // It is gone already: somebody else was through with it.
                let Some(body) = body else {
                    self.world.lock().live.remove(&task);
                    return;
                };
                Some(body)
            }
            _ => None,
        };
        let handlers = Handlers { world: self.world.clone(), skew, task };
        let running: Running = match (start, body) {
            (Start::Message(queue, id), Some(Body::Event(bytes, at))) => {
                Box::pin(async move { handlers.event(queue, id, &bytes, at).await })
            }
            (Start::Message(queue, id), Some(Body::Bell(bell))) => {
                Box::pin(async move { handlers.bell(queue, id, bell).await })
            }
            (Start::Sweep(job), _) => Box::pin(async move { handlers.sweep(job).await }),
            (Start::Person(act), _) => Box::pin(async move { handlers.person(act).await }),
            (Start::Message(..), None) => return,
        };
        self.running.insert(task, running);
        self.world.lock().current = 0;
    }
}
