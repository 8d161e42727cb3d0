//! What single services say in ways of their own.

use super::{Kept, Place};
use crate::encryption_calls::Does;
use crate::error::{ShapeError, quoted};
use crate::wire::Node;
use model::{Store, Untrusted};

/// Endpoints of DMS whose way has settings of its own, or is AWS's own API.
const WITHOUT_SSL_MODE: &[&str] = &[
    "dynamodb",
    "elasticsearch",
    "kafka",
    "kinesis",
    "neptune",
    "opensearch",
    "redis",
    "redshift",
    "redshift-serverless",
    "s3",
    "timestream",
];

impl Place<'_> {
    /// A device that is taken out of the image's list keeps nothing, nor does one without a volume.
    pub(super) fn devices(&self, below: &str) -> Result<Vec<Store>, ShapeError> {
        let request = if below.is_empty() { self.request.clone() } else { self.request.inside(below)? };
        let list = request.at_any(&["blockDeviceMapping", "blockDeviceMappings", "blockDeviceMappingSet"]);
        let instances = self.answer.list("instancesSet").unwrap_or_default();
        let instance = instances.first().and_then(|instance| instance.at("instanceId").as_text());
        let whose = instance.unwrap_or_else(|| self.name());
        let mut stores = Vec::new();
        for (position, device) in list.elements()?.into_iter().enumerate() {
            let device = device.present()?;
            device.needs_object()?;
            let volume = device.inside("ebs")?;
            if volume.is_nothing() || !device.at("noDevice").value().is_null() {
                continue;
            }
            let key = volume.text("kmsKeyId")?.map(Untrusted::from);
            let encrypted = volume.flag("encrypted")?.or(key.as_ref().map(|_| true));
            let name = device.text("deviceName")?.map_or_else(|| format!("#{}", position + 1), str::to_owned);
            stores.push(self.part(whose, &name, Kept { encrypted, key, plain: None }));
        }
        Ok(stores)
    }

    /// Where there is no answer, nothing is known of any.
    pub(super) fn snapshots(&self) -> Result<Vec<Store>, ShapeError> {
        let answered = self.answer.at_any(&["snapshotSet", "snapshots"]).elements()?;
        if answered.is_empty() {
            return Ok(vec![self.store(Kept::default())]);
        }
        let store = |snapshot: &Node<'_>| {
            snapshot.needs_object()?;
            let name = snapshot.needed_text("snapshotId")?;
            let key = snapshot.text("kmsKeyId")?.map(Untrusted::from);
            let kept = Kept { encrypted: snapshot.flag("encrypted")?, key, plain: None };
            Ok(self.named(name, kept))
        };
        answered.iter().map(store).collect()
    }

    /// A bucket is never without; a rule without an algorithm leaves S3's own.
    pub(super) fn bucket(&self) -> Result<Vec<Store>, ShapeError> {
        let rules = self.request.inside("ServerSideEncryptionConfiguration")?;
        let rules = rules.at_any(&["Rule", "Rules"]).elements()?;
        if rules.is_empty() {
            return Err(self.request.missing("ServerSideEncryptionConfiguration.Rule", "a rule").into());
        }
        let mut stores = Vec::new();
        for rule in rules {
            rule.needs_object()?;
            let default = rule.present()?.inside("ApplyServerSideEncryptionByDefault")?;
            let key = default.text("KMSMasterKeyID")?.map(Untrusted::from);
            let key = match default.text("SSEAlgorithm")? {
                Some(name) if name.starts_with("aws:kms") => key,
                None | Some("AES256") => None,
                Some(name) => {
                    let (path, text) = (default.path_of("SSEAlgorithm"), quoted(name));
                    return Err(ShapeError::Malformed { path, expected: "an algorithm", text });
                }
            };
            stores.push(self.store(Kept { encrypted: Some(true), key, plain: None }));
        }
        Ok(stores)
    }

    pub(super) fn topic(&self, does: Does) -> Result<Option<Kept>, ShapeError> {
        let key = attribute(&self.request, "KmsMasterKeyId")?;
        if key.is_none() && does == Does::Changes {
            return Ok(None);
        }
        let key = key.filter(|key| !key.is_empty()).map(Untrusted::new);
        Ok(Some(Kept { encrypted: Some(key.is_some()), key, plain: None }))
    }

    /// A queue has SQS's own key from its making on, and none after a key is taken away.
    pub(super) fn queue(&self, does: Does) -> Result<Option<Kept>, ShapeError> {
        let key = attribute(&self.request, "KmsMasterKeyId")?;
        let managed = attribute(&self.request, "SqsManagedSseEnabled")?.filter(|flag| !flag.is_empty());
        let managed = managed.map(|flag| flag.eq_ignore_ascii_case("true"));
        if key.is_none() && managed.is_none() && does == Does::Changes {
            return Ok(None);
        }
        let unsaid = key.is_none();
        let key = key.filter(|key| !key.is_empty()).map(Untrusted::new);
        let encrypted = Some(key.is_some() || managed.unwrap_or(unsaid));
        Ok(Some(Kept { encrypted, key, plain: None }))
    }

    /// A table is never without: off is DynamoDB's own key, and a key that only the answer names is AWS's.
    pub(super) fn table(&self, does: Does) -> Result<Option<Kept>, ShapeError> {
        let asked = self.request.inside("sSESpecification")?;
        if asked.is_nothing() && does == Does::Changes {
            return Ok(None);
        }
        let asked_for = asked.flag("enabled")?.unwrap_or(true);
        let key = asked.text("kMSMasterKeyId")?.filter(|_| asked_for).map(Untrusted::from);
        Ok(Some(Kept { encrypted: Some(true), key, plain: None }))
    }

    /// Plain: between its nodes, or from outside.
    pub(super) fn domain(&self, does: Does) -> Result<Option<Kept>, ShapeError> {
        const FLAGS: [&str; 3] = [
            "encryptionAtRestOptions.enabled",
            "nodeToNodeEncryptionOptions.enabled",
            "domainEndpointOptions.enforceHTTPS",
        ];
        let place = if does == Does::Changes { self.asked() } else { self.clone() };
        let [rest, nodes, https] = FLAGS.map(|path| place.flag(path));
        let (rest, nodes, https) = (rest?, nodes?, https?);
        let key = place.key("encryptionAtRestOptions.kmsKeyId")?;
        let rest = rest.or(key.as_ref().map(|_| true));
        if does == Does::Changes && rest.or(nodes).or(https).is_none() {
            return Ok(None);
        }
        let unsaid = (does == Does::Makes).then_some(false);
        let (encrypted, nodes) = (rest.or(unsaid), nodes.or(unsaid));
        let plain = match (nodes, https) {
            (None, None) => None,
            (nodes, https) => Some(nodes == Some(false) || https == Some(false)),
        };
        Ok(Some(Kept { encrypted, key, plain }))
    }

    /// A member of a group is as the group is. Valkey is encrypted by default, the others are not.
    pub(super) fn cache(&self, does: Does) -> Result<Option<Kept>, ShapeError> {
        let (tls, mode) = ("transitEncryptionEnabled", "transitEncryptionMode");
        if does == Does::Changes {
            let (enabled, mode) = (self.asked().flag(tls)?, self.asked().text(mode)?);
            let plain = match (enabled, mode) {
                (None, None) => return Ok(None),
                (enabled, mode) => enabled == Some(false) || prefers(mode),
            };
            return Ok(Some(Kept { plain: Some(plain), ..Kept::default() }));
        }
        let source = if self.is_cluster_of_its_group() { None } else { Some(false) };
        let at_rest = match self.answer.text("storageEncryptionType")? {
            Some(kind) => Some(!kind.eq_ignore_ascii_case("none")),
            None => self.flag("atRestEncryptionEnabled")?,
        };
        let key = self.key("kmsKeyId")?;
        let valkey = self.text("engine")?.is_some_and(|engine| engine.eq_ignore_ascii_case("valkey"));
        let encrypted = at_rest.or(key.as_ref().map(|_| true)).or(source.map(|off| off || valkey));
        let encrypted_on_its_way = self.flag(tls)?.or(source);
        let plain = encrypted_on_its_way.map(|enabled| !enabled);
        let plain = if prefers(self.text(mode)?) { Some(true) } else { plain };
        Ok(Some(Kept { encrypted, key, plain }))
    }

    fn is_cluster_of_its_group(&self) -> bool {
        let has = |field: &str| self.request.at(field).as_text().is_some();
        (has("cacheClusterId") && has("replicationGroupId")) || has("globalReplicationGroupId")
    }

    /// Kafka's data is encrypted always. Which way in is open when nothing is said, AWS's own pages disagree on.
    pub(super) fn kafka(&self, does: Does) -> Result<Option<Kept>, ShapeError> {
        let root = self.request.inside("provisioned")?;
        let root = if root.is_nothing() { self.request.clone() } else { root };
        let info = root.inside("encryptionInfo")?;
        let (rest, way) = (info.inside("encryptionAtRest")?, info.inside("encryptionInTransit")?);
        let key = rest.text("dataVolumeKMSKeyId")?.map(Untrusted::from);
        let clients = way.text("clientBroker")?.map(|word| !word.eq_ignore_ascii_case("TLS"));
        let brokers = way.flag("inCluster")?.map(|encrypted| !encrypted);
        let mut plain = match (clients, brokers) {
            (_, Some(true)) => Some(true),
            (clients, _) => clients,
        };
        if !self.request.inside("serverless")?.is_nothing() {
            plain = Some(false);
        }
        match does {
            Does::Makes => Ok(Some(Kept { encrypted: Some(true), key, plain })),
            Does::Changes if plain.is_none() && key.is_none() => Ok(None),
            Does::Changes => Ok(Some(Kept { encrypted: key.as_ref().map(|_| true), key, plain })),
        }
    }

    /// What an endpoint keeps is its settings: only its way to the database matters here.
    pub(super) fn endpoint(&self, does: Does) -> Result<Option<Kept>, ShapeError> {
        let place = if does == Does::Changes { self.asked() } else { self.clone() };
        let kafka = place.text("kafkaSettings.securityProtocol")?;
        let own = kafka.or(place.text("redisSettings.sslSecurityProtocol")?);
        let mode = place.text("sslMode")?;
        if own.or(mode).is_none() && does == Does::Changes {
            return Ok(None);
        }
        let engine = self.text("engineName")?.unwrap_or_default().to_ascii_lowercase();
        let has_mode = !WITHOUT_SSL_MODE.contains(&engine.as_str());
        let by_mode = || has_mode.then(|| mode.is_none_or(|mode| mode.eq_ignore_ascii_case("none")));
        let plain =
            own.map_or_else(by_mode, |protocol| Some(protocol.to_ascii_lowercase().contains("plaintext")));
        let key = place.key("kmsKeyId")?;
        Ok(Some(Kept { encrypted: None, key, plain }))
    }
}

/// Clients without TLS are let in too.
fn prefers(mode: Option<&str>) -> bool {
    mode.is_some_and(|mode| mode.eq_ignore_ascii_case("preferred"))
}

/// An attribute, by its name beside its value, in a map or in a list of names with values. Empty is not unsaid.
fn attribute(request: &Node<'_>, name: &str) -> Result<Option<String>, ShapeError> {
    let (names, values) = (["attributeName", "name", "key"], ["attributeValue", "value"]);
    let is_it =
        |node: &Node<'_>| node.at_any(&names).as_text().is_some_and(|text| text.eq_ignore_ascii_case(name));
    let value = |node: Node<'_>| Ok(Some(node.present()?.words()?.into_iter().next().unwrap_or_default()));
    if is_it(request) {
        return value(request.at_any(&values));
    }
    let attributes = request.at_any(&["attributes", "attribute"]).present()?;
    let inside = attributes.at(name);
    if !inside.value().is_null() {
        return value(inside);
    }
    let entries = attributes.elements()?;
    entries.iter().try_for_each(Node::needs_object)?;
    entries.iter().find(|entry| is_it(entry)).map_or(Ok(None), |entry| value(entry.at_any(&values)))
}
