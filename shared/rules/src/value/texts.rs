//! What conditions ask of texts and lists of texts: patterns, accounts, networks.

use super::lists::CidrsValue;
use super::texts_of;
use cel::ExecutionError;
use cel::common::types::{CelBool, CelInt, CelList, CelString};
use ipnet::IpNet;
use model::{Direction, Opening, Source, Traffic};
use trail::exposure::{Field, Limits};
use trail::{policy, schedule};

fn like(this: &CelString<'_>, pattern: &CelString<'_>) -> CelBool {
    policy::covers(pattern.inner(), this.inner()).into()
}

fn like_one_of(this: &CelString<'_>, patterns: &CelList<'_>) -> Result<CelBool, ExecutionError> {
    let patterns = texts_of("like", patterns)?;
    Ok(patterns.iter().any(|pattern| policy::covers(pattern, this.inner())).into())
}

fn some_like(this: &CelList<'_>, pattern: &CelString<'_>) -> Result<CelBool, ExecutionError> {
    Ok(texts_of("like", this)?.iter().any(|text| policy::covers(pattern.inner(), text)).into())
}

fn some_like_one_of(this: &CelList<'_>, patterns: &CelList<'_>) -> Result<CelBool, ExecutionError> {
    let patterns = texts_of("like", patterns)?;
    let covered = |text: &String| patterns.iter().any(|pattern| policy::covers(pattern, text));
    Ok(texts_of("like", this)?.iter().any(covered).into())
}

fn account(this: &CelString<'_>) -> CelString<'static> {
    policy::account_of(this.inner().trim()).unwrap_or_default().to_owned().into()
}

/// Are these networks, one alone or all together, as good as the whole internet?
fn is_world(this: &CelList<'_>) -> Result<CelBool, ExecutionError> {
    let open = |network| Opening {
        rule: None,
        direction: Direction::Ingress,
        traffic: Traffic::Everything,
        source: Source::Net(network),
        description: None,
    };
    let field = Field::of(&networks("isWorld", this)?.into_iter().map(open).collect::<Vec<_>>());
    Ok((0..field.asked().len()).any(|at| field.exposes_all(at, &Limits::default())).into())
}

/// Some of these networks lies outside of those.
fn some_outside(this: &CelList<'_>, cidrs: &CidrsValue) -> Result<CelBool, ExecutionError> {
    let allowed = IpNet::aggregate(&cidrs.networks().to_vec());
    let inside = |network: &IpNet| allowed.iter().any(|allowed| allowed.contains(network));
    Ok((!networks("outside", this)?.iter().all(inside)).into())
}

fn networks(function: &str, list: &CelList<'_>) -> Result<Vec<IpNet>, ExecutionError> {
    let odd = || ExecutionError::function_error(function, "a text that is no network");
    texts_of(function, list)?.iter().map(|text| trail::network(text.trim()).map_err(|_| odd())).collect()
}

/// Of a schedule, `rate(30 days)` or `cron(0 8 1 * ? *)`: the longest gap between two runs in whole days.
fn days(this: &CelString<'_>) -> Result<CelInt, ExecutionError> {
    let odd = || ExecutionError::function_error("days", "a schedule that is not understood");
    schedule::days(this.inner()).map(CelInt::from).ok_or_else(odd)
}

/// Gives a language the functions that conditions ask of texts.
pub(crate) fn declare(env: &mut cel::Env) -> Result<(), cel::DeclarationError> {
    cel::add_member_overload!(env, fn like: (CelString<'_>, CelString<'_>) -> CelBool)?;
    cel::add_member_overload!(env, fn like_one_of: (CelString<'_>, CelList<'_>) -> Result<CelBool>, name = "like")?;
    cel::add_member_overload!(env, fn some_like: (CelList<'_>, CelString<'_>) -> Result<CelBool>, name = "like")?;
    cel::add_member_overload!(env, fn some_like_one_of: (CelList<'_>, CelList<'_>) -> Result<CelBool>, name = "like")?;
    cel::add_member_overload!(env, fn account: (CelString<'_>) -> CelString<'static>)?;
    cel::add_member_overload!(env, fn days: (CelString<'_>) -> Result<CelInt>)?;
    cel::add_member_overload!(env, fn is_world: (CelList<'_>) -> Result<CelBool>, name = "isWorld")?;
    cel::add_member_overload!(env, fn some_outside: (CelList<'_>, CidrsValue) -> Result<CelBool>, name = "outside")?;
    Ok(())
}
