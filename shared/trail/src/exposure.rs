//! Which openings let the world in: address space is judged, never the text of a range.

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use model::{Opening, Ports, SecurityGroup, Source, Traffic};
use std::net::{Ipv4Addr, Ipv6Addr};

/// A public network with a shorter prefix than this is too much of the internet for one line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    pub v4: u8,
    pub v6: u8,
}

impl Default for Limits {
    fn default() -> Self {
        Self { v4: 8, v6: 16 }
    }
}

/// What ports belong to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Transport {
    Tcp,
    Udp,
}

/// The openings that are judged together. Those that are asked come first and keep their positions; the others are
/// the rest of the world that they may complete.
#[derive(Debug, Clone)]
pub struct Field {
    items: Vec<Item>,
    asked: usize,
}

/// An opening with the networks that it stands for, without overlaps, as few and wide as can be.
#[derive(Debug, Clone)]
struct Item {
    opening: Opening,
    networks: Vec<IpNet>,
}

impl Field {
    /// The openings of one event, with nothing known of what stood before. A prefix list stands for nothing here:
    /// the sweep knows its contents.
    pub fn of(openings: &[Opening]) -> Self {
        let items: Vec<Item> = openings.iter().map(|opening| Item::of(opening, None)).collect();
        Self { asked: items.len(), items }
    }

    /// The openings of one event, with what the group holds now: the other half of the world, the contents of prefix
    /// lists, and the direction of a line, which no event of a modification tells. An opening and the line that it
    /// became are one item, with the content that the event gave it.
    pub fn with_state(openings: &[Opening], now: &SecurityGroup) -> Self {
        let asked = openings.iter().map(|opening| {
            let line =
                opening.rule.as_ref().and_then(|_| now.lines.iter().find(|line| line.rule == opening.rule));
            let direction = line.map_or(opening.direction, |line| line.direction);
            Item::of(&Opening { direction, ..opening.clone() }, Some(now))
        });
        let mut items: Vec<Item> = asked.collect();
        let asked = items.len();
        let others = now.lines.iter().filter(|line| !openings.iter().any(|opening| same(opening, line)));
        items.extend(others.map(|line| Item::of(line, Some(now))));
        Self { items, asked }
    }

    /// Every line of a group, asked.
    pub fn of_group(now: &SecurityGroup) -> Self {
        let items: Vec<Item> = now.lines.iter().map(|line| Item::of(line, Some(now))).collect();
        Self { asked: items.len(), items }
    }

    /// The openings that are asked, in their order.
    pub fn asked(&self) -> impl ExactSizeIterator<Item = &Opening> {
        self.items.get(..self.asked).unwrap_or_default().iter().map(|item| &item.opening)
    }

    /// Does the item let this port through, from whatever source?
    pub fn reaches(&self, at: usize, transport: Transport, port: u16) -> bool {
        self.items.get(at).is_some_and(|item| reaches(item.opening.traffic, transport, port))
    }

    /// Does the item open this port to the world? It reaches the port, and its own network is a public one wider
    /// than the limit, or it and the items that reach the port and are no wider cover the world together.
    ///
    /// So the widest are culprits first and a narrow neighbour stays, and what is left when the culprits are gone
    /// exposes nothing.
    pub fn exposes(&self, at: usize, transport: Transport, port: u16, limits: &Limits) -> bool {
        self.opens(at, *limits, |traffic| reaches(traffic, transport, port))
    }

    /// Does the item open every port of TCP or every port of UDP to the world? Only items that open them all count:
    /// ranges that make all ports together are each judged by the ports that matter.
    pub fn exposes_all(&self, at: usize, limits: &Limits) -> bool {
        [Transport::Tcp, Transport::Udp]
            .into_iter()
            .any(|transport| self.opens(at, *limits, |traffic| every_port(traffic, transport)))
    }

    /// Are all networks that the item stands for inside these, taken together? Never true of an item that stands for
    /// none: another group, or a prefix list whose contents are not known.
    pub fn within(&self, at: usize, networks: &[IpNet]) -> bool {
        let Some(item) = self.items.get(at) else { return false };
        let allowed = IpNet::aggregate(&networks.to_vec());
        let inside = |net: &IpNet| allowed.iter().any(|allowed| allowed.contains(net));
        !item.networks.is_empty() && item.networks.iter().all(inside)
    }

    fn opens(&self, at: usize, limits: Limits, lets: impl Fn(Traffic) -> bool) -> bool {
        let Some(item) = self.items.get(at).filter(|item| lets(item.opening.traffic)) else { return false };
        if item.networks.iter().any(|net| too_wide(net, limits)) {
            return true;
        }
        [Family::V4, Family::V6].into_iter().any(|family| {
            let Some(width) = item.width(family) else { return false };
            let together = self.items.iter().filter(|other| {
                other.opening.direction == item.opening.direction
                    && lets(other.opening.traffic)
                    && other.width(family).is_some_and(|prefix| prefix >= width)
            });
            family.is_on_the_internet(item) && family.world_is_covered(together)
        })
    }
}

