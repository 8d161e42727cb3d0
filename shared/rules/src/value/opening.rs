//! An opening with the openings it is judged together with.

use super::{absent, flag, indexed, number, owned, record};
use crate::params::network;
use crate::value::CidrsValue;
use cel::ExecutionError;
use cel::common::traits::Indexer;
use cel::common::types::{CelBool, CelInt, CelList, CelString, Type};
use cel::common::value::{CowVal, StaticVal, Val};
use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use model::{Direction, Opening, Ports, Source, Traffic};
use std::any::Any;
use std::sync::Arc;
use trail::exposure::{Field, Limits, Transport};

static OPENING: Type = Type::new_unspecified_type("gardefou.Opening");

/// The openings that are judged together.
#[derive(Debug)]
pub(crate) struct Scene {
    pub(crate) field: Field,
    pub(crate) limits: Limits,
}

#[derive(Debug, Clone)]
pub(crate) struct OpeningValue {
    scene: Arc<Scene>,
    at: usize,
}

impl OpeningValue {
    pub(crate) fn new(scene: &Arc<Scene>, at: usize) -> Self {
        Self { scene: Arc::clone(scene), at }
    }

    /// Every opening that is asked, as a list.
    pub(crate) fn list(scene: &Arc<Scene>) -> CelList<'static> {
        let one = |at| Box::new(Self::new(scene, at)) as Box<dyn Val>;
        CelList::from((0..scene.field.asked().len()).map(one).collect::<Vec<_>>())
    }

    fn field<'w>(&self, name: &str) -> Result<Box<dyn Val + 'w>, ExecutionError> {
        let Some(opening) = self.scene.field.asked().nth(self.at) else { return Err(absent(name)) };
        value_of(opening, name).ok_or_else(|| absent(name))
    }

    fn within(&self, networks: &[IpNet]) -> bool {
        self.scene.field.within(self.at, networks)
    }

    /// Some network that it stands for lies outside of these. Not so of one that stands for no known network:
    /// a group, a prefix list that was not read.
    fn outside(&self, networks: &[IpNet]) -> bool {
        let world = [IpNet::V4(Ipv4Net::default()), IpNet::V6(Ipv6Net::default())];
        self.within(&world) && !self.within(networks)
    }
}

fn value_of<'w>(opening: &Opening, name: &str) -> Option<Box<dyn Val + 'w>> {
    Some(match name {
        "ingress" => flag(opening.direction == Direction::Ingress),
        "egress" => flag(opening.direction == Direction::Egress),
        "protocol" => owned(protocol(opening.traffic)),
        "from_port" => number(ports(opening.traffic)?.first()),
        "to_port" => number(ports(opening.traffic)?.last()),
        "all_ports" => flag(match opening.traffic {
            Traffic::Everything => true,
            traffic => ports(traffic) == Some(Ports::ALL),
        }),
        "source" => owned(source(opening)),
        "cidr" | "prefix_list" | "group" | "account" => owned(source_if(&opening.source, name)?),
        "rule" => owned(opening.rule.as_ref()?.to_string()),
        "description" => owned(opening.description.as_ref()?.raw().to_owned()),
        _ => return None,
    })
}

fn source_if(source: &Source, name: &str) -> Option<String> {
    match (source, name) {
        (Source::Net(network), "cidr") => Some(network.to_string()),
        (Source::PrefixList(list), "prefix_list") => Some(list.to_string()),
        (Source::Group { group, .. }, "group") => Some(group.raw().to_owned()),
        (Source::Group { account: Some(account), .. }, "account") => Some(account.to_string()),
        _ => None,
    }
}

/// Where it may come from, or go to: a network, a prefix list's id or a group.
pub(crate) fn source(opening: &Opening) -> String {
    match &opening.source {
        Source::Net(network) => network.to_string(),
        Source::PrefixList(list) => list.to_string(),
        Source::Group { group, account: None } => group.raw().to_owned(),
        Source::Group { group, account: Some(account) } => format!("{account}/{}", group.raw()),
    }
}

/// As EC2 writes it: `tcp`, `udp`, `icmp`, `icmpv6`, a number, `-1` for all.
pub(crate) fn protocol(traffic: Traffic) -> String {
    match traffic {
        Traffic::Everything => "-1".to_owned(),
        Traffic::Tcp(_) => "tcp".to_owned(),
        Traffic::Udp(_) => "udp".to_owned(),
        Traffic::Other { protocol: 1, .. } => "icmp".to_owned(),
        Traffic::Other { protocol: 58, .. } => "icmpv6".to_owned(),
        Traffic::Other { protocol, .. } => protocol.to_string(),
    }
}

fn ports(traffic: Traffic) -> Option<Ports> {
    match traffic {
        Traffic::Tcp(ports) | Traffic::Udp(ports) => Some(ports),
        Traffic::Everything | Traffic::Other { .. } => None,
    }
}

impl Val for OpeningValue {
    record!(OPENING);
    fn clone_as_boxed<'w>(&self) -> Box<dyn Val + 'w>
    where
        Self: 'w,
    {
        Box::new(self.clone())
    }
    fn as_any(&self) -> Option<&dyn Any> {
        Some(self)
    }
}

