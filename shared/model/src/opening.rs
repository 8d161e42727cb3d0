//! One line of a security group: which traffic, from or to where.

use crate::{AccountId, GroupRuleId, PrefixListId, Untrusted};
use ipnet::IpNet;
use serde::{Deserialize, Serialize};

/// One way in or out that a security group leaves open.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Opening {
    /// The line's id, where AWS told it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<GroupRuleId>,
    pub direction: Direction,
    pub traffic: Traffic,
    pub source: Source,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<Untrusted>,
}

impl Opening {
    /// The same traffic from the same source in the same direction: what AWS lets a group hold only once.
    pub fn same_content(&self, other: &Self) -> bool {
        self.direction == other.direction && self.traffic == other.traffic && self.source == other.source
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    Ingress,
    Egress,
}

/// Protocol and ports, normalised: `6`, `TCP` and `tcp` are the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Traffic {
    /// Protocol `-1`: every protocol, every port.
    Everything,
    Tcp(Ports),
    Udp(Ports),
    /// Another protocol by its IANA number; for ICMP the two numbers are type and code, -1 for all.
    Other {
        protocol: u8,
        from: Option<i32>,
        to: Option<i32>,
    },
}

/// A range of ports, both ends included; never turned around.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "(u16, u16)", into = "(u16, u16)")]
pub struct Ports {
    first: u16,
    last: u16,
}

/// Two ports that make no range.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("ports {0} to {1} are not a range")]
pub struct NotARange(pub i64, pub i64);

impl Ports {
    pub const ALL: Self = Self { first: 0, last: u16::MAX };

    pub fn new(first: u16, last: u16) -> Result<Self, NotARange> {
        if first <= last { Ok(Self { first, last }) } else { Err(NotARange(first.into(), last.into())) }
    }

    pub fn first(self) -> u16 {
        self.first
    }

    pub fn last(self) -> u16 {
        self.last
    }

    pub fn contains(self, port: u16) -> bool {
        self.first <= port && port <= self.last
    }
}

impl TryFrom<(u16, u16)> for Ports {
    type Error = NotARange;
    fn try_from((first, last): (u16, u16)) -> Result<Self, NotARange> {
        Self::new(first, last)
    }
}

impl From<Ports> for (u16, u16) {
    fn from(ports: Ports) -> (u16, u16) {
        (ports.first, ports.last)
    }
}

/// Where traffic may come from (ingress) or go to (egress).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// Without host bits, as EC2 keeps it.
    Net(IpNet),
    PrefixList(PrefixListId),
    /// Another group, by id, or by name in the oldest form of the call; in another account when `account` says so.
    Group {
        group: Untrusted,
        account: Option<AccountId>,
    },
}

impl std::fmt::Display for Traffic {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (name, ports) = match self {
            Self::Everything => return f.write_str("all traffic"),
            Self::Tcp(ports) => ("tcp", ports),
            Self::Udp(ports) => ("udp", ports),
            Self::Other { protocol: 1, .. } => return f.write_str("icmp"),
            Self::Other { protocol: 58, .. } => return f.write_str("icmpv6"),
            Self::Other { protocol, .. } => return write!(f, "protocol {protocol}"),
        };
        match (ports.first, ports.last) {
            (0, u16::MAX) => write!(f, "{name} all ports"),
            (first, last) if first == last => write!(f, "{name} {first}"),
            (first, last) => write!(f, "{name} {first}-{last}"),
        }
    }
}
