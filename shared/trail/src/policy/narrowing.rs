//! The conditions that narrow who may come.
//!
//! A condition narrows when it has to be met (no `…IfExists`, no `ForAllValues:`, which a missing key meets), when it
//! says what is let in and not what is kept out, and when each of its values is fixed: one that is not lets all in.

use ipnet::IpNet;
use model::{Requirement, Statement};

/// What a key's value has to look like to narrow anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Value {
    /// An id, whole.
    Id,
    /// An account's id, whole.
    Account,
    /// An ARN of one account, or of one thing whose name is the only one of its kind.
    Arn,
    /// `o-…/r-…/*`: of one organisation.
    Path,
    Network,
    True,
    /// A user's id, or a role's with whatever session: `AROAEXAMPLE:*`.
    Caller,
}

/// By key, in small letters. S3, KMS and EFS have keys of their own beside the global ones.
const KEYS: &[(&str, Value)] = &[
    ("aws:principalaccount", Value::Account),
    ("aws:principalarn", Value::Arn),
    ("aws:principalorgid", Value::Id),
    ("aws:principalorgpaths", Value::Path),
    ("aws:sourceaccount", Value::Account),
    ("aws:sourcearn", Value::Arn),
    ("aws:sourceip", Value::Network),
    ("aws:sourceorgid", Value::Id),
    ("aws:sourceorgpaths", Value::Path),
    ("aws:sourceowner", Value::Account),
    ("aws:sourcevpc", Value::Id),
    ("aws:sourcevpcarn", Value::Arn),
    ("aws:sourcevpce", Value::Id),
    ("aws:userid", Value::Caller),
    ("aws:vpceaccount", Value::Account),
    ("aws:vpceorgid", Value::Id),
    ("aws:vpceorgpaths", Value::Path),
    ("aws:vpcsourceip", Value::Network),
    ("elasticfilesystem:accessedviamounttarget", Value::True),
    ("elasticfilesystem:accesspointarn", Value::Arn),
    ("kms:calleraccount", Value::Account),
    ("s3:dataaccesspointaccount", Value::Account),
    ("s3:dataaccesspointarn", Value::Arn),
];

const ORGANISATION: &[&str] = &[
    "aws:principalorgid",
    "aws:principalorgpaths",
    "aws:sourceorgid",
    "aws:sourceorgpaths",
    "aws:vpceorgid",
    "aws:vpceorgpaths",
];

/// A network that is wider is as good as the world: what S3 takes for public.
const PREFIX_MIN_V4: u8 = 8;
const PREFIX_MIN_V6: u8 = 32;

/// Some condition narrows who may come to what is known: an organisation, an account, a network, a thing.
pub fn confined(statement: &Statement) -> bool {
    statement.conditions.iter().any(narrows)
}

/// A condition on this key has to be met, by a value without wildcards: `sts:ExternalId`.
pub fn requires(statement: &Statement, key: &str) -> bool {
    let is_met = |one: &Requirement| {
        one.key.raw().eq_ignore_ascii_case(key)
            && operator(one).is_some_and(|operator| operator.starts_with("string"))
            && every(one, is_fixed)
    };
    statement.conditions.iter().any(is_met)
}

/// What conditions ask that this key be: the values of operators that say what is let in, not what is kept out.
pub fn values<'s>(statement: &'s Statement, key: &str) -> Vec<&'s str> {
    let asks = |one: &&Requirement| {
        one.key.raw().eq_ignore_ascii_case(key)
            && operator(one).is_some_and(|operator| !operator.contains("not"))
    };
    let values = statement.conditions.iter().filter(asks).flat_map(|one| &one.values);
    values.map(model::Untrusted::raw).collect()
}

/// As [`values`], of this operator alone, whether a missing key meets it or not: `StringLike`.
pub fn values_under<'s>(statement: &'s Statement, key: &str, wanted: &str) -> Vec<&'s str> {
    let bare = |one: &Requirement| {
        let operator = one.operator.raw().trim().to_ascii_lowercase();
        let operator = operator.rsplit(':').next().unwrap_or_default().to_owned();
        operator.strip_suffix("ifexists").map(str::to_owned).unwrap_or(operator)
    };
    let asks = |one: &&Requirement| {
        one.key.raw().eq_ignore_ascii_case(key) && bare(one).eq_ignore_ascii_case(wanted)
    };
    let values = statement.conditions.iter().filter(asks).flat_map(|one| &one.values);
    values.map(model::Untrusted::raw).collect()
}

