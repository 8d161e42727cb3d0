//! The view `openings`: the lines that a call added to a security group, or gave new content, one a source; and the
//! entries of network ACLs that let traffic through.
//!
//! Where each shape comes from:
//! - seen in records: `ipPermissions.items[]` with `ipRanges`, `groups`, `{}` for an empty list; the flat form beside
//!   `ipPermissions: {}`; `responseElements.securityGroupRuleSet.items[]` with `cidrIpv4`, `isEgress`, ports of -1;
//!   `ModifySecurityGroupRulesRequest.SecurityGroupRule` as one object and as a list with `tag` counters, and its
//!   answer `{"ModifySecurityGroupRulesResponse": {"return": true}}`;
//! - documented names of EC2's API in the spelling of the above: `cidrIpv6`, `prefixListId`, `referencedGroupInfo`
//!   with `groupId` and `userId`, `ipv6Ranges`, `prefixListIds`, `sourceSecurityGroupName`, `ReferencedGroupId`;
//! - inferred, and read because a wrong guess would be a miss: other capital letters, `item` for `items`, lists
//!   without either, `userIdGroupPairs`, wrappers `…Request` and `…Response` around the other calls.

use crate::error::ShapeError;
use crate::traffic::{UnknownTraffic, network, traffic};
use crate::wire::Node;
use crate::{Outcome, error, network_acls};
use model::{AccountId, Direction, EventRef, GroupRuleId, Opening, PrefixListId, Source, Traffic, Untrusted};
use serde_json::Value;

/// What the views are read from.
pub(crate) struct Call<'a> {
    pub(crate) event: &'a EventRef,
    pub(crate) account: &'a AccountId,
    pub(crate) outcome: &'a Outcome,
    pub(crate) record: &'a Node<'a>,
}

impl<'a> Call<'a> {
    /// The request, out of the wrapper that newer calls put around it.
    pub(crate) fn request(&self) -> Node<'a> {
        self.unwrapped("requestParameters", "Request")
    }

    pub(crate) fn response(&self) -> Node<'a> {
        self.unwrapped("responseElements", "Response")
    }

    fn unwrapped(&self, key: &str, suffix: &str) -> Node<'a> {
        let node = self.record.at(key);
        let wrapped = node.at(&format!("{}{suffix}", self.event.name));
        if wrapped.is_nothing() { node } else { wrapped }
    }
}

/// What a call does to the lines of a group. Revoking opens nothing.
enum Does {
    Adds(Direction),
    Modifies,
}

/// AWS's answer wins where the record has it, because it says what happened and names each line.
pub(crate) fn of(call: &Call<'_>) -> Result<Vec<Opening>, ShapeError> {
    let Some(does) = does(call.event) else { return network_acls::of(call) };
    let request = call.request();
    if request.is_nothing() && *call.outcome != Outcome::Done {
        return Ok(Vec::new());
    }
    let request = request.present()?;
    let direction = if let Does::Adds(direction) = does { direction } else { Direction::Ingress };
    let response = call.response();
    let answered = if response.is_omitted() { Vec::new() } else { response.list("securityGroupRuleSet")? };
    if !answered.is_empty() {
        return answered.iter().map(|node| line(node, direction, call.account)).collect();
    }
    let opened = match does {
        Does::Adds(direction) => added(&request, direction, call.account)?,
        Does::Modifies => modified(&request, call.account)?,
    };
    if opened.is_empty() && *call.outcome == Outcome::Done {
        return Err(request.missing("ipPermissions", "what was opened").into());
    }
    Ok(opened)
}

/// The lines that a Revoke call says it removed, each with its content. Empty for other calls, and where AWS's answer
/// names none.
pub(crate) fn revoked(event: &EventRef, account: &AccountId, response: &Value) -> Vec<Opening> {
    let direction = match (event.source.as_str(), event.name.as_str()) {
        ("ec2.amazonaws.com", "RevokeSecurityGroupIngress") => Direction::Ingress,
        ("ec2.amazonaws.com", "RevokeSecurityGroupEgress") => Direction::Egress,
        _ => return Vec::new(),
    };
    let response = Node::new(response, "responseElements");
    let lines = response.list("revokedSecurityGroupRuleSet").unwrap_or_default();
    lines.iter().filter_map(|node| line(node, direction, account).ok()).collect()
}

