use crate::sample::{any_json, change, omitted, pascal, with};
use expect_test::{Expect, expect};
use model::{Direction, Opening, Source};
use proptest::prelude::*;
use serde_json::{Value, json};

const CALLS: [&str; 2] = ["CreateNetworkAclEntry", "ReplaceNetworkAclEntry"];

fn read(name: &str, request: &Value) -> Result<Vec<Opening>, String> {
    let change = change("ec2", name, request, &json!({"_return": true}));
    change.openings().map(<[Opening]>::to_vec).map_err(ToString::to_string)
}

fn check(more: &Value, expected: &Expect) {
    let line = |opening: &Opening| {
        let way = if opening.direction == Direction::Ingress { "from" } else { "to" };
        let Source::Net(net) = &opening.source else { panic!("an entry has networks only") };
        format!("{} {way} {net}\n", opening.traffic)
    };
    let lines = |openings: Vec<Opening>| openings.iter().map(line).collect::<String>();
    let read = read("CreateNetworkAclEntry", &entry(more));
    expected.assert_eq(&read.map_or_else(|error| format!("error: {error}\n"), lines));
}

/// A good entry with some keys replaced.
fn entry(more: &Value) -> Value {
    let mut entry = json!({"networkAclId": "acl-1", "ruleNumber": 100, "egress": false, "ruleAction": "allow",
        "icmpTypeCode": {}, "portRange": {"from": 22, "to": 22}, "aclProtocol": "6", "cidrBlock": "0.0.0.0/0"});
    for (key, value) in more.as_object().unwrap() {
        entry[key] = value.clone();
    }
    entry
}

#[test]
fn an_entry_that_allows_is_an_opening() {
    check(
        &json!({}),
        &expect![[r"
        tcp 22 from 0.0.0.0/0
    "]],
    );
    check(
        &json!({"egress": "true", "aclProtocol": 17, "portRange": {"from": "1", "to": "65535"}}),
        &expect![[r"
        udp 1-65535 to 0.0.0.0/0
    "]],
    );
    check(
        &json!({"aclProtocol": "-1", "portRange": {}}),
        &expect![[r"
        all traffic from 0.0.0.0/0
    "]],
    );
    check(
        &json!({"portRange": {}}),
        &expect![[r"
        tcp all ports from 0.0.0.0/0
    "]],
    );
    check(
        &json!({"cidrBlock": null, "ipv6CidrBlock": "::/0", "ruleAction": "ALLOW"}),
        &expect![[r"
        tcp 22 from ::/0
    "]],
    );
    check(
        &json!({"cidrBlock": "10.1.2.3/8", "ipv6CidrBlock": "2001:db8::1/32"}),
        &expect![[r"
        tcp 22 from 10.0.0.0/8
        tcp 22 from 2001:db8::/32
    "]],
    );
    check(
        &json!({"aclProtocol": "1", "portRange": {}, "icmpTypeCode": {"type": -1, "code": -1}}),
        &expect![[r"
        icmp from 0.0.0.0/0
    "]],
    );
}

#[test]
fn an_entry_that_denies_or_is_taken_away_opens_nothing() {
    for name in CALLS {
        assert_eq!(read(name, &entry(&json!({"ruleAction": "deny"}))), Ok(Vec::new()));
    }
    for name in ["DeleteNetworkAclEntry", "CreateNetworkAcl", "ReplaceNetworkAclAssociation"] {
        assert_eq!(read(name, &entry(&json!({}))), Ok(Vec::new()), "{name}");
    }
    let refused = json!({"errorCode": "Client.UnauthorizedOperation"});
    let failed = with("ec2", "CreateNetworkAclEntry", &Value::Null, &Value::Null, &refused);
    assert_eq!(failed.openings(), Ok(&[][..]));
}

#[test]
fn what_is_not_understood_is_told_with_its_path() {
    check(
        &json!({"ruleAction": "permit"}),
        &expect![[r"
        error: requestParameters.ruleAction: `permit` is not `allow` or `deny`
    "]],
    );
    check(
        &json!({"aclProtocol": null}),
        &expect![[r"
        error: requestParameters.aclProtocol: expected a protocol, found nothing
    "]],
    );
    check(
        &json!({"aclProtocol": "pigeon"}),
        &expect![[r"
        error: requestParameters.aclProtocol: `pigeon` is not a protocol
    "]],
    );
    check(
        &json!({"cidrBlock": "anywhere"}),
        &expect![[r"
        error: requestParameters.cidrBlock: `anywhere` is not a network
    "]],
    );
    check(
        &json!({"cidrBlock": null}),
        &expect![[r"
        error: requestParameters.cidrBlock: expected a network, found nothing
    "]],
    );
    check(
        &json!({"portRange": {"from": 90, "to": 80}}),
        &expect![[r"
        error: requestParameters.portRange.from: ports 90 to 80 are not a range
    "]],
    );
    check(
        &json!({"portRange": {"from": 22}}),
        &expect![[r"
        error: requestParameters.portRange.from: only one end of a range of ports
    "]],
    );
    check(
        &json!({"portRange": 22}),
        &expect![[r"
        error: requestParameters.portRange: expected an object, found a number
    "]],
    );
    check(
        &json!({"portRange": omitted()}),
        &expect![[r"
        error: requestParameters.portRange: CloudTrail left it out because it is oversized
    "]],
    );
    for name in CALLS {
        assert!(read(name, &omitted()).is_err() && read(name, &Value::Null).is_err());
    }
}

proptest! {
    #[test]
    fn every_way_to_write_the_same_entry_is_the_same(
        (name, protocol) in prop::sample::select(vec![("tcp", "6"), ("udp", "17"), ("all", "-1")]),
        from in 0..=u16::MAX, more in 0..=u16::MAX, egress in any::<bool>(), v6 in any::<bool>(),
    ) {
        let to = from.saturating_add(more);
        let (key, net) = if v6 { ("ipv6CidrBlock", "::/0") } else { ("cidrBlock", "0.0.0.0/0") };
        let plain = json!({"ruleAction": "allow", "egress": egress, "aclProtocol": protocol, key: net,
            "portRange": {"from": from, "to": to}});
        let texts = json!({"ruleAction": "allow", "egress": egress.to_string(), "protocol": name, key: net,
            "portRange": {"from": from.to_string(), "to": to.to_string()}});
        let expected = read("CreateNetworkAclEntry", &plain);
        prop_assert_eq!(expected.as_ref().map(Vec::len), Ok(1));
        for call in CALLS {
            for request in [&plain, &texts] {
                let wrapped = json!({format!("{call}Request"): pascal(request)});
                prop_assert_eq!(read(call, request), expected.clone(), "{}", request);
                prop_assert_eq!(read(call, &wrapped), expected.clone(), "{}", wrapped);
            }
        }
    }

    #[test]
    fn any_json_is_understood_or_refused(value in any_json(
        &["ruleAction", "egress", "aclProtocol", "protocol", "portRange", "from", "to", "cidrBlock", "icmpTypeCode"],
        &["allow", "6", "-1", "0.0.0.0/0"],
    )) {
        let _ = read("CreateNetworkAclEntry", &value);
    }
}