pub(super) fn by_organisation(statement: &Statement) -> bool {
    statement
        .conditions
        .iter()
        .any(|one| narrows(one) && ORGANISATION.contains(&one.key.raw().to_ascii_lowercase().as_str()))
}

/// Of each condition that narrows to accounts, which.
pub(super) fn accounts(statement: &Statement) -> Vec<Vec<&str>> {
    let of_accounts =
        |one: &&Requirement| matches!(value_of(one), Some(Value::Account | Value::Arn)) && narrows(one);
    let accounts = statement.conditions.iter().filter(of_accounts).map(named_in);
    accounts.filter(|accounts| !accounts.is_empty()).collect()
}

fn named_in(one: &Requirement) -> Vec<&str> {
    one.values.iter().filter_map(|value| super::account_of(value.raw())).collect()
}

fn value_of(one: &Requirement) -> Option<Value> {
    let key = one.key.raw().to_ascii_lowercase();
    KEYS.iter().find(|(known, _)| *known == key).map(|(_, value)| *value)
}

fn narrows(one: &Requirement) -> bool {
    let (Some(value), Some(operator)) = (value_of(one), operator(one)) else { return false };
    match (value, operator.as_str()) {
        (Value::Id | Value::Account, "stringequals" | "stringequalsignorecase" | "stringlike") => {
            every(one, is_fixed)
        }
        (Value::Account, "numericequals") => every(one, is_fixed),
        (Value::Arn, "stringequals" | "stringequalsignorecase" | "stringlike" | "arnequals" | "arnlike") => {
            every(one, is_of_one)
        }
        (Value::Path, "stringequals" | "stringequalsignorecase" | "stringlike") => {
            every(one, |text| text.split('/').next().is_some_and(is_fixed))
        }
        (Value::Network, "ipaddress") => is_less_than_the_world(one),
        (Value::Caller, "stringequals" | "stringequalsignorecase" | "stringlike") => {
            every(one, is_of_a_caller)
        }
        (Value::True, "bool") => every(one, |text| text.eq_ignore_ascii_case("true")),
        _ => false,
    }
}

/// In small letters and without its set; `None` for one that a missing key meets.
fn operator(one: &Requirement) -> Option<String> {
    let operator = one.operator.raw().trim().to_ascii_lowercase();
    let met_by_nothing = operator.ends_with("ifexists") || operator.starts_with("forallvalues:");
    (!met_by_nothing).then(|| operator.strip_prefix("foranyvalue:").unwrap_or(&operator).to_owned())
}

/// No value at all matches nothing, which is no way that anybody writes: it is not counted as narrow.
fn every(one: &Requirement, test: impl Fn(&str) -> bool) -> bool {
    !one.values.is_empty() && one.values.iter().all(|value| test(value.raw().trim()))
}

/// No wildcard, and no variable that the caller fills in; `${aws:ResourceOrgID}` is the owner's.
fn is_fixed(text: &str) -> bool {
    !text.is_empty()
        && !text.contains(['*', '?'])
        && text.match_indices("${").all(|(at, _)| {
            text.get(at..).is_some_and(|rest| {
                rest.get(..14).is_some_and(|start| start.eq_ignore_ascii_case("${aws:Resource"))
            })
        })
}

/// `AIDAEXAMPLE`, or `AROAEXAMPLE:` and any session of that role.
fn is_of_a_caller(text: &str) -> bool {
    is_fixed(text.strip_suffix(":*").unwrap_or(text))
}

/// An ARN whose account is fixed, or that has none and whose name is fixed: `arn:aws:s3:::yourmedia-assets`.
fn is_of_one(text: &str) -> bool {
    let mut parts = text.splitn(6, ':');
    let (Some("arn"), Some(_), Some(service), Some(_), Some(account), Some(name)) =
        (parts.next(), parts.next(), parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return false;
    };
    // A bucket's ARN has no account, and `arn:aws:s3:*:*:yourmedia-assets` is a form that people copy.
    let of_bucket = service == "s3" && account == "*";
    let by_name = account.is_empty() || of_bucket;
    if by_name { name.split('/').next().is_some_and(is_fixed) } else { is_fixed(account) }
}

/// Taken together, so that the world in pieces is the world.
fn is_less_than_the_world(one: &Requirement) -> bool {
    let networks: Option<Vec<IpNet>> =
        one.values.iter().map(|value| crate::network(value.raw()).ok()).collect();
    let narrow = |network: &IpNet| {
        network.prefix_len() >= if network.addr().is_ipv4() { PREFIX_MIN_V4 } else { PREFIX_MIN_V6 }
    };
    networks.is_some_and(|networks| !networks.is_empty() && IpNet::aggregate(&networks).iter().all(narrow))
}
