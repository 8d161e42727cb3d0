//! The params of a rule, parsed once when the rule is read.

use super::{absent, flag, name, number, owned, record};
use crate::params::{Param, Params};
use cel::ExecutionError;
use cel::common::traits::{Adder, Indexer};
use cel::common::types::{CelInt, CelList, Type};
use cel::common::value::{CowVal, StaticVal, Val};
use ipnet::IpNet;
use std::any::Any;
use std::collections::BTreeMap;
use std::sync::Arc;

static CIDRS: Type = Type::new_unspecified_type("gardefou.Cidrs");
static PARAMS: Type = Type::new_unspecified_type("gardefou.Params");

/// A list of networks. Two of them can be added.
#[derive(Debug, Clone)]
pub(crate) struct CidrsValue(Arc<[IpNet]>);

impl CidrsValue {
    pub(super) fn networks(&self) -> &[IpNet] {
        &self.0
    }
}

impl Val for CidrsValue {
    fn get_type(&self) -> &Type {
        &CIDRS
    }
    fn cel_type() -> &'static Type {
        &CIDRS
    }
    fn as_adder<'b, 'w>(&'b self) -> Option<&'b (dyn Adder + 'w)>
    where
        Self: 'w,
    {
        Some(self)
    }
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

impl StaticVal for CidrsValue {}

impl Adder for CidrsValue {
    fn add<'b, 'w>(&'b self, other: &(dyn Val + 'w)) -> Result<CowVal<'b, 'w>, ExecutionError>
    where
        Self: 'w,
    {
        let other = other
            .downcast_ref::<Self>()
            .ok_or_else(|| ExecutionError::function_error("+", "networks are added to networks only"))?;
        Ok(CowVal::owned(Self(self.0.iter().chain(other.0.iter()).copied().collect())))
    }
}

fn size(list: &CidrsValue) -> CelInt {
    CelInt::from(i64::try_from(list.0.len()).unwrap_or(i64::MAX))
}

pub(crate) fn declare(env: &mut cel::Env) -> Result<(), cel::DeclarationError> {
    cel::add_overload!(env, fn size: (CidrsValue) -> CelInt)?;
    cel::add_member_overload!(env, fn size: (CidrsValue) -> CelInt)
}

/// `params`: by name.
#[derive(Debug, Clone)]
pub(crate) struct ParamsValue(Arc<BTreeMap<String, Box<dyn Val>>>);

impl ParamsValue {
    pub(crate) fn new(params: &Params) -> Self {
        Self(Arc::new(params.iter().map(|(name, param)| (name.clone(), value(param))).collect()))
    }
}

fn value(param: &Param) -> Box<dyn Val> {
    let list = |items: Vec<Box<dyn Val>>| Box::new(CelList::from(items)) as Box<dyn Val>;
    match param {
        Param::Cidrs(networks) => Box::new(CidrsValue(networks.as_slice().into())),
        Param::Ports(ports) => list(ports.iter().map(|port| number(*port)).collect()),
        Param::Texts(texts) => list(texts.iter().map(|text| owned(text.clone())).collect()),
        Param::Text(text) => owned(text.clone()),
        Param::Number(value) => number(*value),
        Param::Flag(value) => flag(*value),
    }
}

impl Val for ParamsValue {
    record!(PARAMS);
    fn clone_as_boxed<'w>(&self) -> Box<dyn Val + 'w>
    where
        Self: 'w,
    {
        Box::new(self.clone())
    }
}

impl Indexer for ParamsValue {
    fn get<'b, 'w>(&'b self, key: &dyn Val) -> Result<CowVal<'b, 'w>, ExecutionError>
    where
        Self: 'w,
    {
        self.0.get(name(key)).map(|value| CowVal::Borrowed(value.as_ref())).ok_or_else(|| absent(name(key)))
    }
    fn steal<'w>(self: Box<Self>, key: &dyn Val) -> Result<Box<dyn Val + 'w>, ExecutionError>
    where
        Self: 'w,
    {
        self.0.get(name(key)).map(|value| value.clone_as_boxed()).ok_or_else(|| absent(name(key)))
    }
}