impl Item {
    fn of(opening: &Opening, now: Option<&SecurityGroup>) -> Self {
        let networks = match &opening.source {
            Source::Net(net) => vec![net.trunc()],
            Source::PrefixList(list) => {
                let held = now.and_then(|now| now.prefix_lists.get(list)).cloned().unwrap_or_default();
                IpNet::aggregate(&held)
            }
            Source::Group { .. } => Vec::new(),
        };
        Self { opening: opening.clone(), networks }
    }

    fn of_family(&self, family: Family) -> impl Iterator<Item = &IpNet> {
        self.networks.iter().filter(move |net| family.has(net))
    }

    /// The prefix of the widest network; `None` when there is none in this family.
    fn width(&self, family: Family) -> Option<u8> {
        self.of_family(family).map(IpNet::prefix_len).min()
    }
}

/// An event names a line by its id where AWS told it, else by what it permits.
fn same(opening: &Opening, line: &Opening) -> bool {
    match (&opening.rule, &line.rule) {
        (Some(one), Some(other)) => one == other,
        _ => opening.same_content(line),
    }
}

fn reaches(traffic: Traffic, transport: Transport, port: u16) -> bool {
    match (traffic, transport) {
        (Traffic::Everything, _) => true,
        (Traffic::Tcp(ports), Transport::Tcp) | (Traffic::Udp(ports), Transport::Udp) => ports.contains(port),
        _ => false,
    }
}

/// Nothing listens on port 0, so 1 to 65535 is every port.
fn every_port(traffic: Traffic, transport: Transport) -> bool {
    let every = |ports: Ports| ports.first() <= 1 && ports.last() == u16::MAX;
    match (traffic, transport) {
        (Traffic::Everything, _) => true,
        (Traffic::Tcp(ports), Transport::Tcp) | (Traffic::Udp(ports), Transport::Udp) => every(ports),
        _ => false,
    }
}

fn too_wide(net: &IpNet, limits: Limits) -> bool {
    let limit = if Family::V4.has(net) { limits.v4 } else { limits.v6 };
    net.prefix_len() < limit && !OFF_THE_INTERNET.iter().any(|block| block.contains(net))
}

const fn v4(a: u8, b: u8, prefix: u8) -> IpNet {
    IpNet::V4(Ipv4Net::new_assert(Ipv4Addr::new(a, b, 0, 0), prefix))
}

const fn v6(first: u16, prefix: u8) -> IpNet {
    IpNet::V6(Ipv6Net::new_assert(Ipv6Addr::new(first, 0, 0, 0, 0, 0, 0, 0), prefix))
}

/// Addresses that nobody on the internet has: private, shared, loopback, link-local, "this network", multicast and
/// reserved. All but these is the world of IPv4.
const OFF_THE_INTERNET: &[IpNet] = &[
    v4(0, 0, 8),
    v4(10, 0, 8),
    v4(100, 64, 10),
    v4(127, 0, 8),
    v4(169, 254, 16),
    v4(172, 16, 12),
    v4(192, 168, 16),
    v4(224, 0, 3),
    v6(0xfc00, 7),
    v6(0xfe80, 10),
];

/// What is handed out of IPv6: who covers it has the world, `::/0` or not.
const WORLD_V6: IpNet = v6(0x2000, 3);

const ALL_V4: IpNet = v4(0, 0, 0);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Family {
    V4,
    V6,
}

impl Family {
    fn has(self, net: &IpNet) -> bool {
        matches!((self, net), (Self::V4, IpNet::V4(_)) | (Self::V6, IpNet::V6(_)))
    }

    /// A part of the item is in the world: what is not can be no part of the fault.
    fn is_on_the_internet(self, item: &Item) -> bool {
        item.of_family(self).any(|net| match self {
            Self::V4 => !OFF_THE_INTERNET.iter().any(|block| block.contains(net)),
            Self::V6 => WORLD_V6.contains(net) || net.contains(&WORLD_V6),
        })
    }

    fn world_is_covered<'a>(self, items: impl Iterator<Item = &'a Item>) -> bool {
        let mut nets: Vec<IpNet> = items.flat_map(|item| item.of_family(self)).copied().collect();
        let world = match self {
            Self::V4 => ALL_V4,
            Self::V6 => WORLD_V6,
        };
        if self == Self::V4 {
            nets.extend(OFF_THE_INTERNET.iter().filter(|block| self.has(block)));
        }
        could_cover(&nets, world) && IpNet::aggregate(&nets).iter().any(|net| net.contains(&world))
    }
}

/// Are there enough addresses at all? Cheap, and the answer for almost every group.
fn could_cover(nets: &[IpNet], world: IpNet) -> bool {
    let addresses = |net: &IpNet| 1_u128.checked_shl(u32::from(net.max_prefix_len() - net.prefix_len()));
    let sum = nets.iter().map(|net| addresses(net).unwrap_or(u128::MAX)).fold(0, u128::saturating_add);
    sum >= addresses(&world).unwrap_or(u128::MAX)
}

#[cfg(test)]
#[path = "exposure_tests.rs"]
mod tests;
