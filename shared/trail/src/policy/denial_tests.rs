use crate::policy::tests::statements;
use crate::policy::{foreign, public};
use model::Statement;
use proptest::prelude::*;
use serde_json::{Value, json};

const ALL: &str = "arn:aws:s3:::yourmedia-assets/*";

/// An allowance for everyone, with a denial beside it.
fn policy(denial: &Value) -> Vec<Statement> {
    let allow = json!({"Effect": "Allow", "Principal": "*", "Action": "s3:Get*", "Resource": ALL});
    statements(&json!({"Statement": [allow, denial]}))
}

fn denial(further: &Value) -> Value {
    let mut denial = json!({"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": ["arn:aws:s3:::yourmedia-assets", ALL]});
    denial.as_object_mut().unwrap().extend(further.as_object().unwrap().clone());
    denial
}

fn is_public(further: &Value) -> bool {
    let policy = policy(&denial(further));
    public(&policy[0], &policy)
}

#[test]
fn a_denial_of_all_strangers_closes_what_everyone_is_allowed() {
    for further in [
        json!({}),
        json!({"Action": "*", "Resource": "*"}),
        json!({"Condition": {"StringNotEquals": {"aws:PrincipalOrgID": "o-exampleorg1"}}}),
        json!({"Condition": {"StringNotEqualsIfExists": {"aws:PrincipalOrgID": "o-exampleorg1"}}}),
        json!({"Condition": {"StringNotEquals": {"aws:SourceVpce": ["vpce-0123", "vpce-0456"]}}}),
        json!({"Condition": {"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}}}),
        json!({"Condition": {"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::111122223333:role/*"}}}),
        json!({"Condition": {"StringNotEquals": {"aws:PrincipalOrgID": "o-exampleorg1"}, "NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}}}),
        json!({"Condition": {"StringNotEquals": {"aws:PrincipalOrgID": "o-exampleorg1"}, "BoolIfExists": {"aws:PrincipalIsAWSService": "false"}}}),
        json!({"Principal": null, "NotPrincipal": {"AWS": "arn:aws:iam::111122223333:role/reader"}}),
    ] {
        assert!(!is_public(&further), "{further}");
    }
}

#[test]
fn a_denial_of_some_leaves_it_open() {
    for further in [
        json!({"Effect": "Allow"}),
        json!({"Principal": {"AWS": "444455556666"}}),
        json!({"Action": "s3:GetObject"}),
        json!({"Action": "s3:Get?"}),
        json!({"Action": null, "NotAction": "s3:Put*"}),
        json!({"Resource": "arn:aws:s3:::yourmedia-assets/private/*"}),
        json!({"Condition": {"Bool": {"aws:SecureTransport": "false"}}}),
        json!({"Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-exampleorg1"}}}),
        json!({"Condition": {"StringNotEquals": {"s3:x-amz-acl": "private"}}}),
        json!({"Condition": {"StringNotLike": {"aws:PrincipalOrgID": "o-*"}}}),
        json!({"Condition": {"NotIpAddress": {"aws:SourceIp": ["0.0.0.0/1", "128.0.0.0/1"]}}}),
        json!({"Condition": {"ForAnyValue:StringNotEquals": {"aws:PrincipalOrgID": "o-exampleorg1"}}}),
        json!({"Condition": {"Null": {"aws:PrincipalOrgID": "true"}}}),
        // Only who is neither of the organisation nor asks over plain HTTP is denied.
        json!({"Condition": {"StringNotEquals": {"aws:PrincipalOrgID": "o-exampleorg1"}, "Bool": {"aws:SecureTransport": "false"}}}),
        json!({"Principal": null, "NotPrincipal": {"AWS": "*"}}),
    ] {
        assert!(is_public(&further), "{further}");
    }
}

#[test]
fn two_denials_close_what_each_leaves() {
    let denials = ["aws:SourceVpce", "aws:SourceIp"].map(|key| match key {
        "aws:SourceIp" => denial(&json!({"Condition": {"NotIpAddress": {key: "0.0.0.0/0"}}})),
        key => denial(&json!({"Condition": {"StringNotEquals": {key: "vpce-0123"}}})),
    });
    let allow = json!({"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": ALL});
    let policy = statements(&json!({"Statement": [denials[1], allow, denials[0]]}));
    assert!(!public(&policy[1], &policy));
    let policy = statements(&json!({"Statement": [denials[1], allow]}));
    assert!(public(&policy[1], &policy), "the whole internet is spared");
}

#[test]
fn whom_a_denial_spares_may_be_foreign() {
    let own = "111122223333".parse().unwrap();
    let is_foreign = |further: &Value| {
        let policy = policy(&denial(further));
        foreign(&policy[0], &policy, &own, &["222233334444"])
    };
    let unless =
        |accounts: Value| json!({"Condition": {"StringNotEquals": {"aws:PrincipalAccount": accounts}}});
    assert!(is_foreign(&unless(json!("444455556666"))));
    assert!(is_foreign(&unless(json!(["111122223333", "444455556666"]))));
    assert!(!is_foreign(&unless(json!(["111122223333", "222233334444"]))));
    assert!(!is_foreign(&json!({"Condition": {"StringNotEquals": {"aws:PrincipalOrgID": "o-exampleorg1"}}})));
    assert!(is_foreign(&json!({"Principal": null, "NotPrincipal": {"AWS": "444455556666"}})));
    assert!(!is_foreign(&json!({})));
}

#[test]
fn too_many_denials_leave_the_statement_as_it_stands() {
    let two =
        json!({"StringNotEquals": {"aws:PrincipalOrgID": "o-exampleorg1", "aws:SourceVpce": "vpce-0123"}});
    let many = vec![denial(&json!({"Condition": two})); 7];
    let allow = json!({"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": ALL});
    let all: Vec<Value> = [allow].into_iter().chain(many).collect();
    let policy = statements(&json!({"Statement": all}));
    assert!(public(&policy[0], &policy));
}

fn any_key_and_values() -> impl Strategy<Value = (&'static str, Vec<&'static str>)> {
    const VALUES: &[&str] = &[
        "o-exampleorg1",
        "o-*",
        "vpce-0123",
        "111122223333",
        "444455556666",
        "arn:aws:iam::111122223333:role/*",
        "*",
    ];
    const KEYS: &[&str] = &[
        "aws:PrincipalOrgID",
        "aws:SourceVpce",
        "aws:PrincipalAccount",
        "aws:PrincipalArn",
        "s3:x-amz-acl",
        "aws:userid",
    ];
    (prop::sample::select(KEYS), prop::sample::subsequence(VALUES, 1..3))
}

proptest! {
    #[test]
    fn to_deny_all_but_some_is_to_allow_those(
        (key, values) in any_key_and_values(),
        (operator, turned) in prop::sample::select(&[("StringEquals", "StringNotEquals"), ("StringLike", "StringNotLike"), ("ArnLike", "ArnNotLike")][..]),
    ) {
        let own = "111122223333".parse().unwrap();
        let denied = policy(&denial(&json!({"Condition": {turned: {key: values}}})));
        let allow = json!({"Effect": "Allow", "Principal": "*", "Action": "s3:Get*", "Resource": ALL, "Condition": {operator: {key: values}}});
        let allowed = statements(&json!({"Statement": allow}));
        prop_assert_eq!(public(&denied[0], &denied), public(&allowed[0], &allowed));
        prop_assert_eq!(foreign(&denied[0], &denied, &own, &[]), foreign(&allowed[0], &allowed, &own, &[]));
    }
}
