//! The values that rules take from `gardefou.yaml`.

use ipnet::IpNet;
use serde_json::Value;
use std::collections::BTreeMap;
use trail::exposure::Limits;

/// A list that is longer than this is a mistake, and too much to be asked of every change.
const LIST_MAX: usize = 500;

/// One value. What a name may hold follows from its ending, so that a rule's own params need no code:
/// `…_cidrs` holds networks, `…_ports` holds ports, any other a list of texts, a text, a number or a yes or no.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Param {
    Cidrs(Vec<IpNet>),
    Ports(Vec<u16>),
    Texts(Vec<String>),
    Text(String),
    Number(i64),
    Flag(bool),
}

impl Param {
    /// `Err` says what is wrong with the value.
    pub(crate) fn read(name: &str, value: &Value, limits: Limits) -> Result<Self, String> {
        let param = match value {
            _ if name.ends_with("_cidrs") => Self::Cidrs(networks(&texts(name, value)?, limits)?),
            _ if name.ends_with("_ports") => Self::Ports(ports(name, value)?),
            Value::Array(_) | Value::Null => Self::Texts(texts(name, value)?),
            Value::String(text) => Self::Text(text.clone()),
            Value::Bool(flag) => Self::Flag(*flag),
            Value::Number(number) => {
                Self::Number(number.as_i64().ok_or_else(|| format!("`{name}` is no whole number"))?)
            }
            Value::Object(_) => return Err(format!("`{name}` is a map: a list or a single value is needed")),
        };
        Ok(param)
    }

    /// An empty list or text: nobody said what it is.
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Cidrs(list) => list.is_empty(),
            Self::Ports(list) => list.is_empty(),
            Self::Texts(list) => list.is_empty(),
            Self::Text(text) => text.is_empty(),
            Self::Number(_) | Self::Flag(_) => false,
        }
    }

    /// What a param of this name holds when nobody said anything: a list where the name is a plural, else a text.
    pub(crate) fn empty(name: &str) -> Self {
        if name.ends_with("_cidrs") {
            Self::Cidrs(Vec::new())
        } else if name.ends_with("_ports") {
            Self::Ports(Vec::new())
        } else if name.ends_with('s') {
            Self::Texts(Vec::new())
        } else {
            Self::Text(String::new())
        }
    }

    pub(crate) fn same_kind(&self, other: &Self) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other)
    }
}

/// The params of a configuration by name.
pub(crate) type Params = BTreeMap<String, Param>;

/// A whole number from 0 to `most`; `None` for anything else.
pub(crate) fn prefix(value: &Value, most: u8) -> Option<u8> {
    value.as_u64().and_then(|number| u8::try_from(number).ok()).filter(|number| *number <= most)
}

/// `{v4: 8, v6: 16}`; what is not said stays as it is by default.
pub(crate) fn limits(value: &Value) -> Result<Limits, String> {
    let mut limits = Limits::default();
    let refused = || "`max_public_prefix` is written `{v4: 0 to 32, v6: 0 to 128}`".to_owned();
    for (key, value) in value.as_object().ok_or_else(refused)? {
        match key.as_str() {
            "v4" => limits.v4 = prefix(value, 32).ok_or_else(refused)?,
            "v6" => limits.v6 = prefix(value, 128).ok_or_else(refused)?,
            _ => return Err(refused()),
        }
    }
    Ok(limits)
}

fn list<'a>(name: &str, value: &'a Value) -> Result<&'a [Value], String> {
    match value {
        Value::Null => Ok(&[]),
        Value::Array(items) if items.len() <= LIST_MAX => Ok(items),
        Value::Array(items) => Err(format!("`{name}` has {} entries: {LIST_MAX} are the most", items.len())),
        _ => Err(format!("`{name}` needs a list")),
    }
}

fn texts(name: &str, value: &Value) -> Result<Vec<String>, String> {
    let text =
        |item: &Value| item.as_str().map(str::to_owned).ok_or(format!("`{name}` needs a list of texts"));
    list(name, value)?.iter().map(text).collect()
}

fn ports(name: &str, value: &Value) -> Result<Vec<u16>, String> {
    let port = |item: &Value| {
        let number = item.as_u64().and_then(|number| u16::try_from(number).ok());
        number.ok_or_else(|| format!("`{item}` in `{name}` is no port: a number from 0 to 65535 is needed"))
    };
    list(name, value)?.iter().map(port).collect()
}

/// Networks as an allow list may name them: exact, apart from each other, and never the world.
fn networks(texts: &[String], limits: Limits) -> Result<Vec<IpNet>, String> {
    let mut networks: Vec<IpNet> = Vec::new();
    for text in texts {
        let network = network(text)?;
        let limit = if network.addr().is_ipv4() { limits.v4 } else { limits.v6 };
        if network.prefix_len() == 0 || (network.prefix_len() < limit && !is_private(&network)) {
            return Err(format!("`{text}` is too much of the internet to be trusted"));
        }
        if let Some(other) =
            networks.iter().find(|other| other.contains(&network) || network.contains(*other))
        {
            return Err(format!("`{text}` and `{other}` overlap"));
        }
        networks.push(network);
    }
    Ok(networks)
}

pub(crate) fn network(text: &str) -> Result<IpNet, String> {
    let network: IpNet = text
        .parse()
        .map_err(|_| format!("`{text}` is no network: `203.0.113.0/24` is how one is written"))?;
    if network.trunc() == network {
        Ok(network)
    } else {
        Err(format!("`{text}` has host bits set: `{}` is the network", network.trunc()))
    }
}

fn is_private(network: &IpNet) -> bool {
    ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7"]
        .iter()
        .filter_map(|private| private.parse::<IpNet>().ok())
        .any(|private| private.contains(network))
}
