//! EventBridge's envelope: who is believed.

use crate::{Target, plain, seeds};
use serde_json::{Value, json};
use trail::{Change, DETAIL_TYPES, Envelope, envelope_source, parse_envelope, parse_record};

pub const TARGET: Target = Target { name: "envelope", seeds: envelopes, check };

/// Every event as AWS would send it.
fn envelopes() -> Vec<Vec<u8>> {
    let around = |text: String| {
        let value = plain::read(text.as_bytes())?;
        if value.get("detail").is_some() {
            return Some(text.into_bytes());
        }
        let change = parse_record(text.as_bytes()).ok()?;
        let envelope = json!({
            "version": "0", "detail-type": DETAIL_TYPES.first(), "source": envelope_source(&change.event.source),
            "account": change.account, "region": change.region, "detail": value,
        });
        Some(envelope.to_string().into_bytes())
    };
    seeds::events().into_iter().filter_map(around).collect()
}

fn check(bytes: &[u8]) -> bool {
    let read = parse_envelope(bytes);
    // What holds fractions that change when they are written again, and what is too deep for the plain reading.
    let Some(written) = plain::read(bytes).filter(plain::is_stable) else { return read.is_ok() };
    let again = parse_envelope(written.to_string().as_bytes());
    if read.is_ok() {
        assert_eq!(read, again);
    }
    if let Ok(envelope) = again {
        let detail = parse_record(plain::at(&written, "detail").to_string().as_bytes());
        is_the_record_s(&envelope.change, &detail.expect("an envelope is around a record"));
        is_believed_if_it_is_what_aws_sends(&envelope, &written);
    }
    read.is_ok()
}

/// The same change as of the record by itself; the errors of views name another path.
fn is_the_record_s(one: &Change, other: &Change) {
    assert_eq!((&one.event, &one.account, &one.region), (&other.event, &other.account, &other.region));
    assert_eq!((&one.actor, &one.resource, &one.outcome), (&other.actor, &other.resource, &other.outcome));
    assert_eq!((&one.request, &one.response), (&other.request, &other.response));
    assert_eq!(one.openings().ok(), other.openings().ok());
    assert_eq!(one.statements().ok(), other.statements().ok());
}

fn is_believed_if_it_is_what_aws_sends(envelope: &Envelope, written: &Value) {
    let change = &envelope.change;
    let service =
        change.event.source.split_once('.').map_or(change.event.source.as_str(), |(first, _)| first);
    let sender = envelope.source.strip_prefix("aws.") == Some(service);
    let kind =
        envelope.detail_type.starts_with("AWS ") && DETAIL_TYPES.iter().any(|of| *of == envelope.detail_type);
    let place = envelope.account == change.account && envelope.region == change.region;
    assert_eq!(envelope.distrust().is_none(), sender && kind && place, "{:?}", envelope.distrust());
    if envelope.distrust().is_none() {
        let detail = plain::at(written, "detail");
        let account =
            detail.get("recipientAccountId").filter(|account| account.is_string() && *account != "");
        if let (Some(account), Some(of)) = (account, written.get("account")) {
            assert_eq!(account, of);
        }
        if let (Some(region), Some(of)) = (detail.get("awsRegion"), written.get("region")) {
            assert_eq!(region, of);
        }
    }
}
