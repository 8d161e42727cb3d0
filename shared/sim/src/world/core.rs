//! The world of one run: virtual time, one seeded source of chance, and what stands behind the ports.

use super::channels::Channels;
use super::ec2::Ec2;
use super::faults::{Fault, Faults};
use super::oracle::Oracle;
use super::queues::{QueueName, Queues};
use super::script::{Act, Script};
use super::table::Table;
use super::trail::Trail;
use super::variant::Variant;
use crate::lock;
use fastrand::Rng;
use jiff::Timestamp;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::fmt::Write as _;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll};

/// Virtual time, in milliseconds of the Unix epoch.
pub(crate) type Millis = i64;
pub(crate) type TaskId = u64;

pub(crate) const SECOND: Millis = 1_000;
pub(crate) const MINUTE: Millis = 60 * SECOND;
pub(crate) const HOUR: Millis = 60 * MINUTE;

/// The handle that every port holds.
#[derive(Debug, Clone)]
pub(crate) struct World(Arc<Mutex<Core>>);

/// What happens at a time.
#[derive(Debug, Clone)]
pub(crate) enum What {
    Wake(TaskId),
    /// The function's time-out.
    Kill(TaskId),
    Deliver(QueueName, u64, u32),
    /// A call that the client may have given up on reaches EC2.
    Apply(u64),
    /// EventBridge delivers a record, under this envelope id.
    Event(usize, u64),
    Act(Act),
    Tick,
    Present,
    Reconcile,
}

#[derive(Debug)]
struct Entry {
    at: Millis,
    tie: u32,
    seq: u64,
    what: What,
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.seq == other.seq
    }
}
impl Eq for Entry {}
impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Entry {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.tie, self.seq).cmp(&(other.at, other.tie, other.seq))
    }
}

/// A job that the sweep is started for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Job {
    Tick,
    Present,
    Reconcile,
}

/// An invocation that is to be started.
#[derive(Debug, Clone)]
pub(crate) enum Start {
    Message(QueueName, u64),
    Sweep(Job),
    Person(Act),
}

/// A running invocation.
#[derive(Debug)]
pub(crate) struct Invocation {
    pub(crate) who: &'static str,
    /// What it works on, for traces: a message.
    pub(crate) message: Option<(QueueName, u64)>,
    pub(crate) yields: u32,
    /// It dies at this yield point.
    pub(crate) crash_at: Option<u32>,
    /// It sleeps for ever from this yield point on.
    pub(crate) hang_at: Option<u32>,
    pub(crate) crashed: bool,
    pub(crate) skew: Millis,
}

/// One line of a run's story.
#[derive(Debug, Clone)]
pub struct Line {
    pub at: Millis,
    pub text: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Such as `I4`.
    pub invariant: &'static str,
    pub what: String,
    /// What lines of the trace are about it: a finding, a line of a group.
    pub about: Vec<String>,
    pub at: Millis,
}

pub(crate) struct Core {
    pub(crate) now: Millis,
    pub(crate) rng: Rng,
    agenda: BinaryHeap<Reverse<Entry>>,
    seq: u64,
    pub(crate) faults: Faults,
    pub(crate) fired: BTreeMap<Fault, u64>,
    /// Faults are over: the run comes to rest.
    pub(crate) calm: bool,
    pub(crate) variant: Variant,
    pub(crate) script: Script,
    pub(crate) live: BTreeMap<TaskId, Invocation>,
    pub(crate) current: TaskId,
    pub(crate) starts: Vec<Start>,
    pub(crate) table: Table,
    pub(crate) queues: Queues,
    pub(crate) ec2: Ec2,
    pub(crate) trail: Trail,
    pub(crate) channels: Channels,
    pub(crate) oracle: Oracle,
    pub(crate) violations: Vec<Violation>,
    pub(crate) hash: u64,
    /// Kept when somebody wants to read it.
    pub(crate) trace: Option<Vec<Line>>,
    /// The invocation of this function that comes after so many others dies at this yield point.
    pub(crate) planned_crash: Option<(&'static str, u32, u32)>,
    /// EventBridge loses everything.
    pub(crate) deaf: bool,
    /// Records that EventBridge has and did not deliver yet.
    pub(crate) coming: usize,
    /// How much was written and changed when the last sweep of present state began that came through.
    pub(crate) swept: Option<(u64, u64, usize)>,
}

impl std::fmt::Debug for Core {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Core").field("now", &self.now).finish_non_exhaustive()
    }
}

impl Core {
    pub(crate) fn new(mut rng: Rng, faults: Faults, variant: Variant, traced: bool) -> Self {
        let start = super::script::START;
        let ec2 = Ec2::new(&mut rng, &variant, start);
        let script = Script::swarm(&mut rng, &faults);
        Self {
            now: start,
            rng,
            agenda: BinaryHeap::new(),
            seq: 0,
            faults,
            fired: BTreeMap::new(),
            calm: false,
            variant,
            script,
            live: BTreeMap::new(),
            current: 0,
            starts: Vec::new(),
            table: Table::default(),
            queues: Queues::default(),
            ec2,
            trail: Trail::default(),
            channels: Channels::default(),
            oracle: Oracle::default(),
            violations: Vec::new(),
            hash: 0xcbf2_9ce4_8422_2325,
            trace: traced.then(Vec::new),
            planned_crash: None,
            deaf: false,
            coming: 0,
            swept: None,
        }
    }

