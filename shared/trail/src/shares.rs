//! The view `shares`: with whom a call shares a snapshot, an image, a document or an endpoint from now on.
//!
//! Where each shape comes from:
//! - seen in records: `createVolumePermission.add.items[]` with `group` or `userId`, `launchPermission` likewise, the
//!   lists `valuesToAdd` and `accountIdsToAdd`; texts of a wrapped EC2 call as `{"tag": 1, "content": "…"}`;
//! - documented names of the APIs in the spelling of the above: `organizationArn`, `organizationalUnitArn`,
//!   `accountWithRestoreAccess`, `consumerIdentifier`, `principals`, `AddAllowedPrincipals`;
//! - inferred: EC2's old form, `operationType` beside lists of names, as `userIds`, `userId` or `userIdSet`.

use crate::error::{ShapeError, quoted};
use crate::openings::Call;
use crate::resource::cut;
use crate::wire::Node;
use crate::{Outcome, policy};
use model::{Audience, Resource, Share, Untrusted};
use std::collections::HashSet;

/// Where a call says whom it lets in.
#[derive(Debug, Clone, Copy)]
enum Says {
    /// Entries below `add` of this field; of old, names beside `operationType`.
    Permission(&'static str),
    /// Values of the attribute `restore`.
    Restore,
    /// Names in this field, one or many.
    Names(&'static str),
}

/// By event source and name: what is shared, and with whom.
const CALLS: &[(&str, &str, &[&str], Says)] = &[
    ("ec2", "ModifyFpgaImageAttribute", &["fpgaImageId"], Says::Permission("loadPermission")),
    ("ec2", "ModifyImageAttribute", &["imageId"], Says::Permission("launchPermission")),
    ("ec2", "ModifySnapshotAttribute", &["snapshotId"], Says::Permission("createVolumePermission")),
    ("ec2", "ModifyVpcEndpointServicePermissions", &["serviceId"], Says::Names("addAllowedPrincipals")),
    ("es", "AuthorizeVpcEndpointAccess", &["domainName"], Says::Names("account")),
    ("ram", "AssociateResourceShare", &["resourceShareArn"], Says::Names("principals")),
    ("ram", "CreateResourceShare", &["name"], Says::Names("principals")),
    ("rds", "ModifyDBClusterSnapshotAttribute", &["dBClusterSnapshotIdentifier"], Says::Restore),
    ("rds", "ModifyDBSnapshotAttribute", &["dBSnapshotIdentifier"], Says::Restore),
    ("redshift", "AuthorizeDataShare", &["dataShareArn"], Says::Names("consumerIdentifier")),
    ("redshift", "AuthorizeEndpointAccess", &["clusterIdentifier"], Says::Names("account")),
    (
        "redshift",
        "AuthorizeSnapshotAccess",
        &["snapshotIdentifier", "snapshotArn"],
        Says::Names("accountWithRestoreAccess"),
    ),
    ("ssm", "ModifyDocumentPermission", &["name"], Says::Names("accountIdsToAdd")),
];

/// What EC2's old form lists beside `operationType`.
const OF_OLD: &[&str] = &[
    "groupNames",
    "groupName",
    "groupSet",
    "groups",
    "userGroups",
    "userGroup",
    "userGroupSet",
    "userIds",
    "userId",
    "userIdSet",
    "organizationArns",
    "organizationArn",
    "organizationArnSet",
    "organizationalUnitArns",
    "organizationalUnitArn",
    "organizationalUnitArnSet",
];

pub(crate) fn of(call: &Call<'_>, resource: &Resource) -> Result<Vec<Share>, ShapeError> {
    let (source, name) = (call.event.source.as_str(), call.event.name.as_str());
    let service = source.strip_suffix(".amazonaws.com").unwrap_or(source);
    let service = if service == "opensearch" { "es" } else { service };
    let known = CALLS.iter().find(|(of, named, _, _)| *of == service && *named == name);
    let Some((_, _, what, says)) = known else { return Ok(Vec::new()) };
    let request = call.request().present()?;
    if request.is_nothing() && *call.outcome != Outcome::Done {
        return Ok(Vec::new());
    }
    request.needs_object()?;
    let names = match says {
        Says::Permission(field) => permitted(&request, field)?,
        Says::Restore => restorers(&request)?,
        Says::Names(field) => names(request.at(field))?,
    };
    let what = request.at_any(what).as_text().unwrap_or(resource.id.raw());
    Ok(shares(names, what, resource))
}

/// Each audience once, in the order of the call.
fn shares(names: Vec<String>, what: &str, resource: &Resource) -> Vec<Share> {
    let mut taken = HashSet::new();
    let names = names.into_iter().filter(|name| taken.insert(name.clone()));
    let share = |name: String| {
        let id = Untrusted::new(format!("{}/{}/{}", resource.service, cut(what), cut(&name)));
        Share { id, with: audience(&name) }
    };
    names.map(share).collect()
}

fn permitted(request: &Node<'_>, field: &str) -> Result<Vec<String>, ShapeError> {
    let mut found = Vec::new();
    for entry in request.inside(field)?.list("add")? {
        found.push(entry_name(&entry)?);
    }
    let mut listed = Vec::new();
    for field in OF_OLD {
        listed.extend(names(request.at(field))?);
    }
    if listed.is_empty() {
        return Ok(found);
    }
    let attribute = request.at_any(&["attributeType", "attribute"]).words()?.into_iter().next();
    let attribute = attribute.unwrap_or_default().replace('_', "");
    if !attribute.is_empty() && !attribute.eq_ignore_ascii_case(field) {
        return Ok(found);
    }
    match request.needed_text("operationType")? {
        word if word.eq_ignore_ascii_case("add") => found.extend(listed),
        word if word.eq_ignore_ascii_case("remove") => {}
        word => {
            let (path, text) = (request.path_of("operationType"), quoted(word));
            return Err(ShapeError::Malformed { path, expected: "`add` or `remove`", text });
        }
    }
    Ok(found)
}

fn entry_name(entry: &Node<'_>) -> Result<String, ShapeError> {
    entry.needs_object()?;
    for key in ["group", "groups", "userId", "userIds", "organizationArn", "organizationalUnitArn"] {
        if let Some(name) = entry.word(key)? {
            return Ok(name);
        }
    }
    Err(entry.missing("userId", "whom it is shared with").into())
}

fn restorers(request: &Node<'_>) -> Result<Vec<String>, ShapeError> {
    match request.text("attributeName")? {
        Some(name) if !name.eq_ignore_ascii_case("restore") => Ok(Vec::new()),
        _ => names(request.at("valuesToAdd")),
    }
}

/// Texts, one or many; of a wrapped call each in `content`. The empty ones are none.
fn names(node: Node<'_>) -> Result<Vec<String>, ShapeError> {
    let node = node.present()?;
    let inner = node.at_any(&["items", "item"]);
    if !inner.is_nothing() {
        return names(inner);
    }
    let is_object = |node: &Node<'_>| node.value().is_object();
    let entries = if node.value().is_array() { node.clone().elements()? } else { vec![node.clone()] };
    let mut found = if entries.iter().any(is_object) && !node.is_nothing() {
        let text =
            |entry: &Node<'_>| entry.word("content")?.ok_or_else(|| entry.missing("content", "a text"));
        entries.iter().map(text).collect::<Result<Vec<_>, _>>()?
    } else {
        node.words()?
    };
    found.retain(|name| !name.trim().is_empty());
    Ok(found)
}

fn audience(name: &str) -> Audience {
    let name = name.trim();
    let arn = name.strip_prefix("arn:");
    if name.eq_ignore_ascii_case("all") || name == "*" {
        return Audience::Everyone;
    }
    if arn.and_then(|rest| rest.split(':').nth(3)).is_some_and(|account| account.contains('*')) {
        return Audience::Everyone;
    }
    if arn.and_then(|rest| rest.split(':').nth(1)) == Some("organizations") {
        return Audience::Organisation(name.into());
    }
    let account = policy::account_of(name).and_then(|account| account.parse().ok());
    account.map_or_else(|| Audience::Other(name.into()), Audience::Account)
}

#[cfg(test)]
#[path = "shares_tests.rs"]
mod tests;
