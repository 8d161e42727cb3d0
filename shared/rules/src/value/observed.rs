//! A resource as it is now, as a `holds` condition sees it.

use super::opening::{OpeningValue, Scene};
use super::{absent, indexed, owned, record};
use cel::ExecutionError;
use cel::common::traits::Indexer;
use cel::common::types::{CelList, CelMap, CelMapKey, Type};
use cel::common::value::{CowVal, Val};
use ipnet::IpNet;
use model::{PrefixListId, SecurityGroup};
use std::collections::HashMap;
use std::sync::Arc;

static OBSERVED: Type = Type::new_unspecified_type("gardefou.Observed");

/// `observed`.
#[derive(Debug, Clone)]
pub(crate) struct ObservedValue<'v> {
    group: &'v SecurityGroup,
    scene: Arc<Scene>,
}

impl<'v> ObservedValue<'v> {
    /// `scene` holds the group's lines.
    pub(crate) fn new(group: &'v SecurityGroup, scene: &Arc<Scene>) -> Self {
        Self { group, scene: Arc::clone(scene) }
    }

    fn field(&self, name: &str) -> Result<Box<dyn Val + 'v>, ExecutionError> {
        Ok(match name {
            "group" => owned(self.group.group.to_string()),
            "name" => owned(self.group.name.raw().to_owned()),
            "lines" => Box::new(OpeningValue::list(&self.scene)),
            "tags" => {
                let tag = |(key, value): (&'v String, &'v model::Untrusted)| {
                    (CelMapKey::from(key.as_str()), super::text(value.raw()))
                };
                Box::new(CelMap::from(self.group.tags.iter().map(tag).collect::<HashMap<_, _>>()))
            }
            "prefix_lists" => {
                let list = |(id, networks): (&PrefixListId, &Vec<IpNet>)| {
                    let networks =
                        networks.iter().map(|network| owned(network.to_string())).collect::<Vec<_>>();
                    (CelMapKey::from(id.to_string()), Box::new(CelList::from(networks)) as Box<dyn Val + 'v>)
                };
                Box::new(CelMap::from(self.group.prefix_lists.iter().map(list).collect::<HashMap<_, _>>()))
            }
            _ => return Err(absent(name)),
        })
    }
}

impl Val for ObservedValue<'_> {
    record!(OBSERVED);
    fn clone_as_boxed<'w>(&self) -> Box<dyn Val + 'w>
    where
        Self: 'w,
    {
        Box::new(self.clone())
    }
}

indexed!(ObservedValue<'_>);
