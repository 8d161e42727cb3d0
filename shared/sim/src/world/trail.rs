//! CloudTrail of a run: every call makes a record in its real shape; EventBridge delivers it late, twice, or never.

use super::core::{Core, HOUR, MINUTE, Millis, SECOND, What, World};
use super::ec2::{Who, event_time};
use super::faults::Fault;
use super::queues::{Body, QueueName};
use super::variant::{REGION, STRANGER, break_glass_role};
use engine::{Cursor, Page, TrailError, TrailLog};
use jiff::Timestamp;
use model::{AccountId, Direction, EventId, FindingId, GroupId, GroupRuleId, Opening, Source, Traffic};
use serde_json::{Value, json};
use std::sync::Arc;

#[derive(Debug)]
pub(crate) struct Record {
    pub(crate) account: AccountId,
    pub(crate) at: Millis,
    pub(crate) event: EventId,
    pub(crate) name: &'static str,
    bytes: Arc<Vec<u8>>,
    /// It is gardefou's own, for this finding.
    pub(crate) own: Option<FindingId>,
    /// It came to the queue at least once.
    pub(crate) delivered: bool,
    /// How often it was counted as new.
    pub(crate) counted: u32,
    /// An invocation finished with it, whatever it found.
    pub(crate) answered: bool,
}

#[derive(Debug, Default)]
pub(crate) struct Trail {
    pub(crate) records: Vec<Record>,
    envelopes: u64,
}

/// One record, before it is written.
struct Told<'a> {
    account: AccountId,
    name: &'static str,
    who: &'a Who,
    request: Value,
    response: Value,
}

impl Core {
    pub(crate) fn record_authorize(&mut self, group: &GroupId, lines: &[Opening], who: &Who) {
        let ingress = lines.iter().all(|line| line.direction == Direction::Ingress);
        let name = if ingress { "AuthorizeSecurityGroupIngress" } else { "AuthorizeSecurityGroupEgress" };
        let Some(account) = self.account_of(group) else { return };
        let items: Vec<Value> = lines.iter().map(|line| spelt(group, &account, line)).collect();
        let permissions: Vec<Value> = lines.iter().map(permission).collect();
        let request = json!({"groupId": group.as_str(), "ipPermissions": {"items": permissions}});
        let response = json!({"_return": true, "securityGroupRuleSet": {"items": items}});
        self.recorded(Told { account, name, who, request, response });
    }

    pub(crate) fn record_modify(&mut self, group: &GroupId, lines: &[Opening], who: &Who) {
        let Some(account) = self.account_of(group) else { return };
        let update = |(at, line): (usize, &Opening)| {
            json!({
                "SecurityGroupRuleId": line.rule.as_ref().map(GroupRuleId::as_str),
                "tag": at + 1,
                "SecurityGroupRule": capitals(line),
            })
        };
        let mut updates: Vec<Value> = lines.iter().enumerate().map(update).collect();
        let updates = if updates.len() == 1 { updates.remove(0) } else { Value::Array(updates) };
        let request = json!({"ModifySecurityGroupRulesRequest": {"GroupId": group.as_str(), "SecurityGroupRule": updates}});
        let response = json!({"ModifySecurityGroupRulesResponse": {"return": true}});
        self.recorded(Told { account, name: "ModifySecurityGroupRules", who, request, response });
    }

    pub(crate) fn record_revoke(&mut self, group: &GroupId, lines: &[Opening], who: &Who) {
        let Some(account) = self.account_of(group) else { return };
        let egress = lines.iter().any(|line| line.direction == Direction::Egress);
        let name = if egress { "RevokeSecurityGroupEgress" } else { "RevokeSecurityGroupIngress" };
        let ids: Vec<Value> = lines
            .iter()
            .map(|line| json!({"securityGroupRuleId": line.rule.as_ref().map(GroupRuleId::as_str)}))
            .collect();
        let items: Vec<Value> = lines.iter().map(|line| spelt(group, &account, line)).collect();
        let request =
            json!({"groupId": group.as_str(), "ipPermissions": {}, "securityGroupRuleIds": {"items": ids}});
        // Both shapes are in the wild: with what was removed, and without.
        let response = if self.fires(Fault::Ec2IdsOnly) {
            json!({"_return": true})
        } else {
            if matches!(who, Who::Guard(_)) {
                let ids = lines.iter().filter_map(|line| Some(line.rule.as_ref()?.to_string()));
                self.oracle.echoed.extend(ids);
            }
            json!({"_return": true, "revokedSecurityGroupRuleSet": {"items": items}})
        };
        self.recorded(Told { account, name, who, request, response });
    }