    pub(crate) fn at(&mut self, at: Millis, what: What) {
        self.seq += 1;
        let (seq, tie) = (self.seq, self.rng.u32(..));
        self.agenda.push(Reverse(Entry { at: at.max(self.now), tie, seq, what }));
    }

    pub(crate) fn after(&mut self, wait: Millis, what: What) {
        self.at(self.now + wait, what);
    }

    /// The next thing that happens, if it happens by then.
    pub(crate) fn next(&mut self, by: Millis) -> Option<What> {
        if self.agenda.peek().is_none_or(|Reverse(entry)| entry.at > by) {
            return None;
        }
        let Reverse(entry) = self.agenda.pop()?;
        self.now = self.now.max(entry.at);
        Some(entry.what)
    }

    /// Does this fault happen now? The draw is made in any case.
    pub(crate) fn fires(&mut self, fault: Fault) -> bool {
        let drawn = self.rng.u16(0..1_000);
        if self.calm || drawn >= self.faults.rate(fault) {
            return false;
        }
        self.happened(fault);
        true
    }

    pub(crate) fn happened(&mut self, fault: Fault) {
        *self.fired.entry(fault).or_default() += 1;
        self.tell(|_| format!("fault {}", fault.word()));
    }

    /// One in so many.
    pub(crate) fn one_in(&mut self, many: u32) -> bool {
        self.rng.u32(0..many.max(1)) == 0
    }

    pub(crate) fn pick<T: Clone>(&mut self, among: &[T]) -> Option<T> {
        if among.is_empty() { None } else { among.get(self.rng.usize(0..among.len())).cloned() }
    }

    /// What this clock says.
    pub(crate) fn time(&self) -> Timestamp {
        stamp(self.now)
    }

    /// Mixes into the run's hash: two runs of one seed are the same run.
    pub(crate) fn mix(&mut self, text: &str) {
        let now = self.now;
        for byte in now.to_le_bytes().iter().chain(text.as_bytes()) {
            self.hash = (self.hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    /// A line of the story. Cheap when nobody reads it: call with what is at hand.
    pub(crate) fn say(&mut self, text: &str) {
        self.mix(text);
        self.write_down(text);
    }

    fn write_down(&mut self, text: &str) {
        if self.trace.is_none() {
            return;
        }
        let who = match self.live.get(&self.current) {
            Some(invocation) => format!("{}#{}", invocation.who, self.current),
            None => "world".to_owned(),
        };
        let at = self.now;
        if let Some(trace) = &mut self.trace {
            let mut line = String::new();
            // Writing to a text does not fail.
            let _ = write!(line, "{} {who:<14} {text}", stamp(at));
            trace.push(Line { at, text: line });
        }
    }

    /// As [`Self::say`], for what costs something to put into words.
    pub(crate) fn tell(&mut self, text: impl FnOnce(&Self) -> String) {
        if self.trace.is_some() {
            let text = text(self);
            self.write_down(&text);
        }
    }

    pub(crate) fn violated(&mut self, invariant: &'static str, what: String, about: Vec<String>) {
        self.say(&format!("VIOLATED {invariant}: {what}"));
        self.violations.push(Violation { invariant, what, about, at: self.now });
    }

    /// How long a port call takes to reach the other side, or its answer to come back.
    fn latency(&mut self) -> Millis {
        let usual = self.rng.i64(1..40);
        if self.fires(Fault::Slow) { self.rng.i64(500..9_000) } else { usual }
    }

    /// The invocation reaches a yield point: when it goes on. `None`: it does not.
    fn yielded(&mut self, wait: Option<Millis>) -> Option<Millis> {
        let latency = self.latency();
        let task = self.current;
        let invocation = self.live.get_mut(&task)?;
        invocation.yields += 1;
        if invocation.crash_at.is_some_and(|at| invocation.yields >= at) {
            invocation.crashed = true;
            return None;
        }
        if invocation.hang_at.is_some_and(|at| invocation.yields >= at) {
            return None;
        }
        let at = self.now + wait.unwrap_or(latency);
        self.at(at, What::Wake(task));
        Some(at)
    }
}

pub(crate) fn stamp(at: Millis) -> Timestamp {
    Timestamp::from_millisecond(at).unwrap_or(Timestamp::UNIX_EPOCH)
}

impl World {
    pub(crate) fn new(core: Core) -> Self {
        Self(Arc::new(Mutex::new(core)))
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Core> {
        lock(&self.0)
    }

    /// Waits so long, or as long as a call takes.
    pub(crate) fn wait(&self, wait: Option<Millis>) -> Wait {
        Wait { world: self.clone(), asked: wait, until: None }
    }

    /// A port call: it reaches the other side a while after it was made, and is answered a while after that. Who dies
    /// in the first while did nothing, in the second did it and does not know.
    pub(crate) async fn call<T>(&self, apply: impl FnOnce(&mut Core) -> T + Send) -> T {
        self.wait(None).await;
        let answer = apply(&mut self.lock());
        self.wait(None).await;
        answer
    }
}

/// A yield point.
#[derive(Debug)]
pub(crate) struct Wait {
    world: World,
    asked: Option<Millis>,
    until: Option<Millis>,
}

impl Future for Wait {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        let world = self.world.clone();
        let mut core = world.lock();
        match self.until {
            Some(until) if core.now >= until => Poll::Ready(()),
            Some(_) => Poll::Pending,
            None => {
                self.until = Some(core.yielded(self.asked).unwrap_or(Millis::MAX));
                Poll::Pending
            }
        }
    }
}
