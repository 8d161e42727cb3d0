//! What a change was made to.

use crate::fields;
use crate::openings::Call;
use crate::resource_names::{ANY, BY_LIST_ONLY, FIRST, NAMES};
use model::{MalformedId, Region, Resource, Service, Untrusted};
use serde_json::Value;

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
    let id = group(call)
        .or_else(|| said(call))
        .or_else(|| named(call))
        .or_else(|| aside(call))
        .unwrap_or(&call.event.source);
    Ok(Resource {
        account: call.account.clone(),
        region: region.clone(),
        service: Service::of_event_source(&call.event.source)?,
        id: Untrusted::from(id),
    })
}

/// Longer names are cut where they make an id: they only tell items apart.
const NAME_CHARS_MAX: usize = 256;

pub(crate) fn cut(name: &str) -> String {
    name.chars().take(NAME_CHARS_MAX).collect()
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

/// What a call is named after, else what its service's calls name. Every way to name one thing is made one, so that
/// all findings of it meet.
fn said<'a>(call: &Call<'a>) -> Option<&'a str> {
    let source = call.event.source.as_str();
    let (request, response) = (call.request().value(), call.response().value());
    let noun = Some(&call.event.name).filter(|_| !BY_LIST_ONLY.contains(&source)).and_then(|name| noun(name));
    let named = |root, suffixes: &[&str]| {
        let noun = noun?;
        suffixes.iter().find_map(|suffix| text_at(root, &format!("{noun}{suffix}")))
    };
    let (asked, answered) = NAMES
        .iter()
        .find(|(of, ..)| *of == source)
        .map_or((ANY, &[] as &[&str]), |(_, asked, answered)| (asked, answered));
    let listed = |root, paths: &[&str]| paths.iter().find_map(|path| text_at(root, path));
    // What is made is made from something that the request names too.
    let made = MAKING.iter().any(|verb| call.event.name.starts_with(verb));
    let inside = || noun.and_then(|noun| text_at(response, &format!("{noun}.{noun}Id")));
    let in_answer = || named(response, &["Id", "Set.items.instanceId"]).or_else(inside).filter(|_| made);
    let first = FIRST.iter().filter(|(of, _)| *of == source).find_map(|(_, path)| text_at(response, path));
    first
        .or_else(in_answer)
        .or_else(|| named(request, &["Id", "Identifier", "Name", "Arn"]))
        .or_else(|| listed(request, asked))
        .or_else(|| named(response, &["Id", "Identifier", "Arn"]))
        .or_else(|| listed(response, answered))
        .map(|name| plain(source, name))
}

const MAKING: &[&str] = &["Allocate", "Copy", "Create", "Import", "Register", "Run"];

fn text_at<'a>(root: &'a Value, path: &str) -> Option<&'a str> {
    fields::at(root, path).ok()?.into_iter().find_map(|value| value.as_str().filter(|text| !text.is_empty()))
}

/// `CreateVolume` is named after the `volumeId` of its answer, `CreateDBSnapshot` after `dBSnapshotIdentifier`.
fn noun(call: &str) -> Option<&str> {
    let call = call.trim_end_matches(|c: char| c.is_ascii_digit() || c == '_');
    let rest = call.trim_start_matches(|c: char| c.is_ascii_uppercase());
    rest.get(rest.find(|c: char| c.is_ascii_uppercase())?..)
}

/// A function's name, a key's id or a bucket's name may be written as they are, or inside of an ARN or a part of one.
fn plain<'a>(source: &str, name: &'a str) -> &'a str {
    let after = |mark: &str| name.split_once(mark).map(|(_, rest)| rest);
    match source {
        "lambda.amazonaws.com" => {
            let whole = after(":function:").or_else(|| after("function:")).or_else(|| after(":layer:"));
            let whole = whole.unwrap_or(name);
            whole.split_once(':').map_or(whole, |(name, _)| name)
        }
        "kms.amazonaws.com" => after(":key/").unwrap_or(name),
        "s3.amazonaws.com" => after(":s3:::").unwrap_or(name),
        "cloudtrail.amazonaws.com" => after(":trail/").unwrap_or(name),
        "logs.amazonaws.com" => after(":log-group:").map_or(name, |rest| rest.trim_end_matches(":*")),
        "secretsmanager.amazonaws.com" => after(":secret:").unwrap_or(name),
        _ => name,
    }
}

fn named<'a>(call: &Call<'a>) -> Option<&'a str> {
    let resources = call.record.list("resources").ok()?;
    resources
        .into_iter()
        .find_map(|resource| resource.at("ARN").as_text())
        .map(|arn| plain(&call.event.source, arn))
}

/// What is neither asked nor answered: a rotation names its secret beside, a sign-in is its user's.
fn aside<'a>(call: &Call<'a>) -> Option<&'a str> {
    let record = call.record;
    match call.event.source.as_str() {
        "secretsmanager.amazonaws.com" => {
            let beside = ["additionalEventData", "serviceEventDetails"];
            let secret = beside.iter().find_map(|key| record.at(key).at("secretId").as_text())?;
            Some(plain(&call.event.source, secret))
        }
        // What is done to the account as a whole.
        "account.amazonaws.com" | "organizations.amazonaws.com" => Some(call.account.as_str()),
        "signin.amazonaws.com" => {
            let identity = record.at("userIdentity");
            let root = identity.at("type").as_text().filter(|kind| *kind == "Root").map(|_| "root");
            root.or_else(|| identity.at("userName").as_text())
                .or_else(|| identity.at("arn").as_text().and_then(|arn| arn.rsplit(['/', ':']).next()))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_to_name_a_thing_is_one() {
        for (source, name, expected) in [
            ("lambda.amazonaws.com", "thumbs", "thumbs"),
            ("lambda.amazonaws.com", "thumbs:live", "thumbs"),
            ("lambda.amazonaws.com", "111122223333:function:thumbs", "thumbs"),
            ("lambda.amazonaws.com", "function:thumbs", "thumbs"),
            ("lambda.amazonaws.com", "arn:aws:lambda:eu-west-3:111122223333:function:thumbs:live", "thumbs"),
            ("kms.amazonaws.com", "arn:aws:kms:eu-west-3:111122223333:key/1234abcd", "1234abcd"),
            ("kms.amazonaws.com", "1234abcd", "1234abcd"),
            ("kms.amazonaws.com", "alias/media", "alias/media"),
            ("s3.amazonaws.com", "arn:aws:s3:::yourmedia-assets", "yourmedia-assets"),
            ("s3.amazonaws.com", "yourmedia-assets", "yourmedia-assets"),
            ("sns.amazonaws.com", "a:function:b", "a:function:b"),
        ] {
            assert_eq!(plain(source, name), expected, "{name}");
        }
    }
}
