//! One guard over ports in memory, with the shipped rules.
#![allow(
    dead_code,
    unreachable_pub,
    unused_imports,
    clippy::allow_attributes,
    reason = "each test file uses the part of the world it needs"
)]

mod events;

pub use events::{
    another_world, by, envelope, event_id, group_id, ipv4_world, line, opening, own_call, record,
};

use engine::{
    Attr, Desk, Doorbell, Effect, Evaluate, EvaluateError, Fate, FindingRecord, Guarded, Key, Ledger as _,
    Meter, Notify, Outcome, Person, Persons, Place, Reach, Revert, RevertError, Sweep, SweepError,
};
use events::root;
use jiff::{SignedDuration, Timestamp};
use model::{FindingId, Opening, SecurityGroup, State, Timing, WorkerId};
use rules::{Config, RuleBook, RuleFile};
use serde_json::Value;
use sim::{Account, Crowd, ManualClock, MemoryLedger, MemoryQueue, MemoryTrail};
use std::collections::BTreeMap;
use std::pin::pin;
use std::sync::{Arc, LazyLock, Mutex};
use std::task::{Context, Poll, Waker};

pub const GROUP: &str = "sg-0aa11bb22cc33dd44";
pub const WORLD_RULE: &str = "sgr-0a1b2c3d4e5f60718";
pub const ACTING_ROLE: &str = "arn:aws:iam::111122223333:role/gardefou/acting";
pub const ACCOUNT: &str = "111122223333";

pub type MemoryDesk = Desk<MemoryLedger, MemoryQueue, ManualClock>;
pub type MemorySweep = Sweep<MemoryLedger, MemoryQueue, ManualClock, Account, Account, MemoryTrail>;

pub struct World {
    pub ledger: MemoryLedger,
    pub queue: MemoryQueue,
    pub clock: ManualClock,
    pub account: Account,
    pub crowd: Crowd,
    pub trail: MemoryTrail,
    pub meter: Meter,
    pub config: String,
    /// A user's own rule beside the shipped ones.
    pub own_rule: Option<RuleFile>,
}

/// The ports in memory never wait, so one poll is all it takes.
pub fn now<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("a port in memory waits"),
    }
}

/// The packs that these tests speak of.
fn shipped() -> &'static [RuleFile] {
    static FILES: LazyLock<Vec<RuleFile>> = LazyLock::new(|| {
        let packs = ["rules/network", "rules/data"].map(|pack| std::fs::read_dir(root().join(pack)).unwrap());
        let read = |rule: std::io::Result<std::fs::DirEntry>| {
            let folder = rule.unwrap().path();
            let rule_yaml = std::fs::read_to_string(folder.join("rule.yaml")).unwrap();
            RuleFile { rule_yaml, path: folder.display().to_string(), cases_yaml: None }
        };
        packs.into_iter().flatten().map(read).collect()
    });
    &FILES
}

pub fn group(id: &str, lines: Vec<Opening>) -> SecurityGroup {
    SecurityGroup {
        group: id.parse().unwrap(),
        name: "web".into(),
        tags: BTreeMap::new(),
        lines,
        prefix_lists: BTreeMap::new(),
        uses: None,
    }
}

fn guarded(config: &str, own_rule: Option<&RuleFile>) -> Arc<Guarded> {
    let config = Config::read(config).unwrap();
    let (rules, problems) = RuleBook::trust(shipped().iter().cloned().chain(own_rule.cloned()), &config);
    assert!(problems.is_empty(), "{problems:?}");
    let region = "eu-west-3".parse().unwrap();
    Arc::new(Guarded { rules, config, region, acting_role: ACTING_ROLE.to_owned() })
}

pub fn person(name: &str) -> Person {
    Person { name: name.to_owned() }
}

