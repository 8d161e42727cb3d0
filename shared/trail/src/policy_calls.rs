//! The view `statements`: which calls write a policy, and in which field.

use crate::error::ShapeError;
use crate::openings::Call;
use crate::statements::{name, of_policy};
use crate::wire::Node;
use crate::{Outcome, policy};
use model::{Effect, Listed, Principal, Requirement, Resource, Statement, Untrusted};

/// How a call says what it permits.
#[derive(Debug, Clone, Copy)]
enum Says {
    /// A policy below the first of these fields that holds something.
    Policy(&'static [&'static str]),
    /// A policy among the attributes of a topic or a queue.
    Attribute,
    /// One statement, in fields of its own.
    Permission,
    /// A policy where there is one, else a statement in fields of its own.
    PolicyOrPermission,
    /// Accounts that may do something, listed.
    Accounts,
}

/// By event source and by the call's name without the date of its API.
const CALLS: &[(&str, &str, Says)] = &[
    ("backup.amazonaws.com", "PutBackupVaultAccessPolicy", Says::Policy(&["policy"])),
    ("codeartifact.amazonaws.com", "PutDomainPermissionsPolicy", Says::Policy(&["policyDocument"])),
    ("codeartifact.amazonaws.com", "PutRepositoryPermissionsPolicy", Says::Policy(&["policyDocument"])),
    ("dynamodb.amazonaws.com", "PutResourcePolicy", Says::Policy(&["policy"])),
    ("ecr.amazonaws.com", "PutRegistryPolicy", Says::Policy(&["policyText"])),
    ("ecr.amazonaws.com", "SetRepositoryPolicy", Says::Policy(&["policyText"])),
    ("elasticfilesystem.amazonaws.com", "PutFileSystemPolicy", Says::Policy(&["policy"])),
    ("es.amazonaws.com", "CreateDomain", Says::Policy(&["accessPolicies"])),
    ("es.amazonaws.com", "CreateElasticsearchDomain", Says::Policy(&["accessPolicies"])),
    ("es.amazonaws.com", "UpdateDomainConfig", Says::Policy(&["accessPolicies"])),
    ("es.amazonaws.com", "UpdateElasticsearchDomainConfig", Says::Policy(&["accessPolicies"])),
    ("events.amazonaws.com", "PutPermission", Says::PolicyOrPermission),
    ("glacier.amazonaws.com", "SetVaultAccessPolicy", Says::Policy(&["policy"])),
    ("glue.amazonaws.com", "PutResourcePolicy", Says::Policy(&["policyInJson"])),
    ("iam.amazonaws.com", "CreatePolicy", Says::Policy(&["policyDocument"])),
    ("iam.amazonaws.com", "CreatePolicyVersion", Says::Policy(&["policyDocument"])),
    ("iam.amazonaws.com", "CreateRole", Says::Policy(&["assumeRolePolicyDocument"])),
    ("iam.amazonaws.com", "PutGroupPolicy", Says::Policy(&["policyDocument"])),
    ("iam.amazonaws.com", "PutRolePolicy", Says::Policy(&["policyDocument"])),
    ("iam.amazonaws.com", "PutUserPolicy", Says::Policy(&["policyDocument"])),
    ("iam.amazonaws.com", "UpdateAssumeRolePolicy", Says::Policy(&["policyDocument"])),
    ("kms.amazonaws.com", "CreateKey", Says::Policy(&["policy"])),
    ("kms.amazonaws.com", "PutKeyPolicy", Says::Policy(&["policy"])),
    ("kms.amazonaws.com", "ReplicateKey", Says::Policy(&["policy"])),
    ("lambda.amazonaws.com", "AddLayerVersionPermission", Says::Permission),
    ("lambda.amazonaws.com", "AddPermission", Says::Permission),
    ("logs.amazonaws.com", "PutResourcePolicy", Says::Policy(&["policyDocument"])),
    ("s3.amazonaws.com", "PutAccessPointPolicy", Says::Policy(&["policy"])),
    ("s3.amazonaws.com", "PutBucketPolicy", Says::Policy(&["bucketPolicy", "policy"])),
    ("secretsmanager.amazonaws.com", "PutResourcePolicy", Says::Policy(&["resourcePolicy"])),
    ("sns.amazonaws.com", "AddPermission", Says::Accounts),
    ("sns.amazonaws.com", "CreateTopic", Says::Attribute),
    ("sns.amazonaws.com", "SetTopicAttributes", Says::Attribute),
    ("sqs.amazonaws.com", "AddPermission", Says::Accounts),
    ("sqs.amazonaws.com", "CreateQueue", Says::Attribute),
    ("sqs.amazonaws.com", "SetQueueAttributes", Says::Attribute),
    ("sso.amazonaws.com", "PutInlinePolicyToPermissionSet", Says::Policy(&["inlinePolicy"])),
];

