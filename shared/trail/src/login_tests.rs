use crate::sample::{any_json, with};
use model::Login;
use proptest::prelude::*;
use serde_json::{Value, json};

fn read(name: &str, more: &Value) -> Option<Login> {
    let mut all = json!({"eventType": "AwsConsoleSignIn", "requestParameters": null, "responseElements": {name: "Success"}});
    for (key, value) in more.as_object().unwrap() {
        all[key] = value.clone();
    }
    with("signin", name, &Value::Null, &Value::Null, &all).login().copied()
}

fn user() -> Value {
    json!({"type": "IAMUser", "arn": "arn:aws:iam::111122223333:user/lea.dubois", "accountId": "111122223333"})
}

fn session(name: &str) -> Value {
    json!({"type": "AssumedRole", "principalId": format!("AROAEXAMPLE0000000001:{name}"),
        "arn": format!("arn:aws:sts::111122223333:assumed-role/web/{name}"), "accountId": "111122223333"})
}

const PLAIN: Login = Login { succeeded: true, mfa: None, root: false, federated: false, instance: false };

#[test]
fn the_second_factor_is_what_the_event_says_and_no_more() {
    let mfa = |extra: Value| {
        read("ConsoleLogin", &json!({"userIdentity": user(), "additionalEventData": extra})).unwrap().mfa
    };
    assert_eq!(mfa(json!({"MFAUsed": "Yes"})), Some(true));
    assert_eq!(mfa(json!({"MFAUsed": "No"})), Some(false));
    assert_eq!(mfa(json!({"MFAUsed": "NO"})), Some(false));
    assert_eq!(mfa(json!({"MFAUsed": true})), Some(true));
    assert_eq!(mfa(json!({"MFAIdentifier": "arn:aws:iam::111122223333:mfa/lea"})), Some(true));
    for odd in [json!({}), json!(null), json!({"MFAUsed": {}}), json!({"MFAUsed": "Perhaps"}), json!("No")] {
        assert_eq!(mfa(odd.clone()), None, "{odd}");
    }
}

#[test]
fn a_failure_is_seen_wherever_it_is_said() {
    let succeeded = |more: Value| read("ConsoleLogin", &more).unwrap().succeeded;
    assert!(succeeded(json!({})));
    assert!(succeeded(json!({"responseElements": null})));
    for more in [
        json!({"responseElements": {"ConsoleLogin": "Failure"}, "errorMessage": "Failed authentication"}),
        json!({"responseElements": {"ConsoleLogin": "Failure"}}),
        json!({"responseElements": null, "errorMessage": "Failed authentication"}),
        json!({"errorCode": "AccessDenied"}),
        json!({"eventType": "AwsServiceEvent", "responseElements": null, "serviceEventDetails": {"ConsoleLogin": "Failure"}}),
    ] {
        assert!(!succeeded(more.clone()), "{more}");
    }
}

#[test]
fn who_came_in_and_through_what_is_told_apart() {
    let login = |identity: Value, extra: Value| {
        read("ConsoleLogin", &json!({"userIdentity": identity, "additionalEventData": extra})).unwrap()
    };
    assert_eq!(login(user(), json!({})), PLAIN);
    assert_eq!(
        login(json!({"type": "Root", "accountId": "111122223333"}), json!({})),
        Login { root: true, ..PLAIN }
    );
    assert_eq!(login(session("claire.martin"), json!({})), Login { federated: true, ..PLAIN });
    let saml = json!({"SamlProviderArn": "arn:aws:iam::111122223333:saml-provider/okta", "MFAUsed": "No"});
    assert_eq!(login(user(), saml), Login { federated: true, mfa: Some(false), ..PLAIN });
    for kind in ["SAMLUser", "IdentityCenterUser", "WebIdentityUser", "FederatedUser"] {
        assert!(login(json!({"type": kind}), json!({})).federated, "{kind}");
    }
    for name in ["i-0123456789abcdef0", "i-1a2b3c4d"] {
        assert!(login(session(name), json!({})).instance, "{name}");
    }
    let without_arn = json!({"type": "AssumedRole", "principalId": "AROAEXAMPLE0000000001:i-1a2b3c4d"});
    assert!(login(without_arn, json!({})).instance);
    for name in ["i-123", "i-0123456789abcdef01", "i-ABCDEF012", "i-", "xi-1a2b3c4d", "i-1a2b3c4d.example"] {
        assert!(!login(session(name), json!({})).instance, "{name}");
    }
    let named_so = json!({"type": "IAMUser", "arn": "arn:aws:iam::111122223333:user/i-1a2b3c4d"});
    assert!(!login(named_so, json!({})).instance);
}

#[test]
fn only_the_steps_of_a_sign_in_are_one() {
    for name in ["ConsoleLogin", "SwitchRole", "CheckMfa", "GetSigninToken"] {
        assert!(read(name, &json!({})).is_some(), "{name}");
    }
    for name in ["ExitRole", "PasswordRecoveryRequested", "EmailUpdated"] {
        assert_eq!(read(name, &json!({})), None, "{name}");
    }
    assert_eq!(read("ConsoleLogin", &json!({"eventSource": "ec2.amazonaws.com"})), None);
    let insight = json!({"eventType": "AwsCloudTrailInsight"});
    assert_eq!(read("ConsoleLogin", &insight), None);
}

proptest! {
    #[test]
    fn odd_fields_never_stop_a_sign_in_from_being_told(
        extra in any_json(&["MFAUsed", "SamlProviderArn", "MFAIdentifier"], &["Yes", "No"]),
        response in any_json(&["ConsoleLogin"], &["Success", "Failure"]),
    ) {
        let login = read("ConsoleLogin", &json!({"additionalEventData": extra, "responseElements": response}));
        prop_assert!(login.is_some());
    }
}