    /// What there is nothing to take back of: people are told.
    pub(crate) fn record_aside(&mut self, account: &AccountId) {
        let (name, request, response) = if self.rng.bool() {
            let response = json!({"EnableSerialConsoleAccessResponse": {"serialConsoleAccessEnabled": true}});
            ("EnableSerialConsoleAccess", json!({"EnableSerialConsoleAccessRequest": ""}), response)
        } else {
            self.ec2.made += 1;
            let gateway = format!("igw-{:017x}", self.ec2.made);
            let request = json!({"internetGatewayId": gateway, "vpcId": "vpc-0123456789abcdef0"});
            ("AttachInternetGateway", request, json!({"_return": true}))
        };
        self.recorded(Told { account: account.clone(), name, who: &Who::Developer, request, response });
    }

    fn account_of(&self, group: &GroupId) -> Option<AccountId> {
        self.ec2.groups.get(group).map(|group| group.account.clone())
    }

    fn recorded(&mut self, told: Told<'_>) {
        let (high, low) = (self.rng.u64(..), self.rng.u64(..));
        let event = format!(
            "{:08x}-{:04x}-4{:03x}-a{:03x}-{:012x}",
            high >> 32,
            (high >> 16) & 0xffff,
            high & 0xfff,
            low >> 52,
            low & 0xffff_ffff_ffff
        );
        let Ok(event) = event.parse::<EventId>() else { return };
        let Told { account, name, who, mut request, mut response } = told;
        let own = match who {
            Who::Guard(session) => Some(session.finding.clone()),
            _ => None,
        };
        if own.is_none() && self.fires(Fault::EventTruncated) {
            let omitted = json!({"omitted": true, "originalSize": 131_072, "reason": "too large"});
            (request, response) = (omitted.clone(), omitted);
            let now = self.now;
            for interval in self.ec2.past.iter_mut().filter(|interval| interval.from == now) {
                interval.told = false;
            }
        }
        let record = json!({
            "eventVersion": "1.11",
            "userIdentity": identity(who, &account),
            "eventTime": event_time(self.now).to_string(),
            "eventSource": "ec2.amazonaws.com",
            "eventName": name,
            "awsRegion": REGION,
            "sourceIPAddress": "203.0.113.40",
            "userAgent": agent(who),
            "requestParameters": request,
            "responseElements": response,
            "requestID": event.as_str(),
            "eventID": event.as_str(),
            "readOnly": false,
            "eventType": "AwsApiCall",
            "managementEvent": true,
            "recipientAccountId": account.as_str(),
            "eventCategory": "Management",
        });
        self.tell(|_| format!("CloudTrail records {name} {event} by {who:?}"));
        let bytes = Arc::new(record.to_string().into_bytes());
        let at = self.now;
        let record =
            Record { account, at, event, name, bytes, own, delivered: false, counted: 0, answered: false };
        self.trail.records.push(record);
        // The generated patterns ask for what rules name, and for our own calls.
        let asked = !name.starts_with("Revoke") || matches!(who, Who::Guard(_));
        if asked && !self.deaf && !self.fires(Fault::EventLost) {
            self.dispatched(self.trail.records.len() - 1);
        }
    }

    /// EventBridge has it.
    fn dispatched(&mut self, at: usize) {
        let delay = self.rng.i64(SECOND..8 * SECOND);
        let late = self.rng.i64(30 * SECOND..20 * MINUTE);
        let very = self.rng.i64(24 * HOUR + 10 * MINUTE..25 * HOUR);
        let delay = if self.fires(Fault::EventVeryLate) {
            very
        } else if self.fires(Fault::EventLate) {
            late
        } else {
            delay
        };
        self.trail.envelopes += 1;
        let envelope = self.trail.envelopes;
        self.coming += 1;
        self.after(delay, What::Event(at, envelope));
        if self.fires(Fault::EventDuplicate) {
            let again = self.rng.i64(0..3 * MINUTE);
            // Delivered twice, or sent twice.
            let envelope = if self.rng.bool() { envelope } else { envelope + 1_000_000 };
            self.coming += 1;
            self.after(delay + again, What::Event(at, envelope));
        }
    }

    pub(crate) fn event(&mut self, at: usize, envelope: u64) {
        let Some(record) = self.trail.records.get_mut(at) else { return };
        record.delivered = true;
        let id = format!("{envelope:08x}-2222-4333-a444-555555555555");
        let time = event_time(record.at);
        let (account, detail) = (record.account.as_str(), String::from_utf8_lossy(&record.bytes));
        // The planted fault: the event is known by its envelope.
        let detail = if model::planted::is(model::planted::Bug::DedupeByEnvelope) {
            detail.replace(&format!("\"eventID\":\"{}\"", record.event), &format!("\"eventID\":\"{id}\""))
        } else {
            detail.into_owned()
        };
        let body = format!(
            r#"{{"version":"0","id":"{id}","detail-type":"AWS API Call via CloudTrail","source":"aws.ec2","account":"{account}","time":"{time}","region":"{REGION}","resources":[],"detail":{detail}}}"#
        );
        self.send(QueueName::Events, &Body::Event(Arc::new(body.into_bytes()), Some(at)), 0);
    }
}

