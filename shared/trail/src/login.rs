//! The view `login`: how somebody came into the console, or did not.
//!
//! Seen in AWS's examples: `responseElements` with the event's own name and `Success` or `Failure` below it,
//! `additionalEventData.MFAUsed` as `Yes` and `No`, no `errorCode` but an `errorMessage` on failures. Federated
//! sign-ins show `MFAUsed: No` although their provider may have asked.

use crate::openings::Call;
use crate::wire::Node;
use crate::{EventKind, Outcome};
use model::Login;

/// What signin.amazonaws.com calls the steps of coming in.
const NAMES: &[&str] = &[
    "CheckMfa",
    "ConsoleLogin",
    "CredentialChallenge",
    "CredentialVerification",
    "GetSigninToken",
    "RenewRole",
    "SwitchRole",
    "UserAuthentication",
];

/// An odd field is one that says nothing: the rest of a sign-in is worth telling all the same.
pub(crate) fn of(call: &Call<'_>, kind: EventKind) -> Option<Login> {
    let signs_in = call.event.source == "signin.amazonaws.com" && NAMES.contains(&call.event.name.as_str());
    if !signs_in || kind == EventKind::Insight {
        return None;
    }
    let identity = call.record.at("userIdentity");
    let extra = call.record.at("additionalEventData");
    let person = identity.at("type").as_text().unwrap_or_default();
    let by_role = matches!(person, "AssumedRole" | "Role");
    let by_provider = matches!(
        person,
        "SAMLUser" | "WebIdentityUser" | "FederatedUser" | "IdentityCenterUser" | "Directory"
    );
    Some(Login {
        succeeded: succeeded(call),
        mfa: mfa(&extra),
        root: person == "Root",
        federated: by_role || by_provider || !extra.at("SamlProviderArn").is_nothing(),
        instance: by_role && session(&identity).is_some_and(is_instance),
    })
}

/// Failure is said in several places, not in all of them.
fn succeeded(call: &Call<'_>) -> bool {
    let answers =
        ["responseElements", "serviceEventDetails"].map(|key| call.record.at(key).at(&call.event.name));
    let refused = *call.outcome != Outcome::Done || !call.record.at("errorMessage").is_nothing();
    let is_failure =
        |answer: &Node<'_>| answer.as_text().is_some_and(|text| !text.eq_ignore_ascii_case("Success"));
    !refused && !answers.iter().any(is_failure)
}

fn mfa(extra: &Node<'_>) -> Option<bool> {
    match extra.at("MFAUsed").as_text() {
        Some(word) if word.eq_ignore_ascii_case("yes") => Some(true),
        Some(word) if word.eq_ignore_ascii_case("no") => Some(false),
        _ => extra.flag("MFAUsed").ok()?.or_else(|| extra.at("MFAIdentifier").as_text().map(|_| true)),
    }
}

/// `arn:aws:sts::111122223333:assumed-role/web/i-0123456789abcdef0`, `AROA…:i-0123456789abcdef0`.
fn session<'a>(identity: &Node<'a>) -> Option<&'a str> {
    let in_arn = identity.at("arn").as_text().and_then(|arn| arn.rsplit_once('/'));
    let in_principal = || identity.at("principalId").as_text().and_then(|id| id.split_once(':'));
    in_arn.or_else(in_principal).map(|(_, session)| session)
}

fn is_instance(session: &str) -> bool {
    let hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    session.strip_prefix("i-").is_some_and(|id| (8..=17).contains(&id.len()) && id.bytes().all(hex))
}

#[cfg(test)]
#[path = "login_tests.rs"]
mod tests;
