//! What a change was made to.

use crate::openings::Call;
use model::{MalformedId, Region, Resource, Service, Untrusted};

/// Calls whose resource is a security group.
const GROUP_CALLS: &[&str] = &[
    "AuthorizeSecurityGroupIngress",
    "AuthorizeSecurityGroupEgress",
    "RevokeSecurityGroupIngress",
    "RevokeSecurityGroupEgress",
    "ModifySecurityGroupRules",
    "UpdateSecurityGroupRuleDescriptionsIngress",
    "UpdateSecurityGroupRuleDescriptionsEgress",
    "CreateSecurityGroup",
    "DeleteSecurityGroup",
];

/// Where no better is known: the first ARN under `resources`, else the service itself (`cloudtrail.amazonaws.com`),
/// so that all findings of one service in one account and region meet on it.
pub(crate) fn of(call: &Call<'_>, region: &Region) -> Result<Resource, MalformedId> {
    let id = group(call).or_else(|| named(call)).unwrap_or(&call.event.source);
    Ok(Resource {
        account: call.account.clone(),
        region: region.clone(),
        service: Service::of_event_source(&call.event.source)?,
        id: Untrusted::from(id),
    })
}

/// AWS's answer names the group by its id; the request may name it by its name (a group of the default VPC).
fn group<'a>(call: &Call<'a>) -> Option<&'a str> {
    if call.event.source != "ec2.amazonaws.com" || !GROUP_CALLS.contains(&call.event.name.as_str()) {
        return None;
    }
    let (request, response) = (call.request(), call.response());
    let answered = response.list("securityGroupRuleSet").ok().and_then(|lines| lines.into_iter().next());
    answered
        .and_then(|line| line.at("groupId").as_text())
        .or_else(|| response.at("groupId").as_text())
        .or_else(|| request.at("groupId").as_text())
        .or_else(|| request.at("groupName").as_text())
}

fn named<'a>(call: &Call<'a>) -> Option<&'a str> {
    let resources = call.record.list("resources").ok()?;
    resources.into_iter().find_map(|resource| resource.at("ARN").as_text())
}
