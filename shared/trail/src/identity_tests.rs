use super::*;
use expect_test::{Expect, expect};
use serde_json::{Value, json};

fn shown(actor: &Actor) -> String {
    let raw = |text: &Option<Untrusted>| text.as_ref().map_or("-", Untrusted::raw).to_owned();
    let Actor { kind, name, account, role, session, source_identity, invoked_by, mfa, .. } = actor;
    let account = account.as_ref().map_or("-", |account| account.as_str());
    format!(
        "{kind:?} {} account={account} role={} session={} from={} via={} mfa={mfa:?}",
        name.raw(),
        role.as_deref().unwrap_or("-"),
        raw(session),
        raw(source_identity),
        raw(invoked_by),
    )
}

fn check_in(record: &Value, kind: EventKind, expected: &Expect) {
    let actor = actor(&Node::new(record, ""), kind);
    let answer = actor.as_ref().map_or_else(|error| format!("error: {error}"), shown);
    expected.assert_eq(&answer);
}

fn check(identity: &Value, expected: &Expect) {
    check_in(&json!({ "userIdentity": identity }), EventKind::ApiCall, expected);
}

#[test]
fn people_are_named() {
    check(
        &json!({"type": "Root", "arn": "arn:aws:iam::111122223333:root", "accountId": "111122223333",
                "invokedBy": "signin.amazonaws.com"}),
        &expect!["Root root account=111122223333 role=- session=- from=- via=signin.amazonaws.com mfa=None"],
    );
    check(
        &json!({"type": "IAMUser", "userName": "alice", "accountId": "111122223333"}),
        &expect!["User alice account=111122223333 role=- session=- from=- via=- mfa=None"],
    );
    check(
        &json!({"type": "IdentityCenterUser", "onBehalfOf": {"userId": "94482488"}}),
        &expect!["IdentityCenter 94482488 account=- role=- session=- from=- via=- mfa=None"],
    );
}

#[test]
fn a_session_keeps_its_role_its_name_and_who_started_the_chain() {
    check(
        &json!({"type": "AssumedRole", "principalId": "AROAEXAMPLE:incident-4711",
                "arn": "arn:aws:sts::111122223333:assumed-role/break-glass/incident-4711",
                "sessionContext": {"sourceIdentity": "claire", "attributes": {"mfaAuthenticated": "true"},
                    "sessionIssuer": {"type": "Role", "arn": "arn:aws:iam::111122223333:role/ops/break-glass",
                                      "userName": "break-glass"}}}),
        &expect![
            "Role break-glass/incident-4711 account=- role=arn:aws:iam::111122223333:role/ops/break-glass session=incident-4711 from=claire via=- mfa=Some(true)"
        ],
    );
    check(
        &json!({"type": "AssumedRole", "principalId": "AROAEXAMPLE:i-0123"}),
        &expect!["Role i-0123 account=- role=- session=i-0123 from=- via=- mfa=None"],
    );
    check(
        &json!({"type": "AssumedRole", "arn": "arn:aws-us-gov:sts::111122223333:assumed-role/deploy/x",
                "sessionContext": "", "accountId": ""}),
        &expect!["Role deploy/x account=- role=- session=x from=- via=- mfa=None"],
    );
}

#[test]
fn the_issuer_of_a_federated_user_is_no_role() {
    check(
        &json!({"type": "FederatedUser", "arn": "arn:aws:sts::111122223333:federated-user/bob",
                "sessionContext": {"sessionIssuer": {"type": "IAMUser", "arn": "arn:aws:iam::111122223333:user/broker"}}}),
        &expect!["Federated bob account=- role=- session=- from=- via=- mfa=None"],
    );
    check(
        &json!({"type": "WebIdentityUser", "principalId": "accounts.example.com:app:id", "userName": "id"}),
        &expect!["Federated id account=- role=- session=- from=- via=- mfa=None"],
    );
}

#[test]
fn other_accounts_and_services_are_no_people() {
    check(
        &json!({"type": "AWSAccount", "principalId": "AIDAEXAMPLE", "accountId": "444455556666"}),
        &expect!["Account 444455556666 account=444455556666 role=- session=- from=- via=- mfa=None"],
    );
    check(
        &json!({"type": "AWSAccount", "principalId": "", "accountId": "ANONYMOUS_PRINCIPAL"}),
        &expect!["Account ANONYMOUS_PRINCIPAL account=- role=- session=- from=- via=- mfa=None"],
    );
    check(
        &json!({"type": "AWSService", "invokedBy": "lambda.amazonaws.com"}),
        &expect![
            "Service lambda.amazonaws.com account=- role=- session=- from=- via=lambda.amazonaws.com mfa=None"
        ],
    );
}

#[test]
fn a_service_event_without_a_type_is_the_services_own() {
    let record = json!({"userIdentity": {"accountId": "111122223333", "invokedBy": "AWS Internal"}});
    check_in(
        &record,
        EventKind::ServiceEvent,
        &expect![
            "Service AWS Internal account=111122223333 role=- session=- from=- via=AWS Internal mfa=None"
        ],
    );
    check_in(
        &record,
        EventKind::ApiCall,
        &expect![
            "Unknown 111122223333 account=111122223333 role=- session=- from=- via=AWS Internal mfa=None"
        ],
    );
}

#[test]
fn whoever_is_not_known_is_unknown_and_no_error() {
    check_in(
        &json!({}),
        EventKind::ApiCall,
        &expect!["Unknown unknown account=- role=- session=- from=- via=- mfa=None"],
    );
    for nobody in [json!(null), json!({}), json!("")] {
        check(&nobody, &expect!["Unknown unknown account=- role=- session=- from=- via=- mfa=None"]);
    }
    check(&json!("someone"), &expect!["Unknown someone account=- role=- session=- from=- via=- mfa=None"]);
    check(
        &json!({"type": "Martian", "userName": "m"}),
        &expect!["Unknown m account=- role=- session=- from=- via=- mfa=None"],
    );
}

#[test]
fn a_value_of_the_wrong_type_names_its_path() {
    check(&json!({"type": 7}), &expect!["error: userIdentity.type: expected a text, found a number"]);
    check(&json!([1]), &expect!["error: userIdentity: expected an object, found a list"]);
    check(
        &json!({"type": "AssumedRole", "sessionContext": {"attributes": {"mfaAuthenticated": "perhaps"}}}),
        &expect![
            "error: userIdentity.sessionContext.attributes.mfaAuthenticated: expected true or false, found a text"
        ],
    );
}

#[test]
fn the_console_tells_the_second_factor_beside_the_identity() {
    let record =
        json!({"userIdentity": {"type": "Root"}, "additionalEventData": {"MFAUsed": "No"}, "userAgent": "x"});
    check_in(
        &record,
        EventKind::ConsoleSignIn,
        &expect!["Root root account=- role=- session=- from=- via=- mfa=Some(false)"],
    );
}
