//! A resource as it is now, as a condition sees it.

use super::change::tag_map;
use super::opening::{OpeningValue, Scene};
use super::{absent, indexed, owned, record, texts_of};
use cel::ExecutionError;
use cel::common::traits::Indexer;
use cel::common::types::{CelBool, CelList, CelMap, CelMapKey, CelString, Type};
use cel::common::value::{CowVal, StaticVal, Val};
use ipnet::IpNet;
use model::{PrefixListId, SecurityGroup};
use std::any::Any;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use trail::fields;

static OBSERVED: Type = Type::new_unspecified_type("gardefou.Observed");

/// `observed` of a security group; of any other resource, `observed` is fields.
#[derive(Debug, Clone)]
pub(crate) struct ObservedValue {
    group: Arc<SecurityGroup>,
    scene: Arc<Scene>,
}

impl ObservedValue {
    /// `scene` holds the group's lines.
    pub(crate) fn new(group: &SecurityGroup, scene: &Arc<Scene>) -> Self {
        Self { group: Arc::new(group.clone()), scene: Arc::clone(scene) }
    }

    fn tags(&self) -> BTreeMap<String, String> {
        self.group.tags.iter().map(|(key, value)| (key.clone(), value.raw().to_owned())).collect()
    }

    fn field<'w>(&self, name: &str) -> Result<Box<dyn Val + 'w>, ExecutionError> {
        Ok(match name {
            "group" => owned(self.group.group.to_string()),
            "name" => owned(self.group.name.raw().to_owned()),
            "lines" => Box::new(OpeningValue::list(&self.scene)),
            "tags" => Box::new(tag_map(self.tags())),
            "prefix_lists" => {
                let list = |(id, networks): (&PrefixListId, &Vec<IpNet>)| {
                    let networks =
                        networks.iter().map(|network| owned(network.to_string())).collect::<Vec<_>>();
                    (CelMapKey::from(id.to_string()), Box::new(CelList::from(networks)) as Box<dyn Val>)
                };
                Box::new(CelMap::from(self.group.prefix_lists.iter().map(list).collect::<HashMap<_, _>>()))
            }
            _ => return Err(absent(name)),
        })
    }
}

impl Val for ObservedValue {
    record!(OBSERVED);
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

impl StaticVal for ObservedValue {}

indexed!(ObservedValue);

fn tagged(this: &ObservedValue, wanted: &CelString<'_>) -> CelBool {
    fields::tagged(&this.tags(), wanted.inner()).into()
}

fn tagged_one_of(this: &ObservedValue, wanted: &CelList<'_>) -> Result<CelBool, ExecutionError> {
    let tags = this.tags();
    Ok(texts_of("tagged", wanted)?.iter().any(|wanted| fields::tagged(&tags, wanted)).into())
}

/// Gives a language the functions that conditions ask of a security group.
pub(crate) fn declare(env: &mut cel::Env) -> Result<(), cel::DeclarationError> {
    cel::add_member_overload!(env, fn tagged: (ObservedValue, CelString<'_>) -> CelBool)?;
    cel::add_member_overload!(env, fn tagged_one_of: (ObservedValue, CelList<'_>) -> Result<CelBool>, name = "tagged")
}
