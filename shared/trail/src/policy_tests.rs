use super::*;
use crate::Change;
use proptest::prelude::*;
use serde_json::{Value, json};

/// What the policy says, as a bucket's that stands in account 111122223333.
pub(crate) fn statements(policy: &Value) -> Vec<Statement> {
    change(policy).statements().unwrap().to_vec()
}

fn change(policy: &Value) -> Change {
    let record = json!({
        "eventVersion": "1.11",
        "userIdentity": {"type": "Root", "accountId": "111122223333"},
        "eventTime": "2026-11-20T08:42:55Z",
        "eventSource": "s3.amazonaws.com",
        "eventName": "PutBucketPolicy",
        "awsRegion": "eu-west-3",
        "requestParameters": {"bucketName": "yourmedia-assets", "bucketPolicy": policy, "policy": ""},
        "eventID": "91b5a3de-55a1-4f3a-8f2f-0d7a6fbe1004",
        "recipientAccountId": "111122223333",
    });
    crate::parse_record(record.to_string().as_bytes()).unwrap()
}

fn one(principal: &Value, condition: &Value) -> Statement {
    let statement = json!({
        "Effect": "Allow", "Principal": principal, "Action": "s3:GetObject", "Resource": "*", "Condition": condition,
    });
    statements(&json!({"Statement": statement})).remove(0)
}

fn is_public(condition: &Value) -> bool {
    public(&one(&json!("*"), condition), &[])
}

