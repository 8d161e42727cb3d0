//! What other statements of a policy leave of one that allows.
//!
//! A denial that holds for everyone leaves those who do not meet it: of `Deny` unless `aws:PrincipalOrgID` is ours, it
//! leaves what `Allow` if it is ours would. So a denial is turned around into conditions, and what is left is judged
//! like any statement. One that cannot be turned around is taken to leave everything.

use super::{covers, is_everyone};
use model::{Effect, Listed, Requirement, Statement, Untrusted};

/// More ways than this are not followed: the statement is then judged as it stands.
const WAYS_MAX: usize = 64;

/// Operators that say what a denial spares, and what they are the other way round.
const TURNED: &[(&str, &str)] = &[
    ("arnnotequals", "ArnEquals"),
    ("arnnotlike", "ArnLike"),
    ("notipaddress", "IpAddress"),
    ("numericnotequals", "NumericEquals"),
    ("stringnotequals", "StringEquals"),
    ("stringnotequalsignorecase", "StringEqualsIgnoreCase"),
    ("stringnotlike", "StringLike"),
];

/// True of AWS's services: who is left then is no stranger.
const OF_SERVICES: &[&str] = &["aws:principalisawsservice", "aws:viaawsservice"];

/// The ways that the policy leaves to do what the statement allows, one of which has to be open for it to be; none
/// where all of it is denied to everyone.
pub(super) fn left(statement: &Statement, policy: &[Statement]) -> Vec<Statement> {
    let denials = policy.iter().filter(|denial| denies_all_of(denial, statement));
    let left = denials.filter_map(spared).try_fold(vec![statement.clone()], |ways, spared| {
        let through = |way: &Statement| spared.iter().map(|spared| spared.of(way)).collect::<Vec<_>>();
        let ways: Vec<Statement> = ways.iter().flat_map(through).collect();
        (ways.len() <= WAYS_MAX).then_some(ways)
    });
    left.unwrap_or_else(|| vec![statement.clone()])
}

/// Whom a denial does not reach.
enum Spared {
    Meeting(Requirement),
    Named(Listed<model::Principal>),
}

impl Spared {
    fn of(&self, way: &Statement) -> Statement {
        let mut way = way.clone();
        match self {
            Self::Meeting(requirement) => way.conditions.push(requirement.clone()),
            Self::Named(principals) => way.principals.clone_from(principals),
        }
        way
    }
}

fn denies_all_of(denial: &Statement, statement: &Statement) -> bool {
    let everyone = match &denial.principals {
        Listed::Unsaid => false,
        Listed::These(list) => list.iter().any(is_everyone),
        Listed::AllBut(_) => true,
    };
    denial.effect == Effect::Deny
        && everyone
        && holds(&denial.actions, &statement.actions)
        && holds(&denial.resources, &statement.resources)
}

/// Is all that is listed there within what is listed here? A `?` may be narrower than a `*` that it stands for.
fn holds(here: &Listed<Untrusted>, there: &Listed<Untrusted>) -> bool {
    let Listed::These(patterns) = here else { return here.is_unsaid() && there.is_unsaid() };
    let everything = patterns.iter().any(|pattern| pattern.raw() == "*");
    let within = |text: &Untrusted| {
        let wide = |pattern: &&Untrusted| !pattern.raw().contains('?') || pattern.raw() == text.raw();
        patterns.iter().filter(wide).any(|pattern| covers(pattern.raw(), text.raw()))
    };
    everything || matches!(there, Listed::These(list) if list.iter().all(within))
}

/// `None` of a denial with a condition that cannot be turned around.
fn spared(denial: &Statement) -> Option<Vec<Spared>> {
    let mut spared = Vec::new();
    for one in &denial.conditions {
        if !is_of_services(one) {
            spared.push(Spared::Meeting(turned(one)?));
        }
    }
    if let Listed::AllBut(list) = &denial.principals {
        spared.push(Spared::Named(Listed::These(list.clone())));
    }
    Some(spared)
}

/// `…IfExists` denies where the key is missing, as a denial with `Not…` does anyway.
fn turned(one: &Requirement) -> Option<Requirement> {
    let operator = one.operator.raw().trim().to_ascii_lowercase();
    let operator = operator.strip_suffix("ifexists").unwrap_or(&operator);
    let (_, turned) = TURNED.iter().find(|(known, _)| *known == operator)?;
    Some(Requirement { operator: (*turned).into(), ..one.clone() })
}

fn is_of_services(one: &Requirement) -> bool {
    let operator = one.operator.raw().trim().to_ascii_lowercase();
    matches!(operator.as_str(), "bool" | "boolifexists")
        && OF_SERVICES.contains(&one.key.raw().to_ascii_lowercase().as_str())
        && one.values.iter().all(|value| value.raw().eq_ignore_ascii_case("false"))
}

#[cfg(test)]
#[path = "denial_tests.rs"]
mod tests;
