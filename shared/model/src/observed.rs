//! A resource as it is now, read from AWS a moment ago.

use crate::{GroupId, Opening, PrefixListId, Untrusted};
use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What an observer found. Closed: a service that can be observed has its variant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Observed {
    /// There is no such resource any more.
    Gone,
    SecurityGroup(SecurityGroup),
    /// What AWS's Describe call answers for the resource, under AWS's own names.
    Facts(serde_json::Value),
}

/// A security group with its lines; each line has its id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecurityGroup {
    pub group: GroupId,
    #[serde(default)]
    pub name: Untrusted,
    #[serde(default)]
    pub tags: BTreeMap<String, Untrusted>,
    #[serde(default)]
    pub lines: Vec<Opening>,
    /// What the prefix lists hold that the lines name, as far as they could be read.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub prefix_lists: BTreeMap<PrefixListId, Vec<IpNet>>,
    /// What depends on the group; absent where nobody asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uses: Option<Uses>,
}

/// What depends on a security group.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Uses {
    /// Network interfaces that are in it, load balancers' among them.
    pub interfaces: u32,
    /// Of those, the interfaces of load balancers.
    pub load_balancers: u32,
    /// Other groups whose lines name it.
    pub references: u32,
}

impl SecurityGroup {
    /// The tag with which somebody said "do not touch this": `gardefou:protect`, or a key below it.
    pub fn protection(&self) -> Option<Untrusted> {
        let guarded = |key: &str| key == "gardefou:protect" || key.starts_with("gardefou:protect:");
        self.tags.iter().find(|(key, _)| guarded(key)).map(|(key, value)| {
            let value = value.raw();
            Untrusted::new(if value.is_empty() { format!("tag {key}") } else { format!("tag {key}={value}") })
        })
    }
}