fn does(event: &EventRef) -> Option<Does> {
    match (event.source.as_str(), event.name.as_str()) {
        ("ec2.amazonaws.com", "AuthorizeSecurityGroupIngress") => Some(Does::Adds(Direction::Ingress)),
        ("ec2.amazonaws.com", "AuthorizeSecurityGroupEgress") => Some(Does::Adds(Direction::Egress)),
        ("ec2.amazonaws.com", "ModifySecurityGroupRules") => Some(Does::Modifies),
        _ => None,
    }
}

fn added(request: &Node<'_>, direction: Direction, account: &AccountId) -> Result<Vec<Opening>, ShapeError> {
    let permissions = request.list("ipPermissions")?;
    if permissions.is_empty() {
        return flat(request, direction, account);
    }
    let lists = permissions.iter().map(|permission| permitted(permission, direction, account));
    Ok(lists.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
}

/// The oldest form: one source beside the group's name. A group as source without a protocol grants everything.
fn flat(request: &Node<'_>, direction: Direction, account: &AccountId) -> Result<Vec<Opening>, ShapeError> {
    let opened = |source, traffic| Opening { rule: None, direction, traffic, source, description: None };
    if let Some(text) = request.text("cidrIp")? {
        return Ok(vec![opened(net(request, "cidrIp", text)?, traffic_of(request)?)]);
    }
    if let Some(group) = request.text("sourceSecurityGroupName")? {
        let source = group_of(group, request.word("sourceSecurityGroupOwnerId")?, account);
        let traffic = match request.word("ipProtocol")? {
            Some(_) => traffic_of(request)?,
            None => Traffic::Everything,
        };
        return Ok(vec![opened(source, traffic)]);
    }
    Ok(Vec::new())
}

/// One permission of the list form: its traffic from each of its sources.
fn permitted(node: &Node<'_>, direction: Direction, account: &AccountId) -> Result<Vec<Opening>, ShapeError> {
    let traffic = traffic_of(node)?;
    let opened = |source, node: &Node<'_>| {
        let description = node.text("description")?.map(Untrusted::from);
        Ok::<_, ShapeError>(Opening { rule: None, direction, traffic, source, description })
    };
    let mut openings = Vec::new();
    for (list, key) in [("ipRanges", "cidrIp"), ("ipv6Ranges", "cidrIpv6")] {
        for range in node.list(list)? {
            let text = range.as_text().map_or_else(|| range.needed_text(key), Ok)?;
            openings.push(opened(net(&range, key, text)?, &range)?);
        }
    }
    for list in node.list("prefixListIds")? {
        openings.push(opened(prefix_list(&list, list.needed_text("prefixListId")?)?, &list)?);
    }
    let pairs = node.at_any(&["groups", "userIdGroupPairs"]).elements()?;
    for pair in pairs {
        let group = match pair.text("groupId")? {
            Some(id) => id,
            None => pair.needed_text("groupName")?,
        };
        openings.push(opened(group_of(group, pair.word("userId")?, account), &pair)?);
    }
    if openings.is_empty() {
        return Err(node.missing("ipRanges", "a source").into());
    }
    Ok(openings)
}

/// The new content of lines that were there before, under their ids.
fn modified(request: &Node<'_>, account: &AccountId) -> Result<Vec<Opening>, ShapeError> {
    let updates = request.list("SecurityGroupRule")?;
    let lines = updates.iter().map(|update| {
        let content = update.at("SecurityGroupRule");
        if content.is_nothing() {
            return Err(update.missing("SecurityGroupRule", "the new content of the line").into());
        }
        let rule = rule_id(update)?;
        // The call does not say the direction, and the answer is only `true`. Most lines that people edit are
        // ingress; an egress line taken for ingress is shown and, as its id is not among the group's ingress
        // lines, never revoked. What observes the group knows better (`Field::with_state`).
        let direction = direction_of(update)?.or(direction_of(&content)?).unwrap_or(Direction::Ingress);
        Ok(Opening { rule, ..line(&content, direction, account)? })
    });
    lines.collect()
}

