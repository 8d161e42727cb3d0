//! The view `encryption`: how the places are encrypted that a call makes, or whose encryption it changes.
//!
//! The answer wins where it says it, for it says what holds; else the request; else what unsaid means for the call.
//!
//! Where each shape comes from:
//! - seen in records: `encrypted` and `storageEncrypted` of answers, `blockDeviceMapping.items[]` with `noDevice: {}`,
//!   `CreateSnapshotsResponse.snapshotSet.item` as one object and as a list, the bucket's `Rule` likewise, one
//!   attribute of a topic beside its value, a map of them for a queue;
//! - documented names in the spelling of the above: all others. `storageEncryptionType` is what holds where a flag
//!   beside it is `false` because the key is AWS's own;
//! - inferred: answers that keep the thing below its kind (`dBInstance`), and those that are it.

mod services;

use crate::Outcome;
use crate::encryption_calls::{Says, Unsaid, known};
use crate::error::ShapeError;
use crate::openings::Call;
use crate::resource::cut;
use crate::wire::Node;
use model::{Resource, Store, Untrusted};

/// Below one of these an answer keeps what it is about, by service.
const KINDS: &[(&str, &[&str])] = &[
    ("dms.amazonaws.com", &["endpoint", "replicationInstance"]),
    ("dynamodb.amazonaws.com", &["tableDescription"]),
    ("elasticache.amazonaws.com", &["cacheCluster", "replicationGroup", "serverlessCache"]),
    ("es.amazonaws.com", &["domainStatus"]),
    ("rds.amazonaws.com", &["dBCluster", "dBClusterSnapshot", "dBInstance", "dBSnapshot"]),
    ("redshift.amazonaws.com", &["cluster"]),
];

const FLAGS: &[&str] = &["snapshotTaskDetail.encrypted", "storageEncrypted", "encrypted"];
const KEYS: &[&str] = &["snapshotTaskDetail.kmsKeyId", "kmsKeyId", "encryptionKeyArn", "keyId"];

pub(crate) fn of(call: &Call<'_>, resource: &Resource) -> Result<Vec<Store>, ShapeError> {
    let Some((names, says)) = known(&call.event.source, &call.event.name) else { return Ok(Vec::new()) };
    let request = call.request().present()?;
    if request.is_nothing() && *call.outcome != Outcome::Done {
        return Ok(Vec::new());
    }
    request.needs_object()?;
    let place = Place { names, request, answer: answer(call)?, resource };
    match says {
        Says::Flags(unsaid) => place.flags(unsaid).map(|kept| vec![place.store(kept)]),
        Says::Changes(_) if !place.asks(FLAGS) && !place.asks(KEYS) => Ok(Vec::new()),
        Says::Changes(unsaid) => place.asked().flags(unsaid).map(|kept| vec![place.store(kept)]),
        Says::Instance => place.instance().map(|kept| vec![place.store(kept)]),
        Says::Removes => Ok(vec![place.store(Kept { encrypted: Some(false), ..Kept::default() })]),
        Says::Devices(below) => place.devices(below),
        Says::Snapshots => place.snapshots(),
        Says::Bucket => place.bucket(),
        Says::Topic(does) => place.one(place.topic(does)),
        Says::Queue(does) => place.one(place.queue(does)),
        Says::Table(does) => place.one(place.table(does)),
        Says::Domain(does) => place.one(place.domain(does)),
        Says::Cache(does) => place.one(place.cache(does)),
        Says::Kafka(does) => place.one(place.kafka(does)),
        Says::Endpoint(does) => place.one(place.endpoint(does)),
    }
}

/// An oversized answer leaves the request.
fn answer<'a>(call: &Call<'a>) -> Result<Node<'a>, ShapeError> {
    let answer = call.response();
    if answer.is_omitted() {
        return Ok(Node::nothing(answer.path()));
    }
    if answer.is_nothing() {
        return Ok(answer);
    }
    answer.needs_object()?;
    let kinds = KINDS.iter().find(|(source, _)| *source == call.event.source);
    let inner = kinds.map(|(_, kinds)| answer.at_any(kinds));
    let inner = inner.filter(|inner| inner.value().is_object() && !inner.is_nothing() && !inner.is_omitted());
    Ok(inner.unwrap_or(answer))
}

/// How data is kept.
#[derive(Debug, Default)]
struct Kept {
    encrypted: Option<bool>,
    key: Option<Untrusted>,
    plain: Option<bool>,
}

/// The place that a call is about.
#[derive(Clone)]
struct Place<'a> {
    names: &'static [&'static str],
    request: Node<'a>,
    answer: Node<'a>,
    resource: &'a Resource,
}

