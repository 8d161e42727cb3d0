use crate::{Change, parse_record};
use expect_test::{Expect, expect};
use model::{Direction, Source};
use serde_json::{Value, json};

fn change(name: &str, request: &Value, response: &Value) -> Change {
    let record = json!({
        "eventVersion": "1.11", "eventID": "0b1f3a52-7a0e-4d3e-8a54-6f0b2f6d1001", "eventTime": "2026-11-20T08:14:03Z",
        "eventSource": "ec2.amazonaws.com", "eventName": name, "awsRegion": "eu-west-3",
        "recipientAccountId": "111122223333", "requestParameters": request, "responseElements": response,
    });
    parse_record(record.to_string().as_bytes()).unwrap()
}

fn shown(change: &Change) -> String {
    let openings = match change.openings() {
        Ok(openings) => openings,
        Err(error) => return format!("error: {error}\n"),
    };
    let line = |opening: &model::Opening| {
        let way = if opening.direction == Direction::Ingress { "from" } else { "to" };
        let source = match &opening.source {
            Source::Net(net) => net.to_string(),
            Source::PrefixList(list) => list.to_string(),
            Source::Group { group, account } => {
                format!("{} {}", group.raw(), account.as_ref().map_or("", |account| account.as_str()))
            }
        };
        let id = opening.rule.as_ref().map_or(String::new(), |rule| format!("{rule} "));
        let note = opening.description.as_ref().map_or(String::new(), |text| format!(" ({})", text.raw()));
        format!("{id}{} {way} {}{note}\n", opening.traffic, source.trim())
    };
    openings.iter().map(line).collect()
}

fn check(name: &str, request: &Value, response: &Value, expected: &Expect) {
    expected.assert_eq(&shown(&change(name, request, response)));
}

fn ingress(request: &Value, expected: &Expect) {
    check("AuthorizeSecurityGroupIngress", request, &Value::Null, expected);
}

fn modified(lines: &Value, expected: &Expect) {
    let request =
        json!({"ModifySecurityGroupRulesRequest": {"GroupId": "sg-01", "SecurityGroupRule": lines}});
    let response = json!({"ModifySecurityGroupRulesResponse": {"return": true}});
    check("ModifySecurityGroupRules", &request, &response, expected);
}

#[test]
fn the_shapes_of_one_line_agree() {
    let tcp = json!({"ipProtocol": "tcp", "fromPort": 22, "toPort": 22});
    let merged = |more: Value| {
        let mut all = tcp.as_object().unwrap().clone();
        all.extend(more.as_object().unwrap().clone());
        Value::Object(all)
    };
    let listed =
        merged(json!({"groups": {}, "ipRanges": {"items": [{"cidrIp": "0.0.0.0/0"}]}, "ipv6Ranges": {}}));
    let texts =
        json!({"IpProtocol": "TCP", "FromPort": "22", "ToPort": "22", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]});
    let shapes = [
        merged(json!({"groupId": "sg-01", "ipPermissions": {}, "cidrIp": "0.0.0.0/0"})),
        json!({"groupId": "sg-01", "ipPermissions": {"items": [listed]}}),
        json!({"groupId": "sg-01", "ipPermissions": {"items": listed}}),
        json!({"groupId": "sg-01", "ipPermissions": [listed]}),
        json!({"groupId": "sg-01", "ipPermissions": {"item": texts}}),
        json!({"AuthorizeSecurityGroupIngressRequest": {"GroupId": "sg-01", "IpPermissions": {"tag": 1,
            "IpProtocol": 6, "FromPort": 22, "ToPort": 22, "IpRanges": {"tag": 1, "CidrIp": "0.0.0.0/0"}}}}),
        json!({"groupId": "sg-01", "ipPermissions": {"items": [merged(json!({"ipRanges": ["0.0.0.0/0"]}))]}}),
    ];
    for shape in shapes {
        let change = change("AuthorizeSecurityGroupIngress", &shape, &json!({"_return": true}));
        assert_eq!(shown(&change), "tcp 22 from 0.0.0.0/0\n", "{shape}");
        assert_eq!(change.resource.id.raw(), "sg-01", "{shape}");
    }
}