impl World {
    /// Accounts allow `mode`; half an hour after the recorded events; the group holds what `ipv4-world.json` added
    /// and one legitimate line.
    pub fn allowing(mode: &str) -> Self {
        let account = Account::default();
        let lines = vec![line(WORLD_RULE, 22, "0.0.0.0/0"), line("sgr-0fff", 443, "198.51.100.0/24")];
        account.put(group(GROUP, lines));
        let start: Timestamp = "2026-11-20T10:00:00Z".parse().unwrap();
        Self {
            ledger: MemoryLedger::default(),
            queue: MemoryQueue::default(),
            clock: ManualClock::at(start),
            account,
            crowd: Crowd::of(&["slack", "sns"]),
            trail: MemoryTrail::default(),
            meter: Meter::default(),
            config: format!("mode: {mode}\n"),
            own_rule: None,
        }
    }

    pub fn desk(&self) -> MemoryDesk {
        Desk {
            ledger: self.ledger.clone(),
            queue: self.queue.clone(),
            clock: self.clock.clone(),
            timing: Timing::default(),
            meter: self.meter.clone(),
        }
    }

    pub fn guarded(&self) -> Arc<Guarded> {
        /// By configuration and own rule: a rule book takes longer to read than a test to run.
        static READ: Mutex<BTreeMap<(String, String), Arc<Guarded>>> = Mutex::new(BTreeMap::new());
        let own = self.own_rule.as_ref().map(|rule| rule.rule_yaml.clone()).unwrap_or_default();
        let mut read = READ.lock().unwrap();
        let known = read
            .entry((self.config.clone(), own))
            .or_insert_with(|| guarded(&self.config, self.own_rule.as_ref()));
        known.clone()
    }

    pub fn evaluate(&self, envelope: &Value) -> Result<Fate, EvaluateError> {
        now(Evaluate { desk: self.desk(), guarded: self.guarded() }.message(envelope.to_string().as_bytes()))
    }

    pub fn revert(&self, doorbell: &Doorbell) -> Result<Outcome, RevertError> {
        self.revert_as("worker", doorbell)
    }

    pub fn revert_as(&self, worker: &str, doorbell: &Doorbell) -> Result<Outcome, RevertError> {
        let (observer, hands) = (self.account.clone(), self.account.clone());
        let function = Revert { desk: self.desk(), observer, hands, guarded: self.guarded() };
        now(function.doorbell(doorbell, &WorkerId(worker.to_owned())))
    }

    pub fn sweep(&self) -> MemorySweep {
        Sweep {
            evaluate: Evaluate { desk: self.desk(), guarded: self.guarded() },
            observer: self.account.clone(),
            inventory: self.account.clone(),
            trail: self.trail.clone(),
            places: vec![Place { account: ACCOUNT.parse().unwrap() }],
        }
    }

    /// The sweep of every minute, with all the time it wants.
    pub fn tick(&self) {
        now(self.sweep().tick(Timestamp::MAX)).unwrap();
    }

    pub fn present(&self) -> bool {
        now(self.sweep().present(Reach::All, Timestamp::MAX)).unwrap()
    }

    pub fn reconcile(&self) -> Result<Option<engine::Coverage>, SweepError> {
        now(self.sweep().reconcile(Timestamp::MAX))
    }

    pub fn persons(&self) -> Persons<MemoryLedger, MemoryQueue, ManualClock> {
        Persons { desk: self.desk(), caps: self.guarded().config.breaker }
    }

    /// Works off the notify queue.
    pub fn tell(&self) {
        for rung in self.queue.take(Effect::Notify) {
            now(self.notify().doorbell(&rung.doorbell)).unwrap();
        }
    }

    pub fn later(&self, after: SignedDuration) {
        self.clock.advance(after);
    }

    pub fn after_minutes(&self, minutes: i64) {
        self.clock.advance(SignedDuration::from_mins(minutes));
    }

    pub fn after_days(&self, days: i64) {
        self.clock.advance(SignedDuration::from_hours(24 * days));
    }

    pub fn time(&self) -> Timestamp {
        self.desk().now()
    }

