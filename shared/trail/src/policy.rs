//! What a statement comes to, decided as IAM would: who is let in, and what narrows it.

mod denial;
mod narrowing;
mod pattern;

pub use narrowing::{confined, requires, values, values_under};
pub use pattern::covers;

use model::{AccountId, Effect, Listed, Principal, Statement};

/// Lets anyone do something: no condition narrows who, and no denial in its policy does.
pub fn public(statement: &Statement, policy: &[Statement]) -> bool {
    let is_public = |way: &Statement| way.effect == Effect::Allow && open(&way.principals) && !confined(way);
    is_public(statement) && denial::left(statement, policy).iter().any(is_public)
}

/// Lets in an account that is neither `own` nor among `known`: by name, or as the one that everyone is narrowed to.
pub fn foreign(statement: &Statement, policy: &[Statement], own: &AccountId, known: &[&str]) -> bool {
    if statement.effect == Effect::Deny || statement.principals.is_unsaid() {
        return false;
    }
    denial::left(statement, policy).iter().any(|way| lets_in_foreign(way, own, known))
}

fn lets_in_foreign(statement: &Statement, own: &AccountId, known: &[&str]) -> bool {
    if narrowing::by_organisation(statement) {
        return false;
    }
    let is_foreign = |account: &str| account != own.as_str() && !known.contains(&account);
    let meant = match &statement.principals {
        Listed::These(principals) => principals.as_slice(),
        Listed::Unsaid | Listed::AllBut(_) => &[],
    };
    let by_name = meant.iter().filter_map(|one| account_of(one.name.raw())).any(is_foreign);
    let narrowed = narrowing::accounts(statement);
    if narrowed.iter().any(|accounts| !accounts.iter().any(|account| is_foreign(account))) {
        return false;
    }
    by_name || !narrowed.is_empty()
}

/// Lets this action be done: `s3:GetObject`, or `s3:*` for all of a service.
pub fn allows(statement: &Statement, action: &str) -> bool {
    let matches = |list: &[model::Untrusted]| list.iter().any(|pattern| covers(pattern.raw(), action));
    statement.effect == Effect::Allow
        && match &statement.actions {
            Listed::Unsaid => false,
            Listed::These(list) => matches(list),
            Listed::AllBut(list) => !matches(list),
        }
}

/// Denies everyone what comes over plain HTTP, and asks nothing else.
pub fn closes_plain_http(statement: &Statement) -> bool {
    let is_http = |one: &model::Requirement| {
        let operator = one.operator.raw();
        (operator.eq_ignore_ascii_case("Bool") || operator.eq_ignore_ascii_case("BoolIfExists"))
            && one.key.raw().eq_ignore_ascii_case("aws:SecureTransport")
            && one.values.iter().any(|value| value.raw().eq_ignore_ascii_case("false"))
    };
    let every_action = matches!(&statement.actions, Listed::These(list)
        if list.iter().any(|action| action.raw() == "*" || action.raw().ends_with(":*")));
    statement.effect == Effect::Deny
        && every_action
        && matches!(&statement.principals, Listed::These(list) if list.iter().any(is_everyone))
        && matches!(statement.conditions.as_slice(), [only] if is_http(only))
}

/// The account that an id of 12 digits or an ARN names.
pub fn account_of(name: &str) -> Option<&str> {
    let account = name.strip_prefix("arn:").and_then(|rest| rest.split(':').nth(3)).unwrap_or(name);
    let digits = account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit());
    digits.then_some(account)
}

/// All but a few is everyone.
fn open(principals: &Listed<Principal>) -> bool {
    match principals {
        Listed::Unsaid => false,
        Listed::These(list) => list.iter().any(is_everyone),
        Listed::AllBut(_) => true,
    }
}

/// `*`, of whatever kind, and `arn:aws:iam::*:root`, which some services take.
fn is_everyone(principal: &Principal) -> bool {
    let name = principal.name.raw().trim();
    let account = name.strip_prefix("arn:").and_then(|rest| rest.split(':').nth(3));
    name == "*" || account.is_some_and(|account| account.contains('*'))
}

#[cfg(test)]
#[path = "policy_tests.rs"]
mod tests;