#[test]
fn every_kind_of_source_of_a_list_is_read() {
    ingress(
        &json!({"groupId": "sg-01", "ipPermissions": {"items": [{"ipProtocol": "udp", "fromPort": 53, "toPort": 53,
            "ipRanges": {"items": [{"cidrIp": "10.1.2.3/8", "description": "a"}, {"cidrIp": "192.0.2.7/32"}]},
            "ipv6Ranges": {"items": [{"cidrIpv6": "2001:db8::1/32"}]},
            "prefixListIds": {"items": [{"prefixListId": "pl-0a"}]},
            "groups": {"items": [{"groupId": "sg-0b", "userId": "111122223333"}, {"groupName": "web"},
                                 {"groupId": "sg-0c", "userId": 444_455_556_666_u64}, {"groupName": "amazon-elb-sg", "userId": "amazon-elb"}]}}]}}),
        &expect![[r#"
            udp 53 from 10.0.0.0/8 (a)
            udp 53 from 192.0.2.7/32
            udp 53 from 2001:db8::/32
            udp 53 from pl-0a
            udp 53 from sg-0b
            udp 53 from web
            udp 53 from sg-0c 444455556666
            udp 53 from amazon-elb/amazon-elb-sg
        "#]],
    );
}

#[test]
fn the_answer_wins_over_the_request() {
    let request = json!({"groupId": "sg-01", "ipPermissions": {"items": [
        {"ipProtocol": "tcp", "fromPort": 22, "toPort": 22, "ipRanges": {"items": [{"cidrIp": "0.0.0.0/0"}]}}]}});
    let response = json!({"_return": true, "securityGroupRuleSet": {"items": [
        {"groupId": "sg-02", "securityGroupRuleId": "sgr-01", "isEgress": true, "ipProtocol": "-1", "fromPort": -1,
         "toPort": -1, "cidrIpv6": "::/0"},
        {"securityGroupRuleId": "sgr-02", "isEgress": "false", "ipProtocol": "tcp", "fromPort": 1, "toPort": 2,
         "referencedGroupInfo": {"groupId": "sg-0b", "userId": "444455556666"}, "tagSet": {}}]}});
    check(
        "AuthorizeSecurityGroupIngress",
        &request,
        &response,
        &expect![[r#"
            sgr-01 all traffic to ::/0
            sgr-02 tcp 1-2 from sg-0b 444455556666
        "#]],
    );
    assert_eq!(change("AuthorizeSecurityGroupIngress", &request, &response).resource.id.raw(), "sg-02");
}

#[test]
fn an_oversized_answer_leaves_the_request_and_an_oversized_request_leaves_nothing() {
    let omitted = json!({"omitted": true, "originalSize": 1, "reason": "too large"});
    let request = json!({"groupId": "sg-01", "ipPermissions": {}, "ipProtocol": "-1", "cidrIp": "::/0"});
    check(
        "AuthorizeSecurityGroupIngress",
        &request,
        &omitted,
        &expect![[r#"
        all traffic from ::/0
    "#]],
    );
    check(
        "AuthorizeSecurityGroupIngress",
        &omitted,
        &Value::Null,
        &expect![[r#"
        error: requestParameters: CloudTrail left it out because it is oversized
    "#]],
    );
    ingress(
        &json!({"groupId": "sg-01", "ipPermissions": omitted}),
        &expect![[r#"
        error: requestParameters.ipPermissions: CloudTrail left it out because it is oversized
    "#]],
    );
}

#[test]
fn a_modification_is_the_new_content_under_the_old_id() {
    let one = json!({"SecurityGroupRuleId": "sgr-01", "tag": 1,
        "SecurityGroupRule": {"IpProtocol": "6", "FromPort": "22", "ToPort": 22, "CidrIpv4": "0.0.0.0/0"}});
    let expected = expect![[r#"
        sgr-01 tcp 22 from 0.0.0.0/0
    "#]];
    modified(&one, &expected);
    modified(&json!([one]), &expected);
    modified(
        &json!([one, {"SecurityGroupRuleId": "sgr-02", "SecurityGroupRule":
            {"IpProtocol": -1, "ReferencedGroupId": "sg-0b", "Description": "d", "IsEgress": true}}]),
        &expect![[r#"
            sgr-01 tcp 22 from 0.0.0.0/0
            sgr-02 all traffic to sg-0b (d)
        "#]],
    );
    modified(
        &json!([{"SecurityGroupRuleId": "sgr-01"}]),
        &expect![[r#"
        error: requestParameters.ModifySecurityGroupRulesRequest.SecurityGroupRule[0].SecurityGroupRule: expected the new content of the line, found nothing
    "#]],
    );
}

#[test]
fn what_is_not_understood_is_an_error_with_its_path() {
    ingress(
        &Value::Null,
        &expect![[r#"
        error: requestParameters.ipPermissions: expected what was opened, found nothing
    "#]],
    );
    let flat = |protocol: Value, from: Value, to: Value, cidr: Value| {
        json!({"groupId": "sg-01", "ipProtocol": protocol,
            "fromPort": from, "toPort": to, "cidrIp": cidr})
    };
    ingress(
        &flat(json!("tcp"), json!(90), json!(80), json!("0.0.0.0/0")),
        &expect![[r#"
        error: requestParameters.fromPort: ports 90 to 80 are not a range
    "#]],
    );
    ingress(
        &flat(json!("tcp"), json!("x"), json!(80), json!("0.0.0.0/0")),
        &expect![[r#"
        error: requestParameters.fromPort: expected a whole number, found a text
    "#]],
    );
    ingress(
        &flat(json!("tcp"), json!(80), json!(null), json!("0.0.0.0/0")),
        &expect![[r#"
        error: requestParameters.fromPort: only one end of a range of ports
    "#]],
    );
    ingress(
        &flat(json!("carrier pigeon"), json!(1), json!(1), json!("::/0")),
        &expect![[r#"
        error: requestParameters.ipProtocol: `carrier pigeon` is not a protocol
    "#]],
    );
    ingress(
        &flat(json!(null), json!(1), json!(1), json!("::/0")),
        &expect![[r#"
        error: requestParameters.ipProtocol: expected a protocol, found nothing
    "#]],
    );
    ingress(
        &flat(json!("tcp"), json!(1), json!(1), json!("anywhere")),
        &expect![[r#"
        error: requestParameters.cidrIp: `anywhere` is not a network
    "#]],
    );
    ingress(
        &json!({"ipPermissions": {"items": [{"ipProtocol": "tcp", "fromPort": 1, "toPort": 1, "ipRanges": {}}]}}),
        &expect![[r#"
            error: requestParameters.ipPermissions.items[0].ipRanges: expected a source, found nothing
        "#]],
    );
    let answer =
        json!({"securityGroupRuleSet": {"items": [{"securityGroupRuleId": "rule 1", "ipProtocol": "-1"}]}});
    check(
        "AuthorizeSecurityGroupIngress",
        &json!({}),
        &answer,
        &expect![[r#"
        error: responseElements.securityGroupRuleSet.items[0].securityGroupRuleId: `rule 1` is not a rule's id
    "#]],
    );
}

#[test]
fn revoking_and_everything_else_opens_nothing() {
    let request = json!({"groupId": "sg-01", "ipPermissions": {"items": [{"ipProtocol": "-1", "ipRanges":
        {"items": [{"cidrIp": "0.0.0.0/0"}]}}]}});
    for name in
        ["RevokeSecurityGroupIngress", "RevokeSecurityGroupEgress", "CreateSecurityGroup", "RunInstances"]
    {
        check(name, &request, &Value::Null, &expect![""]);
    }
}

#[test]
fn what_a_revoke_removed_is_read_from_aws_s_answer_with_its_content() {
    let revoked = |name: &str, response: &Value| {
        let event = model::EventRef {
            id: "0b1f3a52-7a0e-4d3e-8a54-6f0b2f6d1001".parse().unwrap(),
            source: "ec2.amazonaws.com".to_owned(),
            name: name.to_owned(),
            time: "2026-11-20T08:14:03Z".parse().unwrap(),
        };
        super::revoked(&event, &"111122223333".parse().unwrap(), response)
    };
    let answer = json!({"_return": true, "revokedSecurityGroupRuleSet": {"items": [
        {"securityGroupRuleId": "sgr-01", "groupId": "sg-0a", "isEgress": false, "ipProtocol": "tcp",
         "fromPort": 22, "toPort": 22, "cidrIpv4": "0.0.0.0/0"}]}});
    let lines = revoked("RevokeSecurityGroupIngress", &answer);
    let [line] = lines.as_slice() else { panic!("{lines:?}") };
    assert_eq!((line.rule.as_ref().unwrap().as_str(), line.direction), ("sgr-01", Direction::Ingress));
    assert_eq!(line.source, model::Source::Net("0.0.0.0/0".parse().unwrap()));
    assert!(revoked("AuthorizeSecurityGroupIngress", &answer).is_empty());
    assert!(revoked("RevokeSecurityGroupIngress", &json!({"_return": true})).is_empty());
}
