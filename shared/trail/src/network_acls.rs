//! The part of the view `openings` that is about network ACLs: entries that let traffic through.
//!
//! Seen in records: `aclProtocol` as a number in a text, `portRange: {}` and `icmpTypeCode: {}` for all of it, the
//! answer `_return: true`. Inferred: the names of the API, `protocol` and `icmp`, and those in a wrapper.

use crate::Outcome;
use crate::error::ShapeError;
use crate::openings::{Call, malformed, net, traffic_in};
use crate::wire::Node;
use model::{Direction, Opening, Traffic};

/// An entry with a lower number may deny what this one allows: the record does not say.
pub(crate) fn of(call: &Call<'_>) -> Result<Vec<Opening>, ShapeError> {
    let name = call.event.name.as_str();
    let writes = matches!(name, "CreateNetworkAclEntry" | "ReplaceNetworkAclEntry");
    if !writes || call.event.source != "ec2.amazonaws.com" {
        return Ok(Vec::new());
    }
    let request = call.request().present()?;
    if request.is_nothing() && *call.outcome != Outcome::Done {
        return Ok(Vec::new());
    }
    match request.needed_text("ruleAction")? {
        word if word.eq_ignore_ascii_case("allow") => entry(&request),
        word if word.eq_ignore_ascii_case("deny") => Ok(Vec::new()),
        word => Err(malformed(&request, "ruleAction", "`allow` or `deny`", word)),
    }
}

/// One network; both kinds of them where the entry names both.
fn entry(request: &Node<'_>) -> Result<Vec<Opening>, ShapeError> {
    let direction =
        if request.flag("egress")? == Some(true) { Direction::Egress } else { Direction::Ingress };
    let traffic = traffic_of(request)?;
    let mut openings = Vec::new();
    for key in ["cidrBlock", "ipv6CidrBlock"] {
        if let Some(text) = request.text(key)? {
            let source = net(request, key, text)?;
            openings.push(Opening { rule: None, direction, traffic, source, description: None });
        }
    }
    if openings.is_empty() {
        return Err(request.missing("cidrBlock", "a network").into());
    }
    Ok(openings)
}

fn traffic_of(request: &Node<'_>) -> Result<Traffic, ShapeError> {
    let key = if request.at("aclProtocol").is_nothing() { "protocol" } else { "aclProtocol" };
    let protocol = request.word(key)?.ok_or_else(|| request.missing("aclProtocol", "a protocol"))?;
    let (ports, types) = (request.inside("portRange")?, request.inside("icmpTypeCode")?);
    let types = if types.is_nothing() { request.inside("icmp")? } else { types };
    let is_icmp = matches!(protocol.trim().to_ascii_lowercase().as_str(), "1" | "58" | "icmp" | "icmpv6");
    let (node, ends) = if is_icmp { (&types, ["type", "code"]) } else { (&ports, ["from", "to"]) };
    traffic_in(&protocol, node, ends).map_err(|error| match error {
        None => malformed(request, key, "a protocol", &protocol),
        Some(error) => error,
    })
}

#[cfg(test)]
#[path = "network_acls_tests.rs"]
mod tests;
