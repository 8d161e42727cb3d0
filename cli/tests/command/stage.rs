//! A folder with rules and records, and the command run in it.

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use std::fmt;
use std::fs;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

const SSH: &str = r"
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
message: 'port 443 of {{ change.resource }} opened by {{ change.actor.name }}'
";

pub(crate) struct Stage {
    pub(crate) dir: PathBuf,
}

impl Stage {
    /// An empty folder of this name, with two rules in `rules/`.
    pub(crate) fn new(name: &str) -> Self {
        let dir = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        drop(fs::remove_dir_all(&dir));
        fs::create_dir_all(&dir).unwrap();
        let stage = Self { dir };
        stage.write("rules/network/ssh-open/rule.yaml", SSH);
        stage.write("rules/network/web-open/rule.yaml", WEB);
        stage
    }

    pub(crate) fn write(&self, path: &str, bytes: impl AsRef<[u8]>) {
        let path = self.dir.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    pub(crate) fn run(&self, args: &[&str]) -> Ran {
        self.run_with(args, b"")
    }

    pub(crate) fn run_with(&self, args: &[&str], stdin: &[u8]) -> Ran {
        let mut child = self.command(args).spawn().unwrap();
        let mut pipe = child.stdin.take().unwrap();
        // Who needs no standard input does not read it.
        drop(pipe.write_all(stdin));
        drop(pipe);
        let output = child.wait_with_output().unwrap();
        Ran {
            code: output.status.code(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gardefou"));
        command.current_dir(&self.dir).args(args);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }
}

/// What a run of the command left.
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl fmt::Display for Ran {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let code = self.code.map_or_else(|| "killed".to_owned(), |code| code.to_string());
        write!(f, "{}", self.out)?;
        for line in self.err.lines() {
            writeln!(f, "! {line}")?;
        }
        writeln!(f, "exit {code}")
    }
}

/// The record of a call that opens `port` to `cidr`; `n` tells it from others.
pub(crate) fn record(n: u8, port: u16, cidr: &str) -> Value {
    json!({
        "eventVersion": "1.11",
        "userIdentity": {"type": "IAMUser", "userName": "alice", "accountId": "111122223333",
            "arn": "arn:aws:iam::111122223333:user/alice", "principalId": "AIDAEXAMPLE"},
        "eventTime": format!("2026-03-01T12:00:{n:02}Z"),
        "eventSource": "ec2.amazonaws.com",
        "eventName": "AuthorizeSecurityGroupIngress",
        "awsRegion": "eu-west-3",
        "sourceIPAddress": "203.0.113.40",
        "requestParameters": {"groupId": "sg-0123", "ipPermissions": {"items": [
            {"ipProtocol": "tcp", "fromPort": port, "toPort": port, "ipRanges": {"items": [{"cidrIp": cidr}]}}
        ]}},
        "responseElements": {"_return": true, "securityGroupRuleSet": {"items": [
            {"groupId": "sg-0123", "securityGroupRuleId": format!("sgr-0a{n:02}"), "isEgress": false,
             "ipProtocol": "tcp", "fromPort": port, "toPort": port, "cidrIpv4": cidr}
        ]}},
        "eventID": format!("00000000-0000-4000-8000-0000000000{n:02}"),
        "readOnly": false,
        "eventType": "AwsApiCall",
        "managementEvent": true,
        "recipientAccountId": "111122223333",
        "eventCategory": "Management"
    })
}

/// The record of a call that changes a line, so that 22 is open to the world.
pub(crate) fn modified() -> Value {
    let mut record = record(1, 22, "0.0.0.0/0");
    record["eventName"] = json!("ModifySecurityGroupRules");
    record["requestParameters"] = json!({"ModifySecurityGroupRulesRequest": {"GroupId": "sg-0123",
        "SecurityGroupRule": {"SecurityGroupRuleId": "sgr-0a01", "SecurityGroupRule": {"IpProtocol": "tcp",
        "FromPort": 22, "ToPort": 22, "CidrIpv4": "0.0.0.0/0"}}}});
    record["responseElements"] = json!({"ModifySecurityGroupRulesResponse": {"return": true}});
    record
}

/// As EventBridge delivers it.
pub(crate) fn envelope(record: &Value) -> Value {
    json!({
        "version": "0", "id": "12345678-0000-4000-8000-000000000000",
        "detail-type": "AWS API Call via CloudTrail", "source": "aws.ec2", "account": "111122223333",
        "time": "2026-03-01T12:00:00Z", "region": "eu-west-3", "resources": [], "detail": record
    })
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}