/// One line with one source: of AWS's answer, or the content of a modification.
fn line(node: &Node<'_>, direction: Direction, account: &AccountId) -> Result<Opening, ShapeError> {
    Ok(Opening {
        rule: rule_id(node)?,
        direction: direction_of(node)?.unwrap_or(direction),
        traffic: traffic_of(node)?,
        source: source_of(node, account)?,
        description: node.text("description")?.map(Untrusted::from),
    })
}

fn source_of(node: &Node<'_>, account: &AccountId) -> Result<Source, ShapeError> {
    for key in ["cidrIpv4", "cidrIpv6", "cidrIp"] {
        if let Some(text) = node.text(key)? {
            return net(node, key, text);
        }
    }
    if let Some(text) = node.text("prefixListId")? {
        return prefix_list(node, text);
    }
    if let Some(group) = node.text("referencedGroupId")? {
        return Ok(group_of(group, None, account));
    }
    let other = node.at("referencedGroupInfo");
    match other.text("groupId")? {
        Some(group) => Ok(group_of(group, other.word("userId")?, account)),
        None => Err(node.missing("cidrIpv4", "a source").into()),
    }
}

fn direction_of(node: &Node<'_>) -> Result<Option<Direction>, ShapeError> {
    let egress = node.flag("isEgress")?;
    Ok(egress.map(|egress| if egress { Direction::Egress } else { Direction::Ingress }))
}

fn rule_id(node: &Node<'_>) -> Result<Option<GroupRuleId>, ShapeError> {
    let Some(text) = node.text("securityGroupRuleId")? else { return Ok(None) };
    text.parse().map(Some).map_err(|_| malformed(node, "securityGroupRuleId", "a rule's id", text))
}

/// The account is said only where it is another one: AWS writes it in some places and leaves it out in others.
fn group_of(group: &str, owner: Option<String>, account: &AccountId) -> Source {
    let Some(owner) = owner.filter(|owner| owner != account.as_str()) else {
        return Source::Group { group: group.into(), account: None };
    };
    match owner.parse() {
        Ok(other) => Source::Group { group: group.into(), account: Some(other) },
        // `amazon-elb` owned the load balancers' groups of old.
        Err(_) => Source::Group { group: Untrusted::new(format!("{owner}/{group}")), account: None },
    }
}

pub(crate) fn net(node: &Node<'_>, key: &str, text: &str) -> Result<Source, ShapeError> {
    network(text).map(Source::Net).map_err(|_| malformed(node, key, "a network", text))
}

fn prefix_list(node: &Node<'_>, text: &str) -> Result<Source, ShapeError> {
    let id: Result<PrefixListId, _> = text.parse();
    id.map(Source::PrefixList).map_err(|_| malformed(node, "prefixListId", "a prefix list's id", text))
}

fn traffic_of(node: &Node<'_>) -> Result<Traffic, ShapeError> {
    let protocol = node.word("ipProtocol")?.ok_or_else(|| node.missing("ipProtocol", "a protocol"))?;
    traffic_in(&protocol, node, ["fromPort", "toPort"]).map_err(|error| match error {
        None => malformed(node, "ipProtocol", "a protocol", &protocol),
        Some(error) => error,
    })
}

/// With the ports that are below two keys; `None` is a protocol that is none.
pub(crate) fn traffic_in(
    protocol: &str,
    node: &Node<'_>,
    [from, to]: [&str; 2],
) -> Result<Traffic, Option<ShapeError>> {
    let port = |key: &str| node.whole_number(key).map_err(|error| Some(error.into()));
    traffic(protocol, port(from)?, port(to)?).map_err(|error| match error {
        UnknownTraffic::Protocol(_) => None,
        UnknownTraffic::HalfRange => Some(ShapeError::HalfRange { path: node.path_of(from) }),
        UnknownTraffic::Ports(ports) => Some(ShapeError::Ports { path: node.path_of(from), ports }),
    })
}

pub(crate) fn malformed(node: &Node<'_>, key: &str, expected: &'static str, text: &str) -> ShapeError {
    ShapeError::Malformed { path: node.path_of(key), expected, text: error::quoted(text) }
}

#[cfg(test)]
#[path = "openings_tests.rs"]
mod tests;
