//! Every security group of an account, page by page: what the sweep judges.

use super::{SecurityGroups, opening, seen};
use crate::fault::observer_error;
use aws_sdk_ec2::Client;
use aws_sdk_ec2::types::{self as ec2, Filter};
use engine::{Cursor, Inventory, ObserverError, Page, Sighted};
use ipnet::IpNet;
use model::{AccountId, Observed, Opening, PrefixListId, Resource, Source};
use std::collections::{BTreeMap, BTreeSet};

/// A filter of EC2 takes 200 values: the lines of as many groups are asked for at once.
const GROUPS: i32 = 200;
const LINES: i32 = 1_000;

impl Inventory for SecurityGroups {
    async fn page(
        &self,
        account: &AccountId,
        after: Option<&Cursor>,
    ) -> Result<Page<Sighted>, ObserverError> {
        let client = self.sessions.reader(account).await;
        let ask = client.describe_security_groups().max_results(GROUPS);
        let answer =
            ask.set_next_token(after.map(|after| after.0.clone())).send().await.map_err(observer_error)?;
        let next =
            answer.next_token().filter(|token| !token.is_empty()).map(|token| Cursor(token.to_owned()));
        let groups = answer.security_groups.unwrap_or_default();
        let mut lines = lines(&client, &groups).await?;
        let lists = self.prefix_lists(&client, lines.values().flatten()).await;
        let mut items = Vec::new();
        for group in &groups {
            let own = lines.remove(group.group_id().unwrap_or_default()).unwrap_or_default();
            let named = named(&own, &lists);
            let sighted = seen(group, own, named)?;
            items.push(Sighted {
                resource: self.resource(account, sighted.group.as_str())?,
                observed: Observed::SecurityGroup(sighted),
            });
        }
        Ok(Page { items, next })
    }
}

impl SecurityGroups {
    fn resource(&self, account: &AccountId, id: &str) -> Result<Resource, ObserverError> {
        let nonsense = |error: model::MalformedId| ObserverError::Nonsense(error.to_string());
        Ok(Resource {
            account: account.clone(),
            region: self.sessions.region().parse().map_err(nonsense)?,
            service: "ec2".parse().map_err(nonsense)?,
            id: id.into(),
        })
    }
}

async fn lines(
    client: &Client,
    groups: &[ec2::SecurityGroup],
) -> Result<BTreeMap<String, Vec<Opening>>, ObserverError> {
    let ids: Vec<String> = groups.iter().filter_map(|group| group.group_id().map(str::to_owned)).collect();
    let mut lines: BTreeMap<String, Vec<Opening>> = BTreeMap::new();
    if ids.is_empty() {
        return Ok(lines);
    }
    let of_these = Filter::builder().name("group-id").set_values(Some(ids)).build();
    let ask = client.describe_security_group_rules().filters(of_these).max_results(LINES);
    let mut pages = ask.into_paginator().items().send();
    while let Some(line) = pages.next().await {
        let line = line.map_err(observer_error)?;
        lines.entry(line.group_id().unwrap_or_default().to_owned()).or_default().push(opening(&line)?);
    }
    Ok(lines)
}

/// Of the lists that were read, those that a group's lines name.
fn named(
    lines: &[Opening],
    lists: &BTreeMap<PrefixListId, Vec<IpNet>>,
) -> BTreeMap<PrefixListId, Vec<IpNet>> {
    let ids: BTreeSet<&PrefixListId> = lines
        .iter()
        .filter_map(|line| match &line.source {
            Source::PrefixList(list) => Some(list),
            Source::Net(_) | Source::Group { .. } => None,
        })
        .collect();
    lists.iter().filter(|(id, _)| ids.contains(id)).map(|(id, nets)| (id.clone(), nets.clone())).collect()
}
