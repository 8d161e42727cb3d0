//! The production handlers, each invocation over the ports of its run.

use super::calls::SimAccounts;
use super::channels::SimCrowd;
use super::core::{Job, MINUTE, Millis, TaskId, What, World, stamp};
use super::queues::{QueueName, SimQueue};
use super::script::Act;
use super::table::SimLedger;
use super::trail::SimTrail;
use super::variant::ACCOUNTS;
use engine::{Clock, Desk, Evaluate, Meter, Notify, Outcome, Person, Persons, Place, Reach, Revert, Sweep};
use jiff::{SignedDuration, Timestamp};
use model::planted::{self, Bug};
use model::{Timing, WorkerId};

/// The clock of one invocation: a little off.
#[derive(Debug, Clone)]
struct SimClock {
    world: World,
    skew: Millis,
}

impl Clock for SimClock {
    fn now(&self) -> Timestamp {
        stamp(self.world.lock().now + self.skew)
    }
}

type SimDesk = Desk<SimLedger, SimQueue, SimClock>;
/// The production handlers over the ports of a run.
pub(crate) struct Handlers {
    pub(crate) world: World,
    pub(crate) skew: Millis,
    pub(crate) task: TaskId,
}

impl Handlers {
    fn desk(&self) -> SimDesk {
        let usual = Timing::default();
        let timing = if planted::is(Bug::ShortLease) {
            Timing { lease: SignedDuration::from_secs(30), arm_left: SignedDuration::from_secs(5), ..usual }
        } else {
            usual
        };
        Desk {
            ledger: SimLedger(self.world.clone()),
            queue: SimQueue(self.world.clone()),
            clock: SimClock { world: self.world.clone(), skew: self.skew },
            timing,
            meter: Meter::default(),
        }
    }

    fn evaluate(&self) -> Evaluate<SimLedger, SimQueue, SimClock> {
        Evaluate { desk: self.desk(), guarded: self.world.lock().variant.guarded.clone() }
    }

    pub(crate) async fn event(self, queue: QueueName, id: u64, bytes: &[u8], at: Option<usize>) {
        let fate = self.evaluate().message(bytes).await;
        let mut core = self.world.lock();
        core.tell(|_| format!("fate {fate:?}"));
        core.fate(at, fate.as_ref().ok().copied());
        core.handled(queue, id, fate.ok().map(|_| Outcome::Done));
    }

    pub(crate) async fn bell(self, queue: QueueName, id: u64, bell: engine::Doorbell) {
        let outcome = if queue == QueueName::Revert {
            let accounts = SimAccounts(self.world.clone());
            let guarded = self.world.lock().variant.guarded.clone();
            let revert = Revert { desk: self.desk(), observer: accounts.clone(), hands: accounts, guarded };
            let outcome = revert.doorbell(&bell, &WorkerId(format!("worker-{}", self.task))).await;
            outcome.map_err(|error| error.to_string())
        } else {
            let back_off = SignedDuration::from_secs(10);
            let notify = Notify { desk: self.desk(), audience: SimCrowd(self.world.clone()), back_off };
            notify.doorbell(&bell).await.map_err(|error| error.to_string())
        };
        let mut core = self.world.lock();
        core.tell(|_| format!("outcome {outcome:?}"));
        if queue == QueueName::Notify && outcome.is_err() {
            *core.channels.disturbed.entry(bell.finding.clone()).or_default() += 1;
        }
        core.handled(queue, id, outcome.ok());
    }

    pub(crate) async fn sweep(self, job: Job) {
        let accounts = SimAccounts(self.world.clone());
        let places =
            ACCOUNTS.iter().filter_map(|account| Some(Place { account: account.parse().ok()? })).collect();
        let trail = SimTrail(self.world.clone());
        let evaluate = self.evaluate();
        let before = self.world.lock().seen();
        let sweep = Sweep { evaluate, observer: accounts.clone(), inventory: accounts, trail, places };
        let clock = SimClock { world: self.world.clone(), skew: self.skew };
        let until = clock.now().checked_add(SignedDuration::from_secs(240)).unwrap_or(Timestamp::MAX);
        let done = match job {
            Job::Tick => sweep.tick(until).await.map(|()| true),
            Job::Present => sweep.present(Reach::All, until).await,
            Job::Reconcile => sweep.reconcile(until).await.map(|done| done.is_some()),
        };
        let mut core = self.world.lock();
        core.tell(|_| format!("sweep {job:?}: {done:?}"));
        match (job, done) {
            (Job::Present, Ok(true)) => core.swept = Some(before),
            // It is started again, as the next night would.
            (Job::Reconcile, Ok(false) | Err(_)) => core.after(MINUTE, What::Reconcile),
            _ => {}
        }
    }

    pub(crate) async fn person(self, act: Act) {
        let caps = self.world.lock().variant.guarded.config.breaker;
        let persons = Persons { desk: self.desk(), caps };
        let by = Person { name: "olga".to_owned() };
        let now = persons.desk.now();
        let chosen = {
            let mut core = self.world.lock();
            core.chosen(&act).map(|(id, version)| {
                let (minutes, days) = (core.rng.i64(3..90), core.rng.i64(1..11));
                let until = if core.one_in(4) { minutes * 60 + days * 86_400 } else { minutes * 60 };
                (id, version, now.checked_add(SignedDuration::from_secs(until)).unwrap_or(now))
            })
        };
        let told = match (&act, chosen) {
            (Act::Kill(on), _) => {
                let done = persons.kill_switch(*on, &by, "we look into it").await;
                if done.is_err() && !on {
                    // Nobody forgets to switch it off again.
                    self.world.lock().after(MINUTE, What::Act(Act::Kill(false)));
                }
                done.map(|()| None)
            }
            (Act::Approve { .. }, Some((id, version, _))) => {
                persons.approve(&id, version, &by).await.map(Some)
            }
            (Act::Waive(_), Some((id, _, until))) => persons.waive(&id, until, &by, "a demo").await.map(Some),
            (Act::Acknowledge, Some((id, _, until))) => persons.acknowledge(&id, until, &by).await.map(Some),
            (Act::Close, Some((id, ..))) => persons.close(&id, &by, "it is meant").await.map(Some),
            (Act::Undo(_), Some((id, _, until))) => {
                persons.undo(&id, until, &by, "it broke us").await.map(Some)
            }
            _ => return,
        };
        self.world.lock().tell(|_| match told {
            Ok(_) => format!("{act:?}: done"),
            Err(error) => format!("{act:?}: {error}"),
        });
    }
}