impl<'a> Place<'a> {
    /// What was asked for alone: an answer also tells what has long been so.
    fn asked(&self) -> Self {
        Self { answer: Node::nothing(self.answer.path()), ..self.clone() }
    }

    /// Does the request hold one of these, be it empty?
    fn asks(&self, paths: &[&str]) -> bool {
        let at = |path: &str| path.split('.').fold(self.request.clone(), |node, key| node.at(key));
        paths.iter().any(|path| !at(path).value().is_null())
    }

    fn flag(&self, path: &str) -> Result<Option<bool>, ShapeError> {
        let read = |node: &Node<'_>| below(node, path).and_then(|(node, key)| Ok(node.flag(key)?));
        read(&self.answer)?.map_or_else(|| read(&self.request), |flag| Ok(Some(flag)))
    }

    fn text(&self, path: &str) -> Result<Option<&'a str>, ShapeError> {
        let read = |node: &Node<'a>| below(node, path).and_then(|(node, key)| Ok(node.text(key)?));
        read(&self.answer)?.map_or_else(|| read(&self.request), |text| Ok(Some(text)))
    }

    /// An alias of AWS's own says more than the ARN that it stands for.
    fn key(&self, path: &str) -> Result<Option<Untrusted>, ShapeError> {
        let (object, last) = below(&self.request, path)?;
        let asked = object.text(last)?.filter(|key| key.contains("alias/aws/"));
        let key = if asked.is_some() { asked } else { self.text(path)? };
        Ok(key.map(Untrusted::from))
    }

    fn flags(&self, unsaid: Unsaid) -> Result<Kept, ShapeError> {
        let mut key = None;
        for path in KEYS {
            key = key.or(self.key(path)?);
        }
        let kind = self.answer.text("storageEncryptionType")?;
        let mut encrypted = kind.map(|kind| !kind.eq_ignore_ascii_case("none"));
        for path in FLAGS {
            encrypted = encrypted.or(self.flag(path)?);
        }
        let encrypted = encrypted.or(key.as_ref().map(|_| true)).or(unsaid.holds());
        Ok(Kept { encrypted, key, plain: None })
    }

    /// Of a member of a cluster the request says nothing that counts.
    fn instance(&self) -> Result<Kept, ShapeError> {
        let engine = self.text("engine")?.unwrap_or_default();
        let of_cluster = ["aurora", "docdb", "neptune"].iter().any(|kind| engine.starts_with(kind));
        if of_cluster || self.text("dBClusterIdentifier")?.is_some() {
            let request = Node::nothing(self.request.path());
            return Self { request, ..self.clone() }.flags(Unsaid::Elsewhere);
        }
        self.flags(Unsaid::Off)
    }

    /// The first name that is there, in the answer or in the request; else the resource's.
    fn name(&self) -> &'a str {
        let named = |node: &Node<'a>| self.names.iter().find_map(|name| node.at(name).as_text());
        named(&self.answer).or_else(|| named(&self.request)).unwrap_or(self.resource.id.raw())
    }

    fn one(&self, kept: Result<Option<Kept>, ShapeError>) -> Result<Vec<Store>, ShapeError> {
        Ok(kept?.map(|kept| self.store(kept)).into_iter().collect())
    }

    fn store(&self, kept: Kept) -> Store {
        self.named(self.name(), kept)
    }

    fn named(&self, name: &str, kept: Kept) -> Store {
        let id = Untrusted::new(format!("{}/{}", self.resource.service, cut(name)));
        Store { id, name: name.into(), encrypted: kept.encrypted, key: kept.key, plain: kept.plain }
    }

    fn part(&self, whose: &str, name: &str, kept: Kept) -> Store {
        let id = Untrusted::new(format!("{}/{}/{}", self.resource.service, cut(whose), cut(name)));
        Store { id, name: name.into(), encrypted: kept.encrypted, key: kept.key, plain: kept.plain }
    }
}

impl Unsaid {
    fn holds(self) -> Option<bool> {
        match self {
            Self::On => Some(true),
            Self::Off => Some(false),
            Self::Elsewhere => None,
        }
    }
}

/// The object that a dotted path ends in, and the last key.
fn below<'a, 'p>(node: &Node<'a>, path: &'p str) -> Result<(Node<'a>, &'p str), ShapeError> {
    let (way, last) = path.rsplit_once('.').map_or(("", path), |(way, last)| (way, last));
    let mut keys = way.split('.').filter(|key| !key.is_empty());
    Ok((keys.try_fold(node.clone(), |node, key| node.inside(key))?, last))
}

#[cfg(test)]
#[path = "encryption_tests.rs"]
mod tests;
