use super::*;
use expect_test::{Expect, expect};
use serde_json::json;

fn envelope(changes: &Value) -> Value {
    let record = include_str!("../../../events/ec2/AuthorizeSecurityGroupIngress/ipv4-world.json");
    let mut envelope = json!({
        "version": "0", "id": "12345678-aaaa-bbbb-cccc-123456789012", "detail-type": "AWS API Call via CloudTrail",
        "source": "aws.ec2", "account": "111122223333", "time": "2026-11-20T08:14:05Z", "region": "eu-west-3",
        "resources": [], "detail": serde_json::from_str::<Value>(record).unwrap(),
    });
    for (path, value) in changes.as_object().unwrap() {
        *envelope.pointer_mut(path).unwrap() = value.clone();
    }
    envelope
}

fn check(changes: &Value, expected: &Expect) {
    let answer = match parse_envelope(envelope(changes).to_string().as_bytes()) {
        Err(error) => format!("error: {error}"),
        Ok(envelope) => envelope.distrust().map_or("believed".to_owned(), |distrust| distrust.to_string()),
    };
    expected.assert_eq(&answer);
}

#[test]
fn what_aws_sends_is_believed() {
    check(&json!({}), &expect!["believed"]);
    for detail_type in DETAIL_TYPES {
        check(&json!({ "/detail-type": detail_type }), &expect!["believed"]);
    }
}

#[test]
fn what_somebody_else_could_send_is_not() {
    check(&json!({"/source": "x"}), &expect!["`x` does not send events of `ec2.amazonaws.com`"]);
    check(&json!({"/source": "aws.iam"}), &expect!["`aws.iam` does not send events of `ec2.amazonaws.com`"]);
    check(&json!({"/source": "AWS.EC2"}), &expect!["`AWS.EC2` does not send events of `ec2.amazonaws.com`"]);
    check(&json!({"/detail-type": "My Call"}), &expect!["detail-type `My Call` is not one of CloudTrail's"]);
    check(
        &json!({"/account": "444455556666"}),
        &expect!["the envelope is of account 444455556666, the record of 111122223333"],
    );
    check(
        &json!({"/detail/recipientAccountId": "444455556666"}),
        &expect!["the envelope is of account 111122223333, the record of 444455556666"],
    );
    check(
        &json!({"/region": "us-east-1"}),
        &expect!["the envelope is of region us-east-1, the record of eu-west-3"],
    );
}

#[test]
fn an_error_names_the_path_from_the_envelope_on() {
    check(
        &json!({"/detail/userIdentity/type": 1}),
        &expect!["error: detail.userIdentity.type: expected a text, found a number"],
    );
    check(&json!({"/detail/eventID": "x"}), &expect!["error: detail.eventID: malformed event id `x`"]);
    check(&json!({"/detail": null}), &expect!["error: detail: expected an object, found nothing"]);
    check(&json!({"/detail": "text"}), &expect!["error: detail: expected an object, found a text"]);
    check(&json!({"/account": 12}), &expect!["error: account: expected a text, found a number"]);
    check(&json!({"/source": null}), &expect!["error: source: expected a text, found nothing"]);
}

#[test]
fn the_source_is_the_first_label_of_the_event_source() {
    assert_eq!(envelope_source("ec2.amazonaws.com"), "aws.ec2");
    assert_eq!(envelope_source("sso-directory.amazonaws.com"), "aws.sso-directory");
}