impl StaticVal for OpeningValue {}

indexed!(OpeningValue);

/// A protocol that has ports; others are refused when the rule is read, if they are written out.
pub(crate) fn transport(protocol: &str) -> Option<Transport> {
    match protocol {
        "tcp" => Some(Transport::Tcp),
        "udp" => Some(Transport::Udp),
        _ => None,
    }
}

fn door(function: &str, protocol: &CelString<'_>, port: CelInt) -> Result<(Transport, u16), ExecutionError> {
    let transport = transport(protocol.inner())
        .ok_or_else(|| ExecutionError::function_error(function, "the protocol is neither tcp nor udp"))?;
    let port = u16::try_from(*port.inner())
        .map_err(|_| ExecutionError::function_error(function, "the port is not from 0 to 65535"))?;
    Ok((transport, port))
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "a declared function takes its arguments by reference")]
fn reaches(this: &OpeningValue, protocol: &CelString<'_>, port: &CelInt) -> Result<CelBool, ExecutionError> {
    let (transport, port) = door("reaches", protocol, *port)?;
    Ok(this.scene.field.reaches(this.at, transport, port).into())
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "a declared function takes its arguments by reference")]
fn exposes(this: &OpeningValue, protocol: &CelString<'_>, port: &CelInt) -> Result<CelBool, ExecutionError> {
    let (transport, port) = door("exposes", protocol, *port)?;
    Ok(this.scene.field.exposes(this.at, transport, port, &this.scene.limits).into())
}

/// One of these ports.
fn reaches_any(
    this: &OpeningValue,
    protocol: &CelString<'_>,
    ports: &CelList<'_>,
) -> Result<CelBool, ExecutionError> {
    any("reaches", ports, |port| reaches(this, protocol, port))
}

/// One of these ports.
fn exposes_any(
    this: &OpeningValue,
    protocol: &CelString<'_>,
    ports: &CelList<'_>,
) -> Result<CelBool, ExecutionError> {
    any("exposes", ports, |port| exposes(this, protocol, port))
}

fn any(
    function: &str,
    ports: &CelList<'_>,
    asked: impl Fn(&CelInt) -> Result<CelBool, ExecutionError>,
) -> Result<CelBool, ExecutionError> {
    for port in ports.inner() {
        let refused = || ExecutionError::function_error(function, "a list of ports is needed");
        if *asked(port.downcast_ref::<CelInt>().ok_or_else(refused)?)?.inner() {
            return Ok(true.into());
        }
    }
    Ok(false.into())
}

fn exposes_all(this: &OpeningValue) -> CelBool {
    this.scene.field.exposes_all(this.at, &this.scene.limits).into()
}

fn within(this: &OpeningValue, list: &CidrsValue) -> CelBool {
    this.within(list.networks()).into()
}

fn outside(this: &OpeningValue, list: &CidrsValue) -> CelBool {
    this.outside(list.networks()).into()
}

fn within_texts(this: &OpeningValue, list: &CelList<'_>) -> Result<CelBool, ExecutionError> {
    Ok(this.within(&parsed("within", list)?).into())
}

fn outside_texts(this: &OpeningValue, list: &CelList<'_>) -> Result<CelBool, ExecutionError> {
    Ok(this.outside(&parsed("outside", list)?).into())
}

fn parsed(function: &str, list: &CelList<'_>) -> Result<Vec<IpNet>, ExecutionError> {
    let refused = || ExecutionError::function_error(function, "a list of networks is needed");
    let one = |item: &(dyn Val + '_)| {
        let text = item.downcast_ref::<CelString<'_>>().ok_or_else(refused)?;
        network(text.inner()).map_err(|_| refused())
    };
    list.inner().iter().map(|item| one(item.as_ref())).collect()
}

/// Gives a language the functions that conditions ask of openings.
pub(crate) fn declare(env: &mut cel::Env) -> Result<(), cel::DeclarationError> {
    cel::add_member_overload!(env, fn reaches: (OpeningValue, CelString<'_>, CelInt) -> Result<CelBool>)?;
    cel::add_member_overload!(env, fn exposes: (OpeningValue, CelString<'_>, CelInt) -> Result<CelBool>)?;
    cel::add_member_overload!(env, fn reaches_any: (OpeningValue, CelString<'_>, CelList<'_>) -> Result<CelBool>, name = "reaches")?;
    cel::add_member_overload!(env, fn exposes_any: (OpeningValue, CelString<'_>, CelList<'_>) -> Result<CelBool>, name = "exposes")?;
    cel::add_member_overload!(env, fn exposes_all: (OpeningValue) -> CelBool)?;
    cel::add_member_overload!(env, fn within: (OpeningValue, CidrsValue) -> CelBool)?;
    cel::add_member_overload!(env, fn outside: (OpeningValue, CidrsValue) -> CelBool)?;
    cel::add_member_overload!(env, fn within_texts: (OpeningValue, CelList<'_>) -> Result<CelBool>, name = "within")?;
    cel::add_member_overload!(env, fn outside_texts: (OpeningValue, CelList<'_>) -> Result<CelBool>, name = "outside")?;
    Ok(())
}
