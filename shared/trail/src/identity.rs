//! `userIdentity` to [`Actor`].

use crate::EventKind;
use crate::error::Misread;
use crate::wire::Node;
use model::{Actor, ActorKind, Untrusted};

/// Who made the change. What is absent or has an unknown type is an unknown actor, never an error; a value of the
/// wrong JSON type is one.
pub(crate) fn actor(record: &Node<'_>, kind: EventKind) -> Result<Actor, Misread> {
    let user_agent = record.text("userAgent")?.map(Untrusted::from);
    let identity = record.at("userIdentity");
    if let Some(text) = identity.as_text() {
        return Ok(Actor { name: text.into(), user_agent, ..Actor::unknown() });
    }
    if identity.is_nothing() {
        return Ok(Actor { user_agent, ..Actor::unknown() });
    }
    identity.needs_object()?;
    let invoked_by = identity.text("invokedBy")?;
    let session = identity.at("sessionContext");
    let (arn, principal) = (identity.text("arn")?, identity.text("principalId")?);
    let actor_kind = kind_of(identity.text("type")?, kind, invoked_by);
    let role = role(&session)?;
    let session_name = if actor_kind == ActorKind::Role { session_name(arn, principal) } else { None };
    Ok(Actor {
        kind: actor_kind,
        name: name(actor_kind, &identity, session_name)?,
        // Not always an account: `ANONYMOUS_PRINCIPAL` is written here too.
        account: identity.text("accountId")?.and_then(|text| text.parse().ok()),
        arn: arn.map(str::to_owned),
        role: role.map(str::to_owned),
        session: session_name.map(Untrusted::from),
        source_identity: session.text("sourceIdentity")?.map(Untrusted::from),
        invoked_by: invoked_by.map(Untrusted::from),
        user_agent,
        mfa: mfa(record, &session)?,
    })
}

/// Root through the console has `invokedBy: signin.amazonaws.com` and stays root.
fn kind_of(written: Option<&str>, kind: EventKind, invoked_by: Option<&str>) -> ActorKind {
    match written {
        Some("Root") => ActorKind::Root,
        Some("IAMUser") => ActorKind::User,
        Some("AssumedRole" | "Role") => ActorKind::Role,
        Some("FederatedUser" | "SAMLUser" | "WebIdentityUser" | "Directory") => ActorKind::Federated,
        Some("AWSAccount") => ActorKind::Account,
        Some("AWSService") => ActorKind::Service,
        Some("IdentityCenterUser") => ActorKind::IdentityCenter,
        // What a service does on its own (key rotation) is written without a type.
        None if kind == EventKind::ServiceEvent && invoked_by.is_some() => ActorKind::Service,
        _ => ActorKind::Unknown,
    }
}

/// The issuer of a federated user's session is a user or root, and no role.
fn role<'a>(session: &Node<'a>) -> Result<Option<&'a str>, Misread> {
    let issuer = session.at("sessionIssuer");
    let is_role = issuer.text("type")?.is_none_or(|kind| kind == "Role");
    issuer.text("arn").map(|arn| arn.filter(|_| is_role))
}

/// `arn:aws:sts::111122223333:assumed-role/deploy/terraform`, `AROA…:terraform`.
fn session_name<'a>(arn: Option<&'a str>, principal: Option<&'a str>) -> Option<&'a str> {
    let in_arn = arn
        .and_then(|arn| arn.split_once(":assumed-role/"))
        .and_then(|(_, rest)| rest.split_once('/').map(|(_, session)| session));
    let in_principal =
        || principal.and_then(|principal| principal.split_once(':').map(|(_, session)| session));
    in_arn.or_else(in_principal).filter(|name| !name.is_empty())
}

fn name(kind: ActorKind, identity: &Node<'_>, session_name: Option<&str>) -> Result<Untrusted, Misread> {
    let arn = identity.text("arn")?;
    let tail = arn.and_then(|arn| arn.rsplit(['/', ':']).next()).filter(|tail| !tail.is_empty());
    let session = identity.at("sessionContext");
    let user_name = identity.text("userName")?;
    let issuer_name = session.at("sessionIssuer").text("userName")?;
    let role_name = || issuer_name.or_else(|| arn?.split_once(":assumed-role/")?.1.split('/').next());
    let on_behalf_of = identity.at("onBehalfOf").text("userId")?;
    let (account, principal) = (identity.text("accountId")?, identity.text("principalId")?);
    let called = match kind {
        ActorKind::Root => Some("root".to_owned()),
        ActorKind::Role => match (role_name(), session_name) {
            (Some(role), Some(session)) => Some(format!("{role}/{session}")),
            (role, session) => role.or(session).map(str::to_owned),
        },
        ActorKind::Account => account.or(principal).map(str::to_owned),
        ActorKind::Service => identity.text("invokedBy")?.or(principal).map(str::to_owned),
        ActorKind::IdentityCenter => user_name.or(on_behalf_of).or(principal).map(str::to_owned),
        ActorKind::User | ActorKind::Federated | ActorKind::Unknown => {
            user_name.or(tail).or(principal).or(account).map(str::to_owned)
        }
    };
    Ok(Untrusted::new(called.unwrap_or_else(|| "unknown".to_owned())))
}

/// The console says it beside the identity, and only there.
fn mfa(record: &Node<'_>, session: &Node<'_>) -> Result<Option<bool>, Misread> {
    let in_session = session.at("attributes").flag("mfaAuthenticated")?;
    let at_sign_in = match record.at("additionalEventData").at("MFAUsed").as_text() {
        Some("Yes") => Some(true),
        Some("No") => Some(false),
        _ => None,
    };
    Ok(in_session.or(at_sign_in))
}

#[cfg(test)]
#[path = "identity_tests.rs"]
mod tests;
