//! What depends on a security group: who reverts must know it before, and asks a person when it is much.

use crate::fault::observer_error;
use aws_sdk_ec2::Client;
use aws_sdk_ec2::types::{Filter, NetworkInterface, NetworkInterfaceType};
use engine::ObserverError;
use model::{GroupId, Uses};
use std::collections::BTreeSet;

/// EC2's largest page: more is more than anybody's limit.
const PAGE: i32 = 1_000;

pub(super) async fn uses(client: &Client, group: &GroupId) -> Result<Uses, ObserverError> {
    let (interfaces, references) = futures::join!(interfaces(client, group), references(client, group));
    let (interfaces, references) = (interfaces?, references?);
    let load_balancers = interfaces.iter().filter(|interface| is_load_balancer_s(interface)).count();
    Ok(Uses {
        interfaces: many(interfaces.len()),
        load_balancers: many(load_balancers),
        references: many(references),
    })
}

async fn interfaces(client: &Client, group: &GroupId) -> Result<Vec<NetworkInterface>, ObserverError> {
    let ask = client.describe_network_interfaces().filters(filter("group-id", group)).max_results(PAGE);
    let answer = ask.send().await.map_err(observer_error)?;
    Ok(answer.network_interfaces.unwrap_or_default())
}

/// Other groups whose lines name this one, in either direction.
async fn references(client: &Client, group: &GroupId) -> Result<usize, ObserverError> {
    let mut naming = BTreeSet::new();
    for lines in ["ip-permission.group-id", "egress.ip-permission.group-id"] {
        let ask = client.describe_security_groups().filters(filter(lines, group)).max_results(PAGE);
        let answer = ask.send().await.map_err(observer_error)?;
        naming.extend(
            answer.security_groups.unwrap_or_default().into_iter().filter_map(|other| other.group_id),
        );
    }
    naming.remove(group.as_str());
    Ok(naming.len())
}

/// A load balancer's interfaces are made by its service; the classic ones have no type of their own.
fn is_load_balancer_s(interface: &NetworkInterface) -> bool {
    let by_type = matches!(
        interface.interface_type(),
        Some(NetworkInterfaceType::NetworkLoadBalancer | NetworkInterfaceType::GatewayLoadBalancer)
    );
    by_type
        || interface.requester_id() == Some("amazon-elb")
        || interface.description().is_some_and(|text| text.starts_with("ELB "))
}

fn filter(name: &str, group: &GroupId) -> Filter {
    Filter::builder().name(name).values(group.as_str()).build()
}

fn many(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
