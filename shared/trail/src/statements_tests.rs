use crate::parse_record;
use expect_test::{Expect, expect};
use model::Statement;
use proptest::prelude::*;
use serde_json::{Value, json};

fn read(source: &str, name: &str, request: &Value) -> Result<Vec<Statement>, String> {
    let record = json!({
        "eventVersion": "1.11",
        "userIdentity": {"type": "Root", "accountId": "111122223333"},
        "eventTime": "2026-11-20T08:42:55Z",
        "eventSource": source,
        "eventName": name,
        "awsRegion": "eu-west-3",
        "requestParameters": request,
        "eventID": "91b5a3de-55a1-4f3a-8f2f-0d7a6fbe1004",
        "recipientAccountId": "111122223333",
    });
    let change = parse_record(record.to_string().as_bytes()).unwrap();
    change.statements().map(<[Statement]>::to_vec).map_err(ToString::to_string)
}

fn of_bucket(policy: &Value) -> Result<Vec<Statement>, String> {
    read(
        "s3.amazonaws.com",
        "PutBucketPolicy",
        &json!({"bucketName": "b", "bucketPolicy": policy, "policy": ""}),
    )
}

fn line(statement: &Statement) -> String {
    let text = serde_json::to_value(statement).unwrap();
    let field = |name: &str| text.get(name).map_or_else(|| "-".to_owned(), Value::to_string);
    let fields = ["principals", "actions", "resources", "conditions"].map(field);
    format!("{} {}: {}\n", statement.id.raw(), statement.effect.word(), fields.join(" "))
}

fn check(source: &str, name: &str, request: &Value, expected: &Expect) {
    let lines = |statements: Vec<Statement>| statements.iter().map(line).collect::<String>();
    expected.assert_eq(&read(source, name, request).map_or_else(|error| format!("error: {error}\n"), lines));
}

#[test]
fn each_call_has_its_policy_in_a_field_of_its_own() {
    let policy = r#"{"Statement": {"Sid": "One", "Effect": "Allow", "Principal": "*", "Action": "*"}}"#;
    for (source, name, request) in [
        ("s3", "PutBucketPolicy", json!({"policy": policy})),
        ("s3", "PutAccessPointPolicy", json!({"PutAccessPointPolicyRequest": {"Policy": policy}})),
        ("kms", "PutKeyPolicy", json!({"policy": policy})),
        ("sns", "SetTopicAttributes", json!({"attributeName": "Policy", "attributeValue": policy})),
        ("sns", "CreateTopic", json!({"attributes": {"Policy": policy}})),
        ("sqs", "SetQueueAttributes", json!({"attributes": {"Policy": policy}})),
        (
            "sqs",
            "CreateQueue",
            json!({"attribute": [{"name": "DelaySeconds", "value": "1"}, {"name": "Policy", "value": policy}]}),
        ),
        ("ecr", "SetRepositoryPolicy", json!({"policyText": policy})),
        ("secretsmanager", "PutResourcePolicy", json!({"resourcePolicy": policy})),
        ("iam", "CreateRole", json!({"assumeRolePolicyDocument": policy})),
        ("iam", "UpdateAssumeRolePolicy", json!({"policyDocument": policy})),
        ("iam", "PutRolePolicy", json!({"policyDocument": policy})),
        ("iam", "CreatePolicyVersion", json!({"policyDocument": policy})),
        ("elasticfilesystem", "PutFileSystemPolicy", json!({"policy": policy})),
        ("es", "UpdateDomainConfig", json!({"accessPolicies": policy})),
        ("glacier", "SetVaultAccessPolicy", json!({"policy": {"policy": policy}})),
    ] {
        let statements = read(&format!("{source}.amazonaws.com"), name, &request).unwrap();
        assert_eq!(statements.len(), 1, "{source} {name}");
        assert!(crate::policy::public(&statements[0], &statements), "{source} {name}");
    }
}