#[test]
fn everyone_is_written_in_many_ways() {
    for (principal, expected) in [
        (json!("*"), true),
        (json!(["*"]), true),
        (json!({"AWS": "*"}), true),
        (json!({"AWS": ["arn:aws:iam::444455556666:root", "*"]}), true),
        (json!({"AWS": "arn:aws:iam::*:root"}), true),
        (json!({"AWS": "arn:aws:iam::111122223333:root"}), false),
        (json!({"AWS": "111122223333"}), false),
        (json!({"AWS": 111_122_223_333_u64}), false),
        (json!({"Service": "cloudfront.amazonaws.com"}), false),
        (json!({"CanonicalUser": "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"}), false),
        (json!({}), false),
    ] {
        assert_eq!(public(&one(&principal, &json!(null)), &[]), expected, "{principal}");
    }
    let all_but =
        json!({"Statement": {"Effect": "Allow", "NotPrincipal": {"AWS": "111122223333"}, "Action": "*"}});
    assert!(public(&statements(&all_but)[0], &[]));
    let of_identity = json!({"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}});
    assert!(!public(&statements(&of_identity)[0], &[]));
}

#[test]
fn a_condition_narrows_when_it_has_to_be_met_by_a_fixed_value() {
    for condition in [
        json!({"StringEquals": {"aws:PrincipalOrgID": "o-exampleorg1"}}),
        json!({"stringequals": {"AWS:PRINCIPALORGID": ["o-exampleorg1", "o-exampleorg2"]}}),
        json!({"StringEquals": {"aws:PrincipalOrgID": "${aws:ResourceOrgID}"}}),
        json!({"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-exampleorg1/*"}}),
        json!({"StringLike": {"aws:SourceArn": "arn:aws:sns:*:111122223333:*"}}),
        json!({"ArnLike": {"aws:SourceArn": "arn:aws:s3:::yourmedia-assets"}}),
        json!({"ArnLike": {"aws:SourceArn": "arn:aws:s3:*:*:yourmedia-assets"}}),
        json!({"ArnEquals": {"aws:PrincipalArn": "arn:aws:iam::111122223333:role/*"}}),
        json!({"StringEquals": {"AWS:SourceOwner": "111122223333"}}),
        json!({"NumericEquals": {"aws:SourceAccount": 111_122_223_333_u64}}),
        json!({"StringEquals": {"aws:SourceVpce": "vpce-0123"}}),
        json!({"StringLike": {"aws:userid": ["AROAEXAMPLE0000000013:*", "AIDAEXAMPLE0000000009"]}}),
        json!({"StringEquals": {"aws:SourceVpc": "vpc-0123"}}),
        json!({"IpAddress": {"aws:SourceIp": ["203.0.113.0/24", "198.51.100.7"]}}),
        json!({"Bool": {"elasticfilesystem:AccessedViaMountTarget": true}}),
        json!({"StringLike": {"aws:PrincipalArn": "*"}, "StringEquals": {"kms:CallerAccount": "111122223333"}}),
    ] {
        assert!(!is_public(&condition), "{condition}");
    }
}

#[test]
fn what_looks_like_narrowing_and_is_not_leaves_it_public() {
    for condition in [
        json!({"ArnLike": {"aws:SourceArn": "arn:aws:sns:*:*:alarms"}}),
        json!({"StringLike": {"aws:userid": "*:paul"}}),
        json!({"StringLike": {"aws:PrincipalArn": "*"}}),
        json!({"ArnLike": {"aws:PrincipalArn": "arn:aws:*:*:*:*"}}),
        json!({"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/deploy"}}),
        json!({"ArnLike": {"aws:SourceArn": "arn:aws:s3:::*"}}),
        json!({"StringEqualsIfExists": {"aws:PrincipalOrgID": "o-exampleorg1"}}),
        json!({"ForAllValues:StringEquals": {"aws:PrincipalOrgID": "o-exampleorg1"}}),
        json!({"StringNotEquals": {"aws:PrincipalOrgID": "o-exampleorg1"}}),
        json!({"Null": {"aws:PrincipalOrgID": "false"}}),
        json!({"StringLike": {"aws:PrincipalOrgID": "o-*"}}),
        json!({"StringEquals": {"aws:PrincipalOrgID": ["o-exampleorg1", "*"]}}),
        json!({"StringEquals": {"aws:PrincipalOrgID": []}}),
        json!({"StringEquals": {"aws:PrincipalAccount": "${aws:PrincipalAccount}"}}),
        json!({"IpAddress": {"aws:SourceIp": "0.0.0.0/0"}}),
        json!({"IpAddress": {"aws:SourceIp": ["0.0.0.0/1", "128.0.0.0/1"]}}),
        json!({"IpAddress": {"aws:SourceIp": ["203.0.113.0/24", "::/0"]}}),
        json!({"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}}),
        json!({"Bool": {"aws:SecureTransport": "true"}}),
        json!({"StringEquals": {"s3:x-amz-acl": "bucket-owner-full-control"}}),
        json!({"StringLike": {"aws:Referer": "https://yourmedia.example/*"}}),
    ] {
        assert!(is_public(&condition), "{condition}");
    }
}

#[test]
fn foreign_is_an_account_that_nobody_knows() {
    let own: AccountId = "111122223333".parse().unwrap();
    let org = json!({"StringEquals": {"aws:PrincipalOrgID": "o-exampleorg1"}});
    let to_account = |account: &str| json!({"StringEquals": {"aws:PrincipalAccount": account}});
    let aws = |name: &str| json!({"AWS": name});
    for (principal, condition, expected) in [
        (aws("arn:aws:iam::444455556666:root"), json!(null), true),
        (aws("444455556666"), json!(null), true),
        (aws("444455556666"), json!({"Bool": {"aws:SecureTransport": "true"}}), true),
        (aws("444455556666"), org, false),
        (aws("arn:aws:iam::111122223333:role/app"), json!(null), false),
        (aws("777788889999"), json!(null), false),
        (aws("arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E1"), json!(null), false),
        (json!("*"), json!(null), false),
        (json!("*"), to_account("444455556666"), true),
        (json!("*"), to_account("111122223333"), false),
        (
            json!({"Service": "sns.amazonaws.com"}),
            json!({"ArnLike": {"aws:SourceArn": "arn:aws:sns:eu-west-3:444455556666:t"}}),
            true,
        ),
        (json!({"Service": "sns.amazonaws.com"}), json!(null), false),
    ] {
        let statement = one(&principal, &condition);
        assert_eq!(foreign(&statement, &[], &own, &["777788889999"]), expected, "{principal} {condition}");
    }
}

#[test]
fn what_is_denied_lets_nobody_in_and_a_denial_of_plain_http_is_known() {
    let own: AccountId = "111122223333".parse().unwrap();
    let deny = |action: Value, condition: Value| {
        let statement = json!({"Effect": "Deny", "Principal": "*", "Action": action, "Resource": "*", "Condition": condition});
        statements(&json!({"Statement": [statement]})).remove(0)
    };
    for (action, condition, expected) in [
        (json!("s3:*"), json!({"Bool": {"aws:SecureTransport": "false"}}), true),
        (json!(["*"]), json!({"Bool": {"aws:SecureTransport": false}}), true),
        (json!("s3:*"), json!({"Bool": {"aws:SecureTransport": "true"}}), false),
        (json!("s3:PutObject"), json!({"Bool": {"aws:SecureTransport": "false"}}), false),
        (
            json!("s3:*"),
            json!({"Bool": {"aws:SecureTransport": "false"}, "StringEquals": {"aws:SourceVpc": "vpc-0123"}}),
            false,
        ),
        (json!("s3:*"), json!(null), false),
    ] {
        let statement = deny(action, condition.clone());
        assert_eq!(closes_plain_http(&statement), expected, "{condition}");
        assert!(
            !public(&statement, &[])
                && !foreign(&statement, &[], &own, &[])
                && !allows(&statement, "s3:GetObject")
        );
    }
}

#[test]
fn an_action_is_allowed_by_pattern_or_by_not_being_left_out() {
    let said = |actions: &Value, key: &str| {
        statements(&json!({"Statement": {"Effect": "Allow", key: actions, "Resource": "*"}})).remove(0)
    };
    assert!(allows(&said(&json!("s3:Get*"), "Action"), "s3:GetObject"));
    assert!(!allows(&said(&json!("s3:Get*"), "Action"), "s3:PutObject"));
    assert!(allows(&said(&json!(["iam:*"]), "NotAction"), "s3:PutObject"));
    assert!(!allows(&said(&json!(["iam:*"]), "NotAction"), "IAM:PassRole"));
    assert!(!allows(&said(&json!([]), "Action"), "s3:GetObject"));
}

#[test]
fn a_secret_between_two_accounts_is_required_only_where_it_has_to_be_said() {
    let with = |operator: &str, value: &str| one(&json!("*"), &json!({operator: {"sts:ExternalId": value}}));
    assert!(requires(&with("StringEquals", "b1946ac9"), "sts:externalid"));
    assert!(!requires(&with("StringLike", "*"), "sts:ExternalId"));
    assert!(!requires(&with("StringEqualsIfExists", "b1946ac9"), "sts:ExternalId"));
    assert!(!requires(&with("StringEquals", "b1946ac9"), "aws:PrincipalTag/team"));
}

fn conditions() -> impl Strategy<Value = Value> {
    let operator = prop::sample::select(vec![
        "StringEquals",
        "StringLike",
        "StringNotEquals",
        "ArnLike",
        "Null",
        "Bool",
        "IpAddress",
        "StringEqualsIfExists",
        "ForAllValues:StringLike",
        "ForAnyValue:StringLike",
        "",
    ]);
    let key = prop::sample::select(vec![
        "aws:PrincipalOrgID",
        "aws:SourceArn",
        "aws:SourceAccount",
        "aws:SourceIp",
        "aws:SecureTransport",
        "x",
        "",
    ]);
    let value = prop::sample::select(vec![
        "*",
        "o-exampleorg1",
        "111122223333",
        "arn:aws:sns:eu-west-3:111122223333:t",
        "0.0.0.0/0",
        "203.0.113.0/24",
        "true",
        "arn:",
        "${",
        "${aws:Resource",
        "",
    ]);
    let one = (operator, key, prop::collection::vec(value, 0..3));
    prop::collection::vec(one, 0..4).prop_map(|conditions| {
        let mut written = serde_json::Map::new();
        for (operator, key, values) in conditions {
            let keys = written.entry(operator).or_insert_with(|| json!({}));
            keys[key] = json!(values);
        }
        Value::Object(written)
    })
}

fn principals() -> impl Strategy<Value = Value> {
    prop::sample::select(vec![
        json!("*"),
        json!({"AWS": "*"}),
        json!({"AWS": ["444455556666", "111122223333"]}),
        json!({"Service": "s3.amazonaws.com"}),
        json!({"AWS": "arn:aws:iam::444455556666:root"}),
    ])
}

fn written(effect: &str, principal: &Value, condition: &Value) -> Value {
    json!({"Effect": effect, "Principal": principal, "Action": "s3:*", "Resource": "*", "Condition": condition})
}

proptest! {
    #[test]
    fn a_further_condition_never_makes_a_statement_public(
        principal in principals(), condition in conditions(), further in conditions(),
    ) {
        let less = one(&principal, &condition);
        let mut more = less.clone();
        more.conditions.extend(one(&principal, &further).conditions);
        prop_assert!(public(&less, &[]) || !public(&more, &[]));
        prop_assert!(confined(&more) || !confined(&less));
    }

    #[test]
    fn a_further_statement_changes_nothing_of_the_others(
        one in (principals(), conditions()), two in (principals(), conditions()), deny in any::<bool>(),
    ) {
        let own: AccountId = "111122223333".parse().unwrap();
        let verdict = |statement: &Statement| {
            (public(statement, &[]), foreign(statement, &[], &own, &[]), allows(statement, "s3:GetObject"), statement.id.clone())
        };
        let first = written("Allow", &one.0, &one.1);
        let second = written(if deny { "Deny" } else { "Allow" }, &two.0, &two.1);
        let alone = statements(&json!({"Statement": [first]}));
        let both = statements(&json!({"Statement": [first, second]}));
        prop_assert_eq!(verdict(&alone[0]), verdict(&both[0]));
    }
}
