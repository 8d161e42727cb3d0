//! What a change was made to.

use crate::openings::Call;
use crate::wire::Node;
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
    let id = group(call).or_else(|| said(call)).or_else(|| named(call)).unwrap_or(&call.event.source);
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

/// Where the calls of a service name what they change: in the request, or in the answer of one that makes it.
const NAMES: &[(&str, &[&str], &[&str])] = &[
    ("backup.amazonaws.com", &["backupVaultName"], &[]),
    ("codeartifact.amazonaws.com", &["repository", "domain"], &[]),
    ("dynamodb.amazonaws.com", &["tableName", "resourceArn"], &[]),
    ("ecr.amazonaws.com", &["repositoryName"], &[]),
    ("elasticfilesystem.amazonaws.com", &["fileSystemId"], &[]),
    ("es.amazonaws.com", &["domainName"], &[]),
    ("glacier.amazonaws.com", &["vaultName"], &[]),
    ("glue.amazonaws.com", &["resourceArn"], &[]),
    ("iam.amazonaws.com", &["roleName", "userName", "groupName", "policyArn", "policyName"], &[]),
    ("kms.amazonaws.com", &["keyId"], &["keyMetadata.keyId", "replicaKeyMetadata.keyId"]),
    ("lambda.amazonaws.com", &["functionName", "layerName"], &["functionName"]),
    ("logs.amazonaws.com", &["logGroupName", "resourceArn", "policyName"], &[]),
    ("s3.amazonaws.com", &["bucketName"], &[]),
    ("secretsmanager.amazonaws.com", &["secretId"], &["arn"]),
    ("sns.amazonaws.com", &["topicArn"], &["topicArn"]),
    ("sqs.amazonaws.com", &["queueUrl"], &["queueUrl"]),
];

/// Every way to name one thing is made one, so that all findings of it meet.
fn said<'a>(call: &Call<'a>) -> Option<&'a str> {
    let source = call.event.source.as_str();
    let (_, asked, answered) = NAMES.iter().find(|(of, _, _)| *of == source)?;
    let below = |node: Node<'a>, path: &str| {
        path.split('.').fold(node, |node, key| node.at(key)).as_text().map(|name| plain(source, name))
    };
    let (request, response) = (call.request(), call.response());
    let in_request = asked.iter().find_map(|path| below(request.clone(), path));
    in_request.or_else(|| answered.iter().find_map(|path| below(response.clone(), path)))
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
