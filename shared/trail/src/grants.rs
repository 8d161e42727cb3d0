//! The view `grants`: what the access list of a bucket or an object grants that a call writes.
//!
//! Where each shape comes from:
//! - seen in records: `x-amz-acl` as a text and as a list of one, `acl` as an empty text beside it, the body
//!   `AccessControlPolicy.AccessControlList.Grant` with one grantee or many;
//! - documented: the headers `x-amz-grant-…` with `uri=`, `id=` and `emailAddress=`, the names of canned lists;
//! - inferred: the same headers, the grants or the name of a canned list below `accessControlList`.

use crate::Outcome;
use crate::error::{ShapeError, quoted};
use crate::openings::Call;
use crate::resource::cut;
use crate::wire::Node;
use model::{Grant, Grantee, Resource, Untrusted};
use std::collections::HashSet;

/// The calls of S3 that write an access list, and whether that is all they are for.
const CALLS: &[(&str, bool)] = &[
    ("CopyObject", false),
    ("CreateBucket", false),
    ("CreateMultipartUpload", false),
    ("PutBucketAcl", true),
    ("PutObject", false),
    ("PutObjectAcl", true),
];

const HEADERS: &[(&str, &str)] = &[
    ("x-amz-grant-read", "READ"),
    ("x-amz-grant-write", "WRITE"),
    ("x-amz-grant-read-acp", "READ_ACP"),
    ("x-amz-grant-write-acp", "WRITE_ACP"),
    ("x-amz-grant-full-control", "FULL_CONTROL"),
];

pub(crate) fn of(call: &Call<'_>, resource: &Resource) -> Result<Vec<Grant>, ShapeError> {
    if call.event.source != "s3.amazonaws.com" {
        return Ok(Vec::new());
    }
    let known = CALLS.iter().find(|(named, _)| *named == call.event.name);
    let Some((_, needs_one)) = known else { return Ok(Vec::new()) };
    let request = call.request().present()?;
    if request.is_nothing() && *call.outcome != Outcome::Done {
        return Ok(Vec::new());
    }
    request.needs_object()?;
    let mut list = List::default();
    list.read(&request)?;
    let below = request.at("accessControlList").present()?;
    if below.value().is_object() {
        list.read(&below)?;
        list.body(&below)?;
    } else {
        list.canned(&below)?;
    }
    let policy = request.inside("AccessControlPolicy")?;
    list.is_said |= !policy.is_nothing();
    list.body(&policy.inside("AccessControlList")?)?;
    if *needs_one && !list.is_said && *call.outcome == Outcome::Done {
        return Err(request.missing("AccessControlPolicy", "an access list").into());
    }
    Ok(named(list.grants, &request, resource))
}

/// Each grant once, with its name.
fn named(grants: Vec<(Grantee, String)>, request: &Node<'_>, resource: &Resource) -> Vec<Grant> {
    let mut whose = cut(resource.id.raw());
    if let Some(key) = request.at("key").as_text() {
        whose = format!("{whose}/{}", cut(key));
    }
    let mut taken = HashSet::new();
    let grants = grants.into_iter().filter(|grant| taken.insert(grant.clone()));
    let grant = |(grantee, permission): (Grantee, String)| {
        let to = cut(grantee.text());
        let id = Untrusted::new(format!("{}/{whose}/{to}/{}", resource.service, cut(&permission)));
        Grant { id, grantee, permission: Untrusted::new(permission) }
    };
    grants.map(grant).collect()
}

/// What has been read of one access list.
#[derive(Default)]
struct List {
    grants: Vec<(Grantee, String)>,
    /// An empty list is one too.
    is_said: bool,
}

impl List {
    /// The headers, of the request itself or below a key of it.
    fn read(&mut self, node: &Node<'_>) -> Result<(), ShapeError> {
        for field in ["x-amz-acl", "acl"] {
            self.canned(&node.at(field))?;
        }
        for (header, permission) in HEADERS {
            for text in texts(&node.at(header))? {
                self.header(&node.at(header), &text, permission)?;
            }
        }
        Ok(())
    }

    fn canned(&mut self, node: &Node<'_>) -> Result<(), ShapeError> {
        for name in texts(node)? {
            let other = || Grantee::Other(Untrusted::new(name.clone()));
            let granted = match name.as_str() {
                "private" => vec![],
                "public-read" => vec![(Grantee::Everyone, "READ")],
                "public-read-write" => vec![(Grantee::Everyone, "READ"), (Grantee::Everyone, "WRITE")],
                "authenticated-read" => vec![(Grantee::AnyAccount, "READ")],
                "aws-exec-read" | "bucket-owner-read" => vec![(other(), "READ")],
                "bucket-owner-full-control" => vec![(other(), "FULL_CONTROL")],
                "log-delivery-write" => vec![(other(), "WRITE"), (other(), "READ_ACP")],
                _ => return Err(malformed(node, "a canned access list", &name)),
            };
            self.is_said = true;
            self.grants.extend(granted.into_iter().map(|(to, permission)| (to, permission.to_owned())));
        }
        Ok(())
    }

    /// `uri="http://acs.amazonaws.com/groups/global/AllUsers", id="…"`.
    fn header(&mut self, node: &Node<'_>, text: &str, permission: &str) -> Result<(), ShapeError> {
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let odd = || malformed(node, "a grantee", part);
            let (key, name) = part.split_once('=').ok_or_else(odd)?;
            let name = name.trim().trim_matches(['"', '\'']);
            let to = match key.trim().to_ascii_lowercase().as_str() {
                _ if name.is_empty() => return Err(odd()),
                "uri" => group(name),
                "id" | "emailaddress" => Grantee::Other(name.into()),
                _ => return Err(odd()),
            };
            self.is_said = true;
            self.grants.push((to, permission.to_owned()));
        }
        Ok(())
    }

    /// The grants of the body's XML.
    fn body(&mut self, list: &Node<'_>) -> Result<(), ShapeError> {
        for grant in list.at_any(&["Grant", "grants"]).elements()? {
            grant.needs_object()?;
            let to = grantee(&grant.inside("Grantee")?)?;
            self.is_said = true;
            self.grants.push((to, grant.needed_text("Permission")?.to_owned()));
        }
        Ok(())
    }
}

fn grantee(node: &Node<'_>) -> Result<Grantee, ShapeError> {
    if let Some(uri) = node.text("URI")? {
        return Ok(group(uri));
    }
    for key in ["ID", "EmailAddress", "DisplayName"] {
        if let Some(name) = node.text(key)? {
            return Ok(Grantee::Other(name.into()));
        }
    }
    Err(node.missing("URI", "whom it is granted to").into())
}

fn group(uri: &str) -> Grantee {
    let name = uri.trim().rsplit_once("/groups/global/").map(|(_, name)| name.to_ascii_lowercase());
    match name.as_deref() {
        Some("allusers") => Grantee::Everyone,
        Some("authenticatedusers") => Grantee::AnyAccount,
        _ => Grantee::Other(uri.into()),
    }
}

/// One text or a list of them, without the empty ones: `acl` is one where the list is elsewhere.
fn texts(node: &Node<'_>) -> Result<Vec<String>, ShapeError> {
    let mut texts = node.clone().present()?.words()?;
    texts.retain(|text| !text.trim().is_empty());
    Ok(texts)
}

fn malformed(node: &Node<'_>, expected: &'static str, text: &str) -> ShapeError {
    ShapeError::Malformed { path: node.path().to_owned(), expected, text: quoted(text) }
}

#[cfg(test)]
#[path = "grants_tests.rs"]
mod tests;
