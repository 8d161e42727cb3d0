//! Security groups: reads them with their lines, and carries out the steps that name lines by id.

mod inventory;
mod uses;

use crate::fault::{Fault, fault, observer_error, step_error};
use crate::sessions::Sessions;
use aws_sdk_ec2::Client;
use aws_sdk_ec2::types::{self as ec2, Filter};
use engine::{Hands, Observer, ObserverError, Removed, Session, StepError};
use ipnet::IpNet;
use model::{
    Direction, GroupId, GroupRuleId, Item, Observed, Opening, PrefixListId, Resource, SecurityGroup, Source,
    Step, Traffic, Untrusted,
};
use std::collections::BTreeMap;

/// EC2 allows 1,000 lines a network interface; one page holds as many.
const LINES_MAX: usize = 5_000;
const PREFIX_LISTS_MAX: usize = 20;

/// Observer and hands for security groups.
#[derive(Debug, Clone)]
pub struct SecurityGroups {
    sessions: Sessions,
}

impl SecurityGroups {
    pub fn new(sessions: Sessions) -> Self {
        Self { sessions }
    }

    /// The group by its id, or by its name where the event gave only that.
    async fn group(client: &Client, id: &str) -> Result<Option<ec2::SecurityGroup>, ObserverError> {
        let ask = client.describe_security_groups();
        let ask = if id.parse::<GroupId>().is_ok() {
            ask.group_ids(id)
        } else {
            ask.filters(filter("group-name", id))
        };
        match ask.send().await {
            Ok(answer) => match answer.security_groups() {
                [one] => Ok(Some(one.clone())),
                [] => Ok(None),
                _ => Err(ObserverError::Nonsense("several groups have this name".to_owned())),
            },
            Err(error) if fault(&error) == Fault::Gone => Ok(None),
            Err(error) => Err(observer_error(error)),
        }
    }

    async fn lines(client: &Client, group: &GroupId) -> Result<Vec<Opening>, ObserverError> {
        let ask = client.describe_security_group_rules().filters(filter("group-id", group.as_str()));
        let mut pages = ask.max_results(1_000).into_paginator().items().send();
        let mut lines = Vec::new();
        while let Some(line) = pages.next().await {
            if lines.len() >= LINES_MAX {
                return Err(ObserverError::Nonsense(format!("more than {LINES_MAX} lines")));
            }
            lines.push(opening(&line.map_err(observer_error)?)?);
        }
        Ok(lines)
    }

    /// What the lists hold. A list that cannot be read (AWS's own can't) stands for nothing.
    async fn prefix_lists<'l>(
        &self,
        client: &Client,
        lines: impl Iterator<Item = &'l Opening>,
    ) -> BTreeMap<PrefixListId, Vec<IpNet>> {
        let mut lists = BTreeMap::new();
        for line in lines {
            let Source::PrefixList(list) = &line.source else { continue };
            if lists.len() >= PREFIX_LISTS_MAX || lists.contains_key(list) {
                continue;
            }
            let ask = client.get_managed_prefix_list_entries().prefix_list_id(list.as_str());
            let Ok(answer) = ask.send().await else { continue };
            let nets = answer.entries().iter().filter_map(|entry| entry.cidr()?.parse().ok()).collect();
            lists.insert(list.clone(), nets);
        }
        lists
    }
}

impl Observer for SecurityGroups {
    async fn observe(&self, resource: &Resource) -> Result<Observed, ObserverError> {
        if resource.service.as_str() != "ec2" {
            return Err(ObserverError::NoObserver(format!("{} of {}", resource.service, resource.account)));
        }
        let client = self.sessions.reader(&resource.account).await;
        let Some(group) = Self::group(&client, resource.id.raw()).await? else { return Ok(Observed::Gone) };
        let id = group_id(&group)?;
        let (lines, uses) = futures::join!(Self::lines(&client, &id), uses::uses(&client, &id));
        let lines = lines?;
        let lists = self.prefix_lists(&client, lines.iter()).await;
        let seen = seen(&group, lines, lists)?;
        Ok(Observed::SecurityGroup(SecurityGroup { uses: Some(uses?), ..seen }))
    }
}

fn group_id(group: &ec2::SecurityGroup) -> Result<GroupId, ObserverError> {
    group.group_id().unwrap_or_default().parse().map_err(|error| ObserverError::Nonsense(format!("{error}")))
}

fn seen(
    group: &ec2::SecurityGroup,
    lines: Vec<Opening>,
    prefix_lists: BTreeMap<PrefixListId, Vec<IpNet>>,
) -> Result<SecurityGroup, ObserverError> {
    let tags = group
        .tags()
        .iter()
        .filter_map(|tag| Some((tag.key()?.to_owned(), Untrusted::new(tag.value().unwrap_or_default()))));
    Ok(SecurityGroup {
        group: group_id(group)?,
        name: Untrusted::new(group.group_name().unwrap_or_default()),
        tags: tags.collect(),
        lines,
        prefix_lists,
        uses: None,
    })
}

