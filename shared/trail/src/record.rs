//! A JSON value to [`Change`].

use crate::error::quoted;
use crate::wire::Node;
use crate::{Change, EventKind, Outcome, ParseError, strict};
use crate::{encryption, grants, identity, login, openings, policy_calls, resource, shares};
use model::{AccountId, EventRef, MalformedId, Region};
use serde_json::Value;

/// The record and where it is: `detail` in an envelope, nothing in a trail's file.
pub(crate) fn read(mut value: Value, path: &str) -> Result<Change, ParseError> {
    let record = Node::new(&value, path);
    record.needs_object()?;
    version(&record)?;
    let kind = kind(&record)?;
    let event = event(&record, kind)?;
    let account = account(&record)?;
    let region: Region = id(&record, "awsRegion", record.needed_text("awsRegion")?)?;
    let actor = identity::actor(&record, kind)?;
    let outcome = outcome(&record, &event, kind)?;
    let read_only = record.flag("readOnly")?.unwrap_or(false);
    let source_address = record.text("sourceIPAddress")?.unwrap_or_default().into();
    let call = openings::Call { event: &event, account: &account, outcome: &outcome, record: &record };
    let resource = resource::of(&call, &region).map_err(|error| malformed(&record, "eventSource", &error))?;
    let openings = openings::of(&call);
    let statements = policy_calls::of(&call, &resource);
    let (grants, shares) = (grants::of(&call, &resource), shares::of(&call, &resource));
    let (stores, login) = (encryption::of(&call, &resource), login::of(&call, kind));
    let mut take = |key: &str| value.get_mut(key).map(Value::take).unwrap_or_default();
    let (request, response) = (take("requestParameters"), take("responseElements"));
    Ok(Change {
        event,
        account,
        region,
        resource,
        actor,
        kind,
        outcome,
        read_only,
        source_address,
        request,
        response,
        rest: value,
        openings,
        statements,
        grants,
        shares,
        stores,
        login,
    })
}

pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Change, ParseError> {
    read(strict::value(bytes)?, "")
}

/// The major version is compared, the minor grows with fields that are not known here.
fn version(record: &Node<'_>) -> Result<(), ParseError> {
    match record.word("eventVersion")? {
        Some(version) if version.split('.').next() != Some("1") => {
            Err(ParseError::Version { path: record.path_of("eventVersion"), version: quoted(&version) })
        }
        _ => Ok(()),
    }
}

/// Records from before the field existed are API calls.
fn kind(record: &Node<'_>) -> Result<EventKind, ParseError> {
    Ok(match record.text("eventType")? {
        None | Some("AwsApiCall") => EventKind::ApiCall,
        Some("AwsServiceEvent") => EventKind::ServiceEvent,
        Some("AwsConsoleSignIn") => EventKind::ConsoleSignIn,
        Some("AwsConsoleAction") => EventKind::ConsoleAction,
        Some("AwsCloudTrailInsight") => EventKind::Insight,
        Some(_) => EventKind::Other,
    })
}

/// An insight names the call that it is about below `insightDetails`.
fn event(record: &Node<'_>, kind: EventKind) -> Result<EventRef, ParseError> {
    let details = record.at("insightDetails");
    let named = |key: &str| match (record.text(key)?, kind) {
        (None, EventKind::Insight) => details.needed_text(key),
        _ => record.needed_text(key),
    };
    let time = record.needed_text("eventTime")?;
    Ok(EventRef {
        id: id(record, "eventID", record.needed_text("eventID")?)?,
        source: named("eventSource")?.to_owned(),
        name: named("eventName")?.to_owned(),
        time: time.parse().map_err(|_| ParseError::Malformed {
            path: record.path_of("eventTime"),
            expected: "a time",
            text: quoted(time),
        })?,
    })
}

/// The oldest records have the caller's account only: then there was no other.
fn account(record: &Node<'_>) -> Result<AccountId, ParseError> {
    match record.text("recipientAccountId")? {
        Some(text) => id(record, "recipientAccountId", text),
        None => match record.at("userIdentity").text("accountId")? {
            Some(text) => id(record, "userIdentity.accountId", text),
            None => Err(record.missing("recipientAccountId", "a text").into()),
        },
    }
}

/// A failed sign-in has no `errorCode`: `responseElements` says `{"ConsoleLogin": "Failure"}`.
fn outcome(record: &Node<'_>, event: &EventRef, kind: EventKind) -> Result<Outcome, ParseError> {
    Ok(match record.text("errorCode")? {
        Some("Client.DryRunOperation" | "DryRunOperation") => Outcome::DryRun,
        Some(code) => Outcome::Failed { code: code.to_owned() },
        None if matches!(kind, EventKind::ConsoleSignIn | EventKind::ConsoleAction) => {
            match record.at("responseElements").at(&event.name).as_text() {
                Some(code @ "Failure") => Outcome::Failed { code: code.to_owned() },
                _ => Outcome::Done,
            }
        }
        None => Outcome::Done,
    })
}

fn id<T: std::str::FromStr<Err = MalformedId>>(
    record: &Node<'_>,
    key: &str,
    text: &str,
) -> Result<T, ParseError> {
    text.parse().map_err(|error| malformed(record, key, &error))
}

fn malformed(record: &Node<'_>, key: &str, error: &MalformedId) -> ParseError {
    ParseError::Id { path: record.path_of(key), kind: error.kind, text: quoted(&error.text) }
}

#[cfg(test)]
#[path = "record_tests.rs"]
mod tests;