fn identity(who: &Who, account: &AccountId) -> Value {
    let (role, session) = match who {
        Who::Developer => (format!("arn:aws:iam::{account}:role/developer"), "claire.martin".to_owned()),
        Who::Terraform => (format!("arn:aws:iam::{account}:role/deploy"), "terraform".to_owned()),
        Who::BreakGlass => (break_glass_role(account.as_str()), "on-call".to_owned()),
        Who::Attacker => (format!("arn:aws:iam::{account}:role/ci"), "build-77".to_owned()),
        Who::Forger(session) => (format!("arn:aws:iam::{STRANGER}:role/gardefou/acting"), session.clone()),
        Who::Guard(session) => (format!("arn:aws:iam::{account}:role/gardefou/acting"), session.name()),
    };
    let name = role.rsplit('/').next().unwrap_or_default().to_owned();
    json!({
        "type": "AssumedRole",
        "principalId": format!("AROAEXAMPLE:{session}"),
        "arn": format!("arn:aws:sts::{account}:assumed-role/{name}/{session}"),
        "accountId": account.as_str(),
        "accessKeyId": "ASIAEXAMPLE0000000001",
        "sessionContext": {
            "sessionIssuer": {"type": "Role", "principalId": "AROAEXAMPLE", "arn": role, "accountId": account.as_str(), "userName": name},
            "attributes": {"creationDate": "2026-11-20T07:58:12Z", "mfaAuthenticated": "false"},
        },
    })
}

fn agent(who: &Who) -> &'static str {
    match who {
        Who::Terraform => "APN/1.0 HashiCorp/1.0 Terraform/1.9.8",
        _ => "aws-cli/2.19.5",
    }
}

fn traffic(line: &Opening) -> (String, i64, i64) {
    match line.traffic {
        Traffic::Everything => ("-1".to_owned(), -1, -1),
        Traffic::Tcp(ports) => ("tcp".to_owned(), ports.first().into(), ports.last().into()),
        Traffic::Udp(ports) => ("udp".to_owned(), ports.first().into(), ports.last().into()),
        Traffic::Other { protocol, .. } => (protocol.to_string(), -1, -1),
    }
}

fn network(line: &Opening) -> (bool, String) {
    match &line.source {
        Source::Net(net) => (net.addr().is_ipv6(), net.to_string()),
        Source::PrefixList(_) | Source::Group { .. } => (false, String::new()),
    }
}

fn spelt(group: &GroupId, account: &AccountId, line: &Opening) -> Value {
    let ((protocol, from, to), (six, net)) = (traffic(line), network(line));
    json!({
        "groupOwnerId": account.as_str(),
        "groupId": group.as_str(),
        "securityGroupRuleId": line.rule.as_ref().map(GroupRuleId::as_str),
        "isEgress": line.direction == Direction::Egress,
        "ipProtocol": protocol, "fromPort": from, "toPort": to,
        (if six { "cidrIpv6" } else { "cidrIpv4" }): net,
    })
}

fn capitals(line: &Opening) -> Value {
    let ((protocol, from, to), (six, net)) = (traffic(line), network(line));
    json!({"IpProtocol": protocol, "FromPort": from, "ToPort": to, (if six { "CidrIpv6" } else { "CidrIpv4" }): net})
}

fn permission(line: &Opening) -> Value {
    let ((protocol, from, to), (six, net)) = (traffic(line), network(line));
    let (four, six) = if six {
        (json!({}), json!({"items": [{"cidrIpv6": net}]}))
    } else {
        (json!({"items": [{"cidrIp": net}]}), json!({}))
    };
    json!({"ipProtocol": protocol, "fromPort": from, "toPort": to, "groups": {}, "ipRanges": four, "ipv6Ranges": six, "prefixListIds": {}})
}

/// What CloudTrail remembers.
#[derive(Debug, Clone)]
pub(crate) struct SimTrail(pub(crate) World);

const PAGE: usize = 20;

impl TrailLog for SimTrail {
    async fn lookup(
        &self,
        account: &AccountId,
        (from, to): (Timestamp, Timestamp),
        after: Option<&Cursor>,
    ) -> Result<Page<Vec<u8>>, TrailError> {
        let skip: usize = after.and_then(|after| after.0.parse().ok()).unwrap_or_default();
        let page = |core: &mut Core| {
            let (from, to) = (from.as_millisecond(), to.as_millisecond());
            let of = |record: &&Record| record.account == *account && (from..to).contains(&record.at);
            let all: Vec<&Record> = core.trail.records.iter().filter(of).collect();
            let items = all.iter().skip(skip).take(PAGE).map(|record| record.bytes.to_vec()).collect();
            let next = (skip + PAGE < all.len()).then(|| Cursor((skip + PAGE).to_string()));
            Page { items, next }
        };
        Ok(self.0.call(page).await)
    }
}