impl Hands for SecurityGroups {
    async fn carry_out(
        &self,
        step: &Step,
        resource: &Resource,
        session: &Session,
    ) -> Result<Removed, StepError> {
        let client = self.sessions.actor(step, resource, session).await;
        match step {
            Step::RevokeIngress { group, rules } => revoke_ingress(&client, group, rules).await,
            Step::RevokeEgress { group, rules } => revoke_egress(&client, group, rules).await,
            Step::RestoreRules { group, lines } => restore(&client, group, lines).await,
            Step::AuthorizeIngress { group, lines } => {
                let call = client.authorize_security_group_ingress().group_id(group.as_str());
                let call = call.set_ip_permissions(Some(lines.iter().map(permission).collect()));
                let answer = call.send().await.map_err(step_error)?;
                made(answer.r#return(), answer.security_group_rules())
            }
            Step::AuthorizeEgress { group, lines } => {
                let call = client.authorize_security_group_egress().group_id(group.as_str());
                let call = call.set_ip_permissions(Some(lines.iter().map(permission).collect()));
                let answer = call.send().await.map_err(step_error)?;
                made(answer.r#return(), answer.security_group_rules())
            }
        }
    }
}

async fn revoke_ingress(
    client: &Client,
    group: &GroupId,
    rules: &[GroupRuleId],
) -> Result<Removed, StepError> {
    let call = client.revoke_security_group_ingress().group_id(group.as_str());
    let answer = call.set_security_group_rule_ids(Some(ids(rules))).send().await.map_err(step_error)?;
    removed(answer.r#return(), answer.revoked_security_group_rules(), rules)
}

async fn revoke_egress(
    client: &Client,
    group: &GroupId,
    rules: &[GroupRuleId],
) -> Result<Removed, StepError> {
    let call = client.revoke_security_group_egress().group_id(group.as_str());
    let answer = call.set_security_group_rule_ids(Some(ids(rules))).send().await.map_err(step_error)?;
    removed(answer.r#return(), answer.revoked_security_group_rules(), rules)
}

async fn restore(client: &Client, group: &GroupId, lines: &[Opening]) -> Result<Removed, StepError> {
    let mut call = client.modify_security_group_rules().group_id(group.as_str());
    let mut restored = Vec::new();
    for line in lines {
        let Some(rule) = &line.rule else { continue };
        restored.push(rule.clone());
        let update = ec2::SecurityGroupRuleUpdate::builder().security_group_rule_id(rule.as_str());
        call = call.security_group_rules(update.security_group_rule(request(line)).build());
    }
    let answer = call.send().await.map_err(step_error)?;
    removed(answer.r#return(), &[], &restored)
}

fn ids(rules: &[GroupRuleId]) -> Vec<String> {
    rules.iter().map(ToString::to_string).collect()
}

/// AWS's own list where the answer has one; `false` is a refusal without a code.
fn removed(
    answer: Option<bool>,
    revoked: &[ec2::RevokedSecurityGroupRule],
    asked: &[GroupRuleId],
) -> Result<Removed, StepError> {
    if answer == Some(false) {
        return Err(StepError::Rejected("EC2 answered false".into()));
    }
    if revoked.is_empty() {
        return Ok(Removed { ids: ids(asked), items: Vec::new() });
    }
    let items: Vec<Item> = revoked.iter().filter_map(revoked_line).map(Item::Opening).collect();
    let ids = revoked.iter().filter_map(|line| line.security_group_rule_id().map(str::to_owned)).collect();
    Ok(Removed { ids, items })
}

/// The parts of a line, as three of EC2's types spell them.
struct Parts<'l> {
    rule: Option<&'l str>,
    egress: bool,
    protocol: Option<&'l str>,
    ports: (Option<i32>, Option<i32>),
    networks: [Option<&'l str>; 2],
    prefix_list: Option<&'l str>,
    group: Option<(&'l str, Option<&'l str>)>,
    description: Option<&'l str>,
}

fn line(parts: &Parts<'_>) -> Option<Opening> {
    let source = match parts {
        Parts { networks: [Some(net), _] | [_, Some(net)], .. } => Source::Net(trail::network(net).ok()?),
        Parts { prefix_list: Some(list), .. } => Source::PrefixList(list.parse().ok()?),
        Parts { group: Some((group, account)), .. } => Source::Group {
            group: Untrusted::new(*group),
            account: account.and_then(|account| account.parse().ok()),
        },
        _ => return None,
    };
    Some(Opening {
        rule: parts.rule.and_then(|rule| rule.parse().ok()),
        direction: if parts.egress { Direction::Egress } else { Direction::Ingress },
        traffic: trail::traffic(parts.protocol?, parts.ports.0.map(i64::from), parts.ports.1.map(i64::from))
            .ok()?,
        source,
        description: parts.description.filter(|text| !text.is_empty()).map(Untrusted::from),
    })
}

fn opening(rule: &ec2::SecurityGroupRule) -> Result<Opening, ObserverError> {
    let group = rule.referenced_group_info();
    let parts = Parts {
        rule: rule.security_group_rule_id(),
        egress: rule.is_egress().unwrap_or(false),
        protocol: rule.ip_protocol(),
        ports: (rule.from_port(), rule.to_port()),
        networks: [rule.cidr_ipv4(), rule.cidr_ipv6()],
        prefix_list: rule.prefix_list_id(),
        // A group of the same account is named without it, as in the event.
        group: group.and_then(|group| {
            Some((group.group_id()?, group.user_id().filter(|user| Some(*user) != rule.group_owner_id())))
        }),
        description: rule.description(),
    };
    line(&parts).ok_or_else(|| {
        ObserverError::Nonsense(format!(
            "line `{}` has no source",
            rule.security_group_rule_id().unwrap_or("?")
        ))
    })
}

fn revoked_line(rule: &ec2::RevokedSecurityGroupRule) -> Option<Opening> {
    line(&Parts {
        rule: rule.security_group_rule_id(),
        egress: rule.is_egress().unwrap_or(false),
        protocol: rule.ip_protocol(),
        ports: (rule.from_port(), rule.to_port()),
        networks: [rule.cidr_ipv4(), rule.cidr_ipv6()],
        prefix_list: rule.prefix_list_id(),
        group: rule.referenced_group_id().map(|group| (group, None)),
        description: rule.description(),
    })
}

/// What AWS says it made; the ids are new.
fn made(answer: Option<bool>, rules: &[ec2::SecurityGroupRule]) -> Result<Removed, StepError> {
    if answer == Some(false) {
        return Err(StepError::Rejected("EC2 answered false".into()));
    }
    let ids = rules.iter().filter_map(|rule| rule.security_group_rule_id().map(str::to_owned)).collect();
    Ok(Removed { ids, items: Vec::new() })
}

/// Protocol and ports as EC2 writes them.
fn wire(traffic: Traffic) -> (String, Option<i32>, Option<i32>) {
    match traffic {
        Traffic::Everything => ("-1".to_owned(), Some(-1), Some(-1)),
        Traffic::Tcp(ports) => ("tcp".to_owned(), Some(ports.first().into()), Some(ports.last().into())),
        Traffic::Udp(ports) => ("udp".to_owned(), Some(ports.first().into()), Some(ports.last().into())),
        Traffic::Other { protocol, from, to } => (protocol.to_string(), from, to),
    }
}

/// A line as EC2 wants it made again.
fn permission(line: &Opening) -> ec2::IpPermission {
    let (protocol, from, to) = wire(line.traffic);
    let permission = ec2::IpPermission::builder().ip_protocol(protocol).set_from_port(from).set_to_port(to);
    let text = || line.description.as_ref().map(|text| text.raw().to_owned());
    match &line.source {
        Source::Net(net @ IpNet::V4(_)) => {
            let range = ec2::IpRange::builder().cidr_ip(net.to_string()).set_description(text());
            permission.ip_ranges(range.build())
        }
        Source::Net(net @ IpNet::V6(_)) => {
            let range = ec2::Ipv6Range::builder().cidr_ipv6(net.to_string()).set_description(text());
            permission.ipv6_ranges(range.build())
        }
        Source::PrefixList(list) => {
            let list = ec2::PrefixListId::builder().prefix_list_id(list.as_str()).set_description(text());
            permission.prefix_list_ids(list.build())
        }
        Source::Group { group, account } => {
            let pair = ec2::UserIdGroupPair::builder().group_id(group.raw()).set_description(text());
            let pair = pair.set_user_id(account.as_ref().map(ToString::to_string));
            permission.user_id_group_pairs(pair.build())
        }
    }
    .build()
}

/// A line as EC2 wants it put back.
fn request(line: &Opening) -> ec2::SecurityGroupRuleRequest {
    let (protocol, from, to) = wire(line.traffic);
    let request = ec2::SecurityGroupRuleRequest::builder().ip_protocol(protocol);
    let request = request.set_from_port(from).set_to_port(to);
    let request = request.set_description(line.description.as_ref().map(|text| text.raw().to_owned()));
    match &line.source {
        Source::Net(net @ IpNet::V4(_)) => request.cidr_ipv4(net.to_string()),
        Source::Net(net @ IpNet::V6(_)) => request.cidr_ipv6(net.to_string()),
        Source::PrefixList(list) => request.prefix_list_id(list.as_str()),
        Source::Group { group, .. } => request.referenced_group_id(group.raw()),
    }
    .build()
}

fn filter(name: &str, value: &str) -> Filter {
    Filter::builder().name(name).values(value).build()
}
