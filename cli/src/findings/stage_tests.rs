//! A guard over ports in memory, with one rule, and the commands of people typed at it.

use crate::bells::Bells;
use crate::office::Office;
use crate::streams::Written;
use engine::{Desk, Effect, Evaluate, Fate, FindingRecord, Guarded, Meter, Outcome, Person, Persons, Revert};
use jiff::{SignedDuration, Timestamp};
use model::{SecurityGroup, Timing, WorkerId};
use rules::{Config, RuleBook, RuleFile};
use serde_json::{Value, json};
use sim::{Account, ManualClock, MemoryLedger, MemoryQueue};
use std::collections::BTreeMap;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

pub(crate) const ACCOUNT: &str = "111122223333";
pub(crate) const ALICE: &str = "arn:aws:iam::111122223333:user/alice";
pub(crate) const BOB: &str = "arn:aws:iam::111122223333:user/bob";

const RULE: &str = r"
id: ssh-open
title: SSH opened to the internet
severity: critical
mode: revert
revert: security-group-rules
what: A security group lets the internet reach port 22.
why: One weak key is enough.
instead: Use Session Manager.
misses: Nothing here.
events:
  ec2.amazonaws.com: [AuthorizeSecurityGroupIngress, ModifySecurityGroupRules]
each: openings
when: opening.ingress && opening.exposes('tcp', 22)
message: 'port 22 of {{ change.resource }} opened to {{ opening.source }} by {{ change.actor.name }}'
";

/// The same for a port that matters less, and is only told.
const WEB: &str = r"
id: web-open
title: Web opened to the internet
severity: low
mode: notify
what: A security group lets the internet reach port 443.
why: Somebody should know.
instead: Put a load balancer in front.
misses: Nothing here.
events:
  ec2.amazonaws.com: [AuthorizeSecurityGroupIngress]
each: openings
when: opening.ingress && opening.exposes('tcp', 443)
message: 'port 443 of {{ change.resource }} opened to {{ opening.source }}'
";

type MemoryOffice = Office<MemoryLedger, MemoryQueue, ManualClock>;

pub(crate) struct World {
    pub(crate) ledger: MemoryLedger,
    pub(crate) queue: MemoryQueue,
    pub(crate) clock: ManualClock,
    pub(crate) account: Account,
    config: String,
}

/// The ports in memory never wait, so one poll is all it takes.
pub(crate) fn now<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("a port in memory waits"),
    }
}

impl World {
    /// Half an hour after the recorded calls.
    pub(crate) fn allowing(mode: &str) -> Self {
        let start: Timestamp = "2026-03-01T12:30:00Z".parse().unwrap();
        Self {
            ledger: MemoryLedger::default(),
            queue: MemoryQueue::default(),
            clock: ManualClock::at(start),
            account: Account::default(),
            config: format!("mode: {mode}\n"),
        }
    }

    fn desk(&self) -> Desk<MemoryLedger, MemoryQueue, ManualClock> {
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
        let file = |name: &str, text: &str| RuleFile {
            path: format!("rules/network/{name}"),
            rule_yaml: text.to_owned(),
            cases_yaml: None,
        };
        let (rules, problems) = RuleBook::trust([file("ssh-open", RULE), file("web-open", WEB)], &config);
        assert!(problems.is_empty(), "{problems:?}");
        let acting_role = "arn:aws:iam::111122223333:role/gardefou/acting".to_owned();
        Arc::new(Guarded { rules, config, region: "eu-west-3".parse().unwrap(), acting_role })
    }

    /// A call as CloudTrail records it reaches the guard, and the group holds what it added.
    pub(crate) fn happens(&self, record: &Value) -> FindingRecord {
        let lines = record["responseElements"]["securityGroupRuleSet"]["items"].as_array().unwrap();
        let group = lines[0]["groupId"].as_str().unwrap().parse().unwrap();
        let opening = |line: &Value| {
            let port = u16::try_from(line["fromPort"].as_u64().unwrap()).unwrap();
            model::Opening {
                rule: Some(line["securityGroupRuleId"].as_str().unwrap().parse().unwrap()),
                direction: model::Direction::Ingress,
                traffic: model::Traffic::Tcp(model::Ports::new(port, port).unwrap()),
                source: model::Source::Net(line["cidrIpv4"].as_str().unwrap().parse().unwrap()),
                description: None,
            }
        };
        self.account.put(SecurityGroup {
            group,
            name: "web".into(),
            tags: BTreeMap::new(),
            lines: lines.iter().map(opening).collect(),
            prefix_lists: BTreeMap::new(),
            uses: None,
        });
        let before: Vec<_> = self.records().into_iter().map(|record| record.finding.id).collect();
        let evaluate = Evaluate { desk: self.desk(), guarded: self.guarded() };
        let fate = now(evaluate.message(envelope(record).to_string().as_bytes())).unwrap();
        assert_eq!(fate, Fate::Violating);
        self.settle();
        self.records().into_iter().find(|record| !before.contains(&record.finding.id)).unwrap()
    }