    /// So many days from now.
    pub fn in_days(&self, days: i64) -> Timestamp {
        self.time().checked_add(SignedDuration::from_hours(24 * days)).unwrap()
    }

    pub fn find(&self, id: &FindingId) -> FindingRecord {
        now(self.desk().find(id)).unwrap().unwrap()
    }

    /// The state of a finding, as timelines say it.
    pub fn label(&self, id: &FindingId) -> String {
        self.find(id).life.state.label()
    }

    /// The only finding's, as timelines say it.
    pub fn stands_at(&self) -> String {
        self.only().life.state.label()
    }

    /// Changes the group of these tests.
    pub fn with_group(&self, change: impl FnOnce(&mut SecurityGroup)) {
        let mut group = self.account.group(&GROUP.parse().unwrap()).unwrap();
        change(&mut group);
        self.account.put(group);
    }

    pub fn approve(&self) -> FindingRecord {
        let FindingRecord { finding, life, .. } = self.only();
        now(self.persons().approve(&finding.id, life.version, &person("claire"))).unwrap()
    }

    /// One claim by a worker, as a doorbell brings it.
    pub fn ring(&self, id: &FindingId) -> Outcome {
        let finding = id.clone();
        self.revert(&Doorbell { finding, version: 0, effect: Effect::Revert }).unwrap()
    }

    pub fn notify(&self) -> Notify<MemoryLedger, MemoryQueue, ManualClock, Crowd> {
        Notify { desk: self.desk(), audience: self.crowd.clone(), back_off: SignedDuration::from_secs(10) }
    }

    /// Works off the revert queue, doorbells and those that come back, each when it is due; until nothing is rung.
    pub fn settle(&self) {
        for _ in 0..100 {
            let rung = self.queue.take(Effect::Revert);
            if rung.is_empty() {
                return;
            }
            for bell in rung {
                self.clock.advance(bell.delay);
                for _ in 0..20 {
                    match self.revert(&bell.doorbell) {
                        Ok(Outcome::Done) => break,
                        Ok(Outcome::Later(after)) => self.clock.advance(after),
                        Err(_) => self.clock.advance(SignedDuration::from_secs(360)),
                    }
                }
            }
        }
        panic!("the revert queue never empties");
    }

    pub fn findings(&self) -> Vec<FindingRecord> {
        let items = self.ledger.starting("F#").into_iter().filter(|(key, _)| key.sk == "S");
        items.map(|(_, item)| FindingRecord::try_from(&item).unwrap()).collect()
    }

    pub fn only(&self) -> FindingRecord {
        let mut findings = self.findings();
        assert_eq!(findings.len(), 1);
        findings.remove(0)
    }

    pub fn state(&self) -> State {
        self.only().life.state
    }

    /// The labels of the only finding's history, in order; asserts that no version is missing and the chain holds.
    pub fn history(&self) -> Vec<String> {
        let id: FindingId = self.only().finding.id;
        let lines =
            self.ledger.starting(&format!("F#{id}")).into_iter().filter(|(key, _)| key.sk.starts_with("H#"));
        let mut previous = Attr::S(String::new());
        lines
            .zip(1..)
            .map(|((key, item), version)| {
                assert_eq!(key.sk, format!("H#{version:08}"));
                assert_eq!(item["prev_hash"], previous);
                previous = item["hash"].clone();
                match &item["to"] {
                    Attr::S(label) => label.clone(),
                    other => panic!("{other:?}"),
                }
            })
            .collect()
    }

    pub fn lines(&self) -> Vec<String> {
        let group = self.account.group(&GROUP.parse().unwrap()).unwrap();
        group.lines.iter().map(|line| line.rule.as_ref().unwrap().to_string()).collect()
    }

    pub fn kill_switch(&self, on: bool) {
        self.ledger.put(Key::kill_switch(), [("on".to_owned(), Attr::Bool(on))].into());
    }

    pub fn exists(&self, key: &Key) -> bool {
        now(self.ledger.read(key)).unwrap().is_some()
    }
}
