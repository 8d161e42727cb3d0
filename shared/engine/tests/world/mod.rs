//! One guard over ports in memory, with the shipped rules.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::allow_attributes,
    reason = "each test file uses the part of the world it needs"
)]

use engine::{
    Attr, Desk, Doorbell, Effect, Evaluate, EvaluateError, Fate, FindingRecord, Guarded, Key, Ledger as _,
    Meter, Notify, Outcome, Revert, RevertError,
};
use jiff::{SignedDuration, Timestamp};
use model::{Direction, FindingId, Opening, Ports, SecurityGroup, State, Timing, Traffic, WorkerId};
use rules::{Config, RuleBook, RuleFile};
use serde_json::{Value, json};
use sim::{Account, Crowd, ManualClock, MemoryLedger, MemoryQueue};
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::{Arc, LazyLock};
use std::task::{Context, Poll, Waker};

pub const GROUP: &str = "sg-0aa11bb22cc33dd44";
pub const WORLD_RULE: &str = "sgr-0a1b2c3d4e5f60718";
pub const ACTING_ROLE: &str = "arn:aws:iam::111122223333:role/gardefou/acting";
const IPV4_WORLD: &str = "ec2/AuthorizeSecurityGroupIngress/ipv4-world.json";

type MemoryDesk = Desk<MemoryLedger, MemoryQueue, ManualClock>;

pub struct World {
    pub ledger: MemoryLedger,
    pub queue: MemoryQueue,
    pub clock: ManualClock,
    pub account: Account,
    pub crowd: Crowd,
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

fn root() -> PathBuf {
    Path::new(&std::env::var_os("CARGO_MANIFEST_DIR").unwrap()).join("../..")
}

pub fn record(path: &str) -> Value {
    serde_json::from_str(&std::fs::read_to_string(root().join("events").join(path)).unwrap()).unwrap()
}

/// As EventBridge delivers a record.
pub fn envelope(record: &Value) -> Value {
    json!({
        "version": "0",
        "id": "11111111-2222-3333-4444-555555555555",
        "detail-type": "AWS API Call via CloudTrail",
        "source": format!("aws.{}", record["eventSource"].as_str().unwrap().split('.').next().unwrap()),
        "account": record["recipientAccountId"],
        "time": record["eventTime"],
        "region": record["awsRegion"],
        "resources": [],
        "detail": record,
    })
}

pub fn ipv4_world() -> Value {
    envelope(&record(IPV4_WORLD))
}

/// The same call with another event id, rule id and account.
pub fn another_world(number: u32, account: &str) -> Value {
    let mut record = record(IPV4_WORLD);
    record["eventID"] = json!(format!("c3819789-6ccb-4cbf-a56e-{number:012}"));
    record["recipientAccountId"] = json!(account);
    record["responseElements"]["securityGroupRuleSet"]["items"][0]["securityGroupRuleId"] =
        json!(format!("sgr-{number:017}"));
    record["responseElements"]["securityGroupRuleSet"]["items"][0]["groupId"] =
        json!(format!("sg-{number:017}"));
    envelope(&record)
}

pub fn line(rule: &str, port: u16, net: &str) -> Opening {
    Opening {
        rule: Some(rule.parse().unwrap()),
        direction: Direction::Ingress,
        traffic: Traffic::Tcp(Ports::new(port, port).unwrap()),
        source: model::Source::Net(net.parse().unwrap()),
        description: None,
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

impl World {
    /// Accounts allow `mode`; half an hour after the recorded events; the group holds what `ipv4-world.json` added
    /// and one legitimate line.
    pub fn allowing(mode: &str) -> Self {
        let account = Account::default();
        account.put(SecurityGroup {
            group: GROUP.parse().unwrap(),
            name: "web".into(),
            tags: std::collections::BTreeMap::new(),
            lines: vec![line(WORLD_RULE, 22, "0.0.0.0/0"), line("sgr-0fff", 443, "198.51.100.0/24")],
            prefix_lists: std::collections::BTreeMap::new(),
            uses: None,
        });
        let start: Timestamp = "2026-11-20T10:00:00Z".parse().unwrap();
        Self {
            ledger: MemoryLedger::default(),
            queue: MemoryQueue::default(),
            clock: ManualClock::at(start),
            account,
            crowd: Crowd::of(&["slack", "sns"]),
            config: format!("mode: {mode}\n"),
            own_rule: None,
        }
    }

    fn rules(&self, config: &Config) -> RuleBook {
        let (book, problems) =
            RuleBook::trust(shipped().iter().cloned().chain(self.own_rule.clone()), config);
        assert!(problems.is_empty(), "{problems:?}");
        book
    }

    fn desk(&self) -> MemoryDesk {
        Desk {
            ledger: self.ledger.clone(),
            queue: self.queue.clone(),
            clock: self.clock.clone(),
            timing: Timing::default(),
            meter: Meter::default(),
        }
    }

    fn guarded(&self) -> Arc<Guarded> {
        let config = Config::read(&self.config).unwrap();
        Arc::new(Guarded {
            rules: self.rules(&config),
            config,
            region: "eu-west-3".parse().unwrap(),
            acting_role: ACTING_ROLE.to_owned(),
        })
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