    /// Works off the revert queue until nothing is rung.
    pub(crate) fn settle(&self) {
        loop {
            let rung = self.queue.take(Effect::Revert);
            if rung.is_empty() {
                return;
            }
            for bell in rung {
                self.clock.advance(bell.delay);
                let (observer, hands) = (self.account.clone(), self.account.clone());
                let revert = Revert { desk: self.desk(), observer, hands, guarded: self.guarded() };
                let worker = WorkerId("worker".to_owned());
                while let Outcome::Later(after) = now(revert.doorbell(&bell.doorbell, &worker)).unwrap() {
                    self.clock.advance(after);
                }
            }
        }
    }

    pub(crate) fn records(&self) -> Vec<FindingRecord> {
        let items = self.ledger.starting("F#").into_iter().filter(|(key, _)| key.sk == "S");
        items.map(|(_, item)| FindingRecord::try_from(&item).unwrap()).collect()
    }

    pub(crate) fn record(&self, of: &FindingRecord) -> FindingRecord {
        self.records().into_iter().find(|record| record.finding.id == of.finding.id).unwrap()
    }

    pub(crate) fn minutes_pass(&self, minutes: i64) {
        self.clock.advance(SignedDuration::from_mins(minutes));
    }

    pub(crate) fn office(&self) -> MemoryOffice {
        let Desk { ledger, queue, clock, timing, meter } = self.desk();
        let desk = Desk { ledger, queue: Bells::new(queue), clock, timing, meter };
        Office { persons: Persons { desk, caps: rules::Breaker::default() }, again: String::new() }
    }

    /// What `work` writes, and how it ends.
    pub(crate) fn writes<T>(
        &self,
        work: impl AsyncFnOnce(&MemoryOffice, &mut crate::streams::Streams) -> T,
    ) -> (T, String) {
        let written = Written::default();
        let mut streams = written.streams();
        let done = now(work(&self.office(), &mut streams));
        streams.flush().unwrap();
        (done, written.take())
    }
}

pub(crate) fn person(arn: &str) -> Person {
    Person { name: arn.to_owned() }
}

/// The record of alice's call that opens `port` of a group; `n` tells it from others.
pub(crate) fn opens(n: u8, port: u16, cidrs: &[&str]) -> Value {
    let line = |(at, cidr): (usize, &&str)| {
        json!({"groupId": format!("sg-0{n:02}"), "securityGroupRuleId": format!("sgr-0{n:02}{at}"),
            "isEgress": false, "ipProtocol": "tcp", "fromPort": port, "toPort": port, "cidrIpv4": cidr})
    };
    let lines: Vec<Value> = cidrs.iter().enumerate().map(line).collect();
    json!({
        "eventVersion": "1.11",
        "userIdentity": {"type": "IAMUser", "userName": "alice", "accountId": ACCOUNT, "arn": ALICE,
            "principalId": "AIDAEXAMPLE"},
        "eventTime": format!("2026-03-01T12:{n:02}:00Z"),
        "eventSource": "ec2.amazonaws.com",
        "eventName": "AuthorizeSecurityGroupIngress",
        "awsRegion": "eu-west-3",
        "sourceIPAddress": "203.0.113.40",
        "userAgent": "aws-cli/2.31",
        "requestParameters": {"groupId": format!("sg-0{n:02}"), "ipPermissions": {"items": [{"ipProtocol": "tcp",
            "fromPort": port, "toPort": port, "ipRanges": {"items":
            cidrs.iter().map(|cidr| json!({"cidrIp": cidr})).collect::<Vec<_>>()}}]}},
        "responseElements": {"_return": true, "securityGroupRuleSet": {"items": lines}},
        "eventID": format!("00000000-0000-4000-8000-0000000000{n:02}"),
        "readOnly": false,
        "eventType": "AwsApiCall",
        "managementEvent": true,
        "recipientAccountId": ACCOUNT,
        "eventCategory": "Management"
    })
}

fn envelope(record: &Value) -> Value {
    json!({
        "version": "0", "id": "12345678-0000-4000-8000-000000000000",
        "detail-type": "AWS API Call via CloudTrail", "source": "aws.ec2", "account": ACCOUNT,
        "time": record["eventTime"], "region": "eu-west-3", "resources": [], "detail": record
    })
}
