//! EventBridge's envelope around a record, and whether it is to be believed.

use crate::error::quoted;
use crate::strict;
use crate::wire::Node;
use crate::{Change, ParseError, record};
use model::{AccountId, MalformedId, Region};
use serde_json::Value;

/// What EventBridge calls the records that CloudTrail hands it. The sign-in is spelt in two ways in its documentation.
pub const DETAIL_TYPES: &[&str] = &[
    "AWS API Call via CloudTrail",
    "AWS Service Event via CloudTrail",
    "AWS Console Sign In via CloudTrail",
    "AWS Console Signin via CloudTrail",
    "AWS Console Action via CloudTrail",
    "AWS Insight via CloudTrail",
];

/// Services whose events EventBridge gives another source than the first label of their event source. Its reference
/// of events names none; one that turns up is added here.
const SOURCES: &[(&str, &str)] = &[];

/// An EventBridge event that carries a CloudTrail record.
#[derive(Debug, Clone, PartialEq)]
pub struct Envelope {
    pub source: String,
    pub detail_type: String,
    pub account: AccountId,
    pub region: Region,
    pub change: Change,
}

/// Why an envelope is not what AWS would have sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Distrust {
    #[error("`{envelope_source}` does not send events of `{event_source}`")]
    Source { envelope_source: String, event_source: String },
    #[error("detail-type `{detail_type}` is not one of CloudTrail's")]
    DetailType { detail_type: String },
    #[error("the envelope is of account {envelope}, the record of {record}")]
    Account { envelope: AccountId, record: AccountId },
    #[error("the envelope is of region {envelope}, the record of {record}")]
    Region { envelope: Region, record: Region },
}

/// The `source` under which EventBridge sends the records of an event source: `aws.ec2` for `ec2.amazonaws.com`.
pub fn envelope_source(event_source: &str) -> String {
    let exception =
        SOURCES.iter().find(|(of, _)| *of == event_source).map(|(_, source)| (*source).to_owned());
    exception.unwrap_or_else(|| format!("aws.{}", event_source.split('.').next().unwrap_or_default()))
}

impl Envelope {
    /// What speaks against the envelope; `None` when it is what AWS sends.
    pub fn distrust(&self) -> Option<Distrust> {
        let Self { source, detail_type, account, region, change } = self;
        if *source != envelope_source(&change.event.source) {
            return Some(Distrust::Source {
                envelope_source: quoted(source),
                event_source: quoted(&change.event.source),
            });
        }
        if !DETAIL_TYPES.contains(&detail_type.as_str()) {
            return Some(Distrust::DetailType { detail_type: quoted(detail_type) });
        }
        if *account != change.account {
            return Some(Distrust::Account { envelope: account.clone(), record: change.account.clone() });
        }
        if *region != change.region {
            return Some(Distrust::Region { envelope: region.clone(), record: change.region.clone() });
        }
        None
    }
}

/// An EventBridge event whose `detail` is a CloudTrail record.
pub fn parse_envelope(bytes: &[u8]) -> Result<Envelope, ParseError> {
    let mut value = strict::value(bytes)?;
    let envelope = Node::new(&value, "");
    envelope.needs_object()?;
    let (source, detail_type) = (envelope.needed_text("source")?, envelope.needed_text("detail-type")?);
    let (source, detail_type) = (source.to_owned(), detail_type.to_owned());
    let (account, region) = (id(&envelope, "account")?, id(&envelope, "region")?);
    let detail = value.get_mut("detail").map(Value::take).unwrap_or_default();
    Ok(Envelope { source, detail_type, account, region, change: record::read(detail, "detail")? })
}

fn id<T: std::str::FromStr<Err = MalformedId>>(envelope: &Node<'_>, key: &str) -> Result<T, ParseError> {
    envelope.needed_text(key)?.parse().map_err(|error: MalformedId| ParseError::Id {
        path: envelope.path_of(key),
        kind: error.kind,
        text: quoted(&error.text),
    })
}

#[cfg(test)]
#[path = "envelope_tests.rs"]
mod tests;
