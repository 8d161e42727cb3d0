//! Protocols, ports and networks as EC2 writes them, made one: what an event says and what a Describe call says of
//! the same line is equal.

use ipnet::IpNet;
use model::{NotARange, Ports, Traffic};
use std::net::IpAddr;

/// A protocol or ports that EC2 does not write.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnknownTraffic {
    #[error("`{0}` is not a protocol")]
    Protocol(String),
    #[error("only one end of a range of ports")]
    HalfRange,
    #[error(transparent)]
    Ports(#[from] NotARange),
}

/// A text that is no network.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a network")]
pub struct UnknownNetwork(String);

const ICMP: u8 = 1;
const TCP: u8 = 6;
const UDP: u8 = 17;
const ICMP_V6: u8 = 58;

/// A network without host bits, as EC2 keeps it. An address alone is itself.
pub fn network(text: &str) -> Result<IpNet, UnknownNetwork> {
    let text = text.trim();
    let net = text.parse::<IpNet>().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
    net.map(|net| net.trunc()).map_err(|_| UnknownNetwork(crate::error::quoted(text)))
}

/// Absent and -1 are the same: all. Ports of TCP and UDP that are absent open every port; other protocols than those
/// and ICMP have none, whatever is written.
pub fn traffic(protocol: &str, from: Option<i64>, to: Option<i64>) -> Result<Traffic, UnknownTraffic> {
    let Some(number) = number(protocol)? else { return Ok(Traffic::Everything) };
    match number {
        TCP => ports(from, to).map(Traffic::Tcp),
        UDP => ports(from, to).map(Traffic::Udp),
        ICMP | ICMP_V6 => {
            let word = |value: Option<i64>| i32::try_from(value.unwrap_or(-1)).map(Some);
            let not_a_range = |_| NotARange(from.unwrap_or(-1), to.unwrap_or(-1));
            let (from, to) = (word(from).map_err(not_a_range)?, word(to).map_err(not_a_range)?);
            Ok(Traffic::Other { protocol: number, from, to })
        }
        _ => Ok(Traffic::Other { protocol: number, from: None, to: None }),
    }
}

/// The IANA number; `None` for every protocol.
fn number(protocol: &str) -> Result<Option<u8>, UnknownTraffic> {
    let name = protocol.trim().to_ascii_lowercase();
    match name.as_str() {
        "-1" | "all" => Ok(None),
        "tcp" => Ok(Some(TCP)),
        "udp" => Ok(Some(UDP)),
        "icmp" => Ok(Some(ICMP)),
        "icmpv6" => Ok(Some(ICMP_V6)),
        _ => name.parse().map(Some).map_err(|_| UnknownTraffic::Protocol(crate::error::quoted(protocol))),
    }
}

fn ports(from: Option<i64>, to: Option<i64>) -> Result<Ports, UnknownTraffic> {
    match (from.filter(|&port| port != -1), to.filter(|&port| port != -1)) {
        (None, None) => Ok(Ports::ALL),
        (Some(from), Some(to)) => {
            let port = |value: i64| u16::try_from(value).map_err(|_| NotARange(from, to));
            Ok(Ports::new(port(from)?, port(to)?)?)
        }
        _ => Err(UnknownTraffic::HalfRange),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};

    fn check(protocol: &str, from: Option<i64>, to: Option<i64>, expected: &Expect) {
        let answer = traffic(protocol, from, to)
            .map_or_else(|error| format!("error: {error}"), |traffic| format!("{traffic:?}"));
        expected.assert_eq(&answer);
    }

    #[test]
    fn names_and_numbers_of_a_protocol_are_the_same() {
        for name in ["tcp", "TCP", "6", " Tcp "] {
            assert_eq!(traffic(name, Some(22), Some(22)), traffic("tcp", Some(22), Some(22)), "{name}");
        }
        check("17", Some(53), Some(53), &expect!["Udp(Ports { first: 53, last: 53 })"]);
        check("-1", Some(-1), Some(-1), &expect!["Everything"]);
        check("ALL", None, None, &expect!["Everything"]);
        check("icmpv6", None, None, &expect!["Other { protocol: 58, from: Some(-1), to: Some(-1) }"]);
        check("icmp", Some(8), Some(-1), &expect!["Other { protocol: 1, from: Some(8), to: Some(-1) }"]);
        check("50", Some(1), Some(2), &expect!["Other { protocol: 50, from: None, to: None }"]);
        check("256", None, None, &expect!["error: `256` is not a protocol"]);
        check("", None, None, &expect!["error: `` is not a protocol"]);
    }

    #[test]
    fn ports_that_are_absent_are_all_ports() {
        check("tcp", None, None, &expect!["Tcp(Ports { first: 0, last: 65535 })"]);
        check("udp", Some(-1), Some(-1), &expect!["Udp(Ports { first: 0, last: 65535 })"]);
        check("tcp", Some(-1), Some(65535), &expect!["error: only one end of a range of ports"]);
    }

    #[test]
    fn a_range_turned_around_or_out_of_bounds_is_refused() {
        check("tcp", Some(90), Some(80), &expect!["error: ports 90 to 80 are not a range"]);
        check("tcp", Some(0), Some(65536), &expect!["error: ports 0 to 65536 are not a range"]);
        check("tcp", Some(-2), Some(80), &expect!["error: ports -2 to 80 are not a range"]);
        let far = Some(1 << 40);
        check("icmp", None, far, &expect!["error: ports -1 to 1099511627776 are not a range"]);
        check("icmp", far, None, &expect!["error: ports 1099511627776 to -1 are not a range"]);
    }

    #[test]
    fn a_network_loses_its_host_bits() {
        let check =
            |text: &str| network(text).map_or_else(|error| format!("error: {error}"), |net| net.to_string());
        assert_eq!(check("198.51.100.77/24"), "198.51.100.0/24");
        assert_eq!(check("203.0.113.9"), "203.0.113.9/32");
        assert_eq!(check("2001:DB8::1/32"), "2001:db8::/32");
        assert_eq!(check("0.0.0.0/33"), "error: `0.0.0.0/33` is not a network");
        assert_eq!(check("pl-0123"), "error: `pl-0123` is not a network");
    }
}
