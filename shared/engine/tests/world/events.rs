//! Records of CloudTrail, as they come.

use super::{ACTING_ROLE, FindingRecord};
use engine::Session;
use jiff::Timestamp;
use model::{Direction, Opening, Ports, Source, Traffic};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

const IPV4_WORLD: &str = "ec2/AuthorizeSecurityGroupIngress/ipv4-world.json";

pub(super) fn root() -> PathBuf {
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
        source: Source::Net(net.parse().unwrap()),
        description: None,
    }
}

/// The id of a group of which there are many.
pub fn group_id(number: u32) -> String {
    format!("sg-{number:017x}")
}

pub fn event_id(number: u32) -> String {
    format!("c3819789-6ccb-4cbf-a56e-{number:012}")
}

/// A line as CloudTrail's answers name it.
fn answered(group: &str, line: &Opening) -> Value {
    let (Traffic::Tcp(ports), Source::Net(net)) = (line.traffic, &line.source) else { panic!("{line:?}") };
    let family = if net.to_string().contains(':') { "cidrIpv6" } else { "cidrIpv4" };
    let mut item = json!({
        "groupOwnerId": "111122223333",
        "groupId": group,
        "securityGroupRuleId": line.rule.as_ref().unwrap().as_str(),
        "isEgress": line.direction == Direction::Egress,
        "ipProtocol": "tcp",
        "fromPort": ports.first(),
        "toPort": ports.last(),
    });
    item[family] = json!(net.to_string());
    if let Some(description) = &line.description {
        item["description"] = json!(description.raw());
    }
    item
}

/// Somebody lets these lines into a group.
pub fn opening(number: u32, group: &str, lines: &[Opening], at: Timestamp) -> Value {
    let mut record = record(IPV4_WORLD);
    let set: Vec<Value> = lines.iter().map(|line| answered(group, line)).collect();
    record["eventID"] = json!(event_id(number));
    record["eventTime"] = json!(whole_seconds(at));
    record["requestParameters"]["groupId"] = json!(group);
    record["responseElements"]["securityGroupRuleSet"]["items"] = json!(set);
    envelope(&record)
}

fn whole_seconds(at: Timestamp) -> String {
    Timestamp::from_second(at.as_second()).unwrap().to_string()
}

/// The same, by this role's session.
pub fn by(mut envelope: Value, role: &str, session: &str) -> Value {
    let identity = &mut envelope["detail"]["userIdentity"];
    let name = role.rsplit('/').next().unwrap();
    identity["sessionContext"]["sessionIssuer"]["arn"] = json!(role);
    identity["arn"] = json!(format!("arn:aws:sts::111122223333:assumed-role/{name}/{session}"));
    identity["principalId"] = json!(format!("AROAEXAMPLE:{session}"));
    envelope
}

/// CloudTrail's record of the call that a worker made for a finding: the lines that AWS says it revoked.
pub fn own_call(number: u32, of: &FindingRecord, revoked: &[Opening], at: Timestamp) -> Value {
    let group = of.finding.resource.id.raw();
    let mut record = record("ec2/RevokeSecurityGroupIngress/world.json");
    let set: Vec<Value> = revoked.iter().map(|line| answered(group, line)).collect();
    let ids: Vec<Value> = revoked
        .iter()
        .map(|line| json!({"securityGroupRuleId": line.rule.as_ref().unwrap().as_str()}))
        .collect();
    record["eventID"] = json!(event_id(number));
    record["eventTime"] = json!(whole_seconds(at));
    record["requestParameters"] =
        json!({"groupId": group, "ipPermissions": {}, "securityGroupRuleIds": {"items": ids}});
    record["responseElements"]["revokedSecurityGroupRuleSet"]["items"] = json!(set);
    let session = Session { finding: of.finding.id.clone(), epoch: of.life.epoch };
    by(envelope(&record), ACTING_ROLE, &session.name())
}