pub(crate) fn of(call: &Call<'_>, resource: &Resource) -> Result<Vec<Statement>, ShapeError> {
    let (source, name) = (call.event.source.as_str(), undated(&call.event.name));
    let known = CALLS.iter().find(|(of, named, _)| *of == source && *named == name);
    let Some((_, _, says)) = known else { return Ok(Vec::new()) };
    let request = call.request().present()?;
    if request.is_nothing() && *call.outcome != Outcome::Done {
        return Ok(Vec::new());
    }
    request.needs_object()?;
    match says {
        Says::Policy(fields) => of_policy(&request.at_any(fields), resource),
        Says::Attribute => attribute(&request).map_or(Ok(Vec::new()), |policy| of_policy(&policy, resource)),
        Says::PolicyOrPermission if !request.at("policy").is_nothing() => {
            of_policy(&request.at("policy"), resource)
        }
        Says::Permission | Says::PolicyOrPermission => Ok(named(permission(&request)?, resource)),
        Says::Accounts => Ok(named(accounts(&request)?, resource)),
    }
}

/// `AddPermission20150331v2` is `AddPermission`, whatever the date.
fn undated(name: &str) -> &str {
    let stem = name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '_');
    let stem = match stem.strip_suffix('v') {
        Some(before) if before.ends_with(|c: char| c.is_ascii_digit()) => before,
        _ => stem,
    };
    let stem = stem.trim_end_matches(|c: char| c.is_ascii_digit() || c == '_');
    if name.len() >= stem.len() + 8 { stem } else { name }
}

fn named(statement: Statement, resource: &Resource) -> Vec<Statement> {
    let mut statements = vec![statement];
    name(&mut statements, resource);
    statements
}

/// One attribute by its name beside its value, or a map of them, or a list of names with values.
fn attribute<'a>(request: &Node<'a>) -> Option<Node<'a>> {
    let is_policy = |node: &Node<'_>| {
        node.at_any(&["attributeName", "name", "key"]).as_text().is_some_and(|name| name == "Policy")
    };
    if is_policy(request) {
        return Some(request.at_any(&["attributeValue", "value"]));
    }
    let attributes = request.at_any(&["attributes", "attribute"]);
    let inside = attributes.at("Policy");
    if !inside.is_nothing() {
        return Some(inside);
    }
    let entries = attributes.elements().unwrap_or_default();
    let found = entries.into_iter().find(|entry| is_policy(entry));
    found.map(|entry| entry.at_any(&["value", "attributeValue"]))
}

/// Lambda's way: what confines a permission stands in fields of its own.
fn permission(request: &Node<'_>) -> Result<Statement, ShapeError> {
    const CONFINING: &[(&str, &str, &str)] = &[
        ("sourceAccount", "StringEquals", "AWS:SourceAccount"),
        ("sourceArn", "ArnLike", "AWS:SourceArn"),
        ("principalOrgID", "StringEquals", "aws:PrincipalOrgID"),
        ("organizationId", "StringEquals", "aws:PrincipalOrgID"),
        ("functionUrlAuthType", "StringEquals", "lambda:FunctionUrlAuthType"),
        ("eventSourceToken", "StringEquals", "lambda:EventSourceToken"),
        ("invokedViaFunctionUrl", "Bool", "lambda:InvokedViaFunctionUrl"),
    ];
    let name = request.word("principal")?.ok_or_else(|| request.missing("principal", "a principal"))?;
    let kind = match name.as_str() {
        "*" => "*",
        name if policy::account_of(name).is_none() && name.contains('.') => "Service",
        _ => "AWS",
    };
    let action = request.word("action")?.ok_or_else(|| request.missing("action", "an action"))?;
    let mut conditions = Vec::new();
    for (field, operator, key) in CONFINING {
        if let Some(value) = request.at(field).words()?.into_iter().next() {
            let (operator, key) = ((*operator).into(), (*key).into());
            conditions.push(Requirement { operator, key, values: vec![Untrusted::new(value)] });
        }
    }
    let condition = request.at("condition");
    if let (Some(operator), Some(key), Some(value)) =
        (condition.word("type")?, condition.word("key")?, condition.word("value")?)
    {
        let values = vec![Untrusted::new(value)];
        conditions.push(Requirement { operator: Untrusted::new(operator), key: Untrusted::new(key), values });
    }
    let sid = request.word("statementId")?;
    let principals = vec![Principal { kind: kind.into(), name: Untrusted::new(name) }];
    Ok(Statement { conditions, ..allowing(sid, principals, vec![Untrusted::new(action)]) })
}

/// SNS's and SQS's way.
fn accounts(request: &Node<'_>) -> Result<Statement, ShapeError> {
    let texts = |fields: &[&str]| -> Result<Vec<Untrusted>, ShapeError> {
        Ok(request.at_any(fields).words()?.into_iter().map(Untrusted::new).collect())
    };
    let names = texts(&["awsAccountIds", "awsAccountId"])?;
    let actions = texts(&["actionNames", "actionName", "actions"])?;
    if names.is_empty() {
        return Err(request.missing("awsAccountIds", "accounts").into());
    }
    let principals = names.into_iter().map(|name| Principal { kind: "AWS".into(), name }).collect();
    Ok(allowing(request.word("label")?, principals, actions))
}

fn allowing(sid: Option<String>, principals: Vec<Principal>, actions: Vec<Untrusted>) -> Statement {
    Statement {
        id: Untrusted::default(),
        sid: sid.map(Untrusted::new),
        position: 0,
        effect: Effect::Allow,
        principals: Listed::These(principals),
        actions: Listed::These(actions),
        resources: Listed::Unsaid,
        conditions: Vec::new(),
    }
}