#[test]
fn lambda_s_and_sns_s_permissions_are_statements() {
    let request = json!({
        "functionName": "thumbs", "statementId": "open", "action": "lambda:InvokeFunction",
        "principal": "s3.amazonaws.com", "sourceAccount": "111122223333", "sourceArn": "arn:aws:s3:::uploads",
    });
    check(
        "lambda.amazonaws.com",
        "AddPermission20150331v2",
        &request,
        &expect![[r#"
        lambda/thumbs/open Allow: {"these":[["Service","s3.amazonaws.com"]]} {"these":["lambda:InvokeFunction"]} - [{"key":"AWS:SourceAccount","operator":"StringEquals","values":["111122223333"]},{"key":"AWS:SourceArn","operator":"ArnLike","values":["arn:aws:s3:::uploads"]}]
    "#]],
    );
    check(
        "lambda.amazonaws.com",
        "AddPermission20150331",
        &json!({"principal": "*"}),
        &expect![[r#"
        error: requestParameters.action: expected an action, found nothing
    "#]],
    );
    let request = json!({"topicArn": "arn:aws:sns:eu-west-3:111122223333:t", "label": "x", "aWSAccountIds": ["444455556666"], "actionNames": ["Publish"]});
    check(
        "sns.amazonaws.com",
        "AddPermission",
        &request,
        &expect![[r#"
        sns/arn:aws:sns:eu-west-3:111122223333:t/x Allow: {"these":[["AWS","444455556666"]]} {"these":["Publish"]} - -
    "#]],
    );
}

#[test]
fn a_policy_that_is_not_there_says_nothing() {
    for policy in [json!(null), json!(""), json!("  "), json!({}), json!("{}"), json!({"Statement": []})] {
        assert_eq!(of_bucket(&policy), Ok(Vec::new()), "{policy}");
    }
    let other = json!({"attributeName": "DisplayName", "attributeValue": "Policy"});
    assert_eq!(read("sns.amazonaws.com", "SetTopicAttributes", &other), Ok(Vec::new()));
    assert_eq!(read("es.amazonaws.com", "UpdateDomainConfig", &json!({"domainName": "d"})), Ok(Vec::new()));
    assert_eq!(read("s3.amazonaws.com", "DeleteBucketPolicy", &json!({"bucketName": "b"})), Ok(Vec::new()));
}

#[test]
fn what_is_no_policy_is_told_and_never_passed_over() {
    let error = |policy: Value| of_bucket(&policy).unwrap_err();
    let checks = [
        (json!("not JSON"), "requestParameters.bucketPolicy: `not JSON` is not a policy in JSON"),
        (json!("%zz"), "requestParameters.bucketPolicy: `%zz` is not a policy in JSON"),
        (json!([1]), "requestParameters.bucketPolicy: expected an object, found a list"),
        (
            json!({"Version": "2012-10-17"}),
            "requestParameters.bucketPolicy.Statement: expected what the policy says, found nothing",
        ),
        (
            json!({"omitted": true}),
            "requestParameters.bucketPolicy: CloudTrail left it out because it is oversized",
        ),
        (
            json!({"Statement": {"Effect": "Perhaps"}}),
            "requestParameters.bucketPolicy.Statement.Effect: `Perhaps` is not an effect",
        ),
        (
            json!({"Statement": [{"Effect": "Allow"}, {"Effect": "Allow", "Action": [{}]}]}),
            "requestParameters.bucketPolicy.Statement[1].Action[0]: expected a text, found an object",
        ),
        (
            json!({"Statement": {"Effect": "Allow", "Action": "a", "NotAction": "b"}}),
            "requestParameters.bucketPolicy.Statement.NotAction: expected nothing beside the opposite, found a second list",
        ),
    ];
    for (policy, expected) in checks {
        assert_eq!(error(policy), expected);
    }
    let twice = r#"{"Statement": [], "Statement": [{"Effect": "Allow"}]}"#;
    assert!(error(json!(twice)).ends_with("is not a policy in JSON"));
    let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
    assert!(error(json!(deep)).ends_with("is not a policy in JSON"));
    assert_eq!(
        error(json!({"Statement": {"Effect": "Allow", "Action": "x".repeat(200_000)}})),
        "requestParameters.bucketPolicy.Statement.Action: more than a policy holds"
    );
    let omitted = json!({"omitted": true, "originalSize": 104_221, "reason": "requestParameters too large"});
    assert_eq!(
        read("iam.amazonaws.com", "PutRolePolicy", &omitted).unwrap_err(),
        "requestParameters: CloudTrail left it out because it is oversized"
    );
    assert!(read("iam.amazonaws.com", "PutRolePolicy", &json!(null)).is_err());
}

#[test]
fn twenty_kilobytes_and_two_hundred_statements_are_an_ordinary_policy() {
    let statement = |at: usize| {
        let sid = format!("S{}", at % 150);
        json!({"Sid": sid, "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": format!("arn:aws:s3:::b/{at}")})
    };
    let policy = json!({"Statement": (0..200).map(statement).collect::<Vec<_>>()});
    assert!(policy.to_string().len() > 20_000);
    let statements = of_bucket(&json!(policy.to_string())).unwrap();
    let ids: std::collections::BTreeSet<&str> = statements.iter().map(|one| one.id.raw()).collect();
    assert_eq!(ids.len(), 200, "a `Sid` that is there twice names one of the two");
    assert_eq!((statements[149].id.raw(), statements[150].id.raw()), ("s3/b/S149", "s3/b/#151"));
}

fn encoded(text: &str) -> String {
    text.bytes()
        .map(
            |byte| {
                if byte.is_ascii_alphanumeric() {
                    char::from(byte).to_string()
                } else {
                    format!("%{byte:02X}")
                }
            },
        )
        .collect()
}

/// One or many of these texts, in the three ways that IAM takes them.
fn texts() -> impl Strategy<Value = Value> {
    let text = "[a-z*:/é \"\\\\%+#{}-]{0,12}";
    prop_oneof![
        text.prop_map(|text| json!(text)),
        prop::collection::vec(text, 0..3).prop_map(|list| json!(list))
    ]
}

fn policies() -> impl Strategy<Value = Value> {
    let statement =
        (texts(), texts(), prop::option::of(texts()), any::<bool>(), prop::option::of("[A-Za-z0-9]{1,6}"));
    let statement = statement.prop_map(|(names, actions, values, deny, sid)| {
        let mut one = json!({"Effect": if deny { "Deny" } else { "Allow" }, "Principal": {"AWS": names}, "Action": actions});
        if let Some(values) = values {
            one["Condition"] = json!({"StringLike": {"aws:PrincipalArn": values}});
        }
        if let Some(sid) = sid {
            one["Sid"] = json!(sid);
        }
        one
    });
    prop::collection::vec(statement, 1..4)
        .prop_map(|list| json!({"Version": "2012-10-17", "Statement": list}))
}

fn anything() -> impl Strategy<Value = Value> {
    let key = prop::sample::select(vec![
        "Statement",
        "Effect",
        "Principal",
        "Action",
        "Condition",
        "policy",
        "items",
        "AWS",
        "Sid",
        "x",
        "attributes",
        "omitted",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(|n| json!(n)),
        any::<String>().prop_map(|text| json!(text)),
        Just(json!("Allow")),
        Just(json!("{\"Statement\": 1}")),
        Just(json!("%7b%7d")),
    ];
    leaf.prop_recursive(5, 40, 5, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(|list| json!(list)),
            prop::collection::vec((key.clone(), inner), 0..5)
                .prop_map(|fields| fields.into_iter().map(|(k, v)| (k.to_owned(), v)).collect()),
        ]
    })
}

proptest! {
    #[test]
    fn the_five_ways_to_write_a_policy_agree(policy in policies()) {
        let text = policy.to_string();
        let expected = of_bucket(&policy).unwrap();
        for written in [json!(text), json!(encoded(&text)), json!({"policy": text}), json!({"policy": {"policy": policy}})] {
            prop_assert_eq!(of_bucket(&written), Ok(expected.clone()), "{}", written);
        }

    }

    #[test]
    fn one_and_a_list_of_one_are_the_same(policy in policies()) {
        let mut alone = policy.clone();
        alone["Statement"] = policy["Statement"][0].clone();
        let first = of_bucket(&policy).unwrap().remove(0);
        prop_assert_eq!(of_bucket(&alone), Ok(vec![first]));
    }

    #[test]
    fn any_json_is_understood_or_refused(value in anything(), name in prop::sample::select(vec![
        ("s3", "PutBucketPolicy"), ("sns", "SetTopicAttributes"), ("sqs", "AddPermission"), ("lambda", "AddPermission20150331v2"),
        ("iam", "CreateRole"),
    ])) {
        let _ = of_bucket(&value);
        let _ = read(&format!("{}.amazonaws.com", name.0), name.1, &value);
    }
}
