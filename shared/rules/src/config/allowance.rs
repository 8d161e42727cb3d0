//! What may be done, by account, organisational unit and environment: the smallest of what is said.

use crate::yaml::Place;
use model::{AccountId, Actor, Mode, Untrusted};
use serde::Deserialize;
use serde_saphyr::Spanned;
use std::collections::BTreeMap;

/// What the owner of the accounts allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allowance {
    /// For accounts that are not named.
    pub mode: Mode,
    pub accounts: BTreeMap<AccountId, Mode>,
    pub units: BTreeMap<String, Unit>,
    pub environments: Option<Environments>,
    /// Role ARNs: what these do is told and never taken back.
    pub break_glass: Vec<String>,
    /// For what a sweep saw, of which nobody knows who made it and since when it stands.
    pub sightings: Mode,
}

/// An organisational unit, or any other group of accounts.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unit {
    pub accounts: Vec<AccountId>,
    pub mode: Mode,
}

/// Resources by the value of one tag.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Environments {
    pub tag: String,
    pub modes: BTreeMap<String, Mode>,
}

/// Of what it is asked.
#[derive(Debug, Clone, Copy)]
pub struct Asking<'a> {
    pub account: &'a AccountId,
    /// Who did it; absent where a sweep saw it.
    pub actor: Option<&'a Actor>,
    /// The resource's tags, where they are known.
    pub tags: Option<&'a BTreeMap<String, Untrusted>>,
}

/// What is allowed, and every word that was said of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allowed {
    pub mode: Mode,
    /// Who says what: `account 111122223333`, `unit production`, `tag env=prod`.
    pub said: Vec<(String, Mode)>,
}

impl Default for Allowance {
    fn default() -> Self {
        Self {
            mode: Mode::Observe,
            accounts: BTreeMap::new(),
            units: BTreeMap::new(),
            environments: None,
            break_glass: Vec::new(),
            sightings: Mode::Approve,
        }
    }
}

impl Allowance {
    /// The smallest of what is said of it. Break-glass suppresses the revert, not the finding (REL-10).
    pub fn allowed(&self, Asking { account, actor, tags }: Asking<'_>) -> Allowed {
        let mut said = vec![match self.accounts.get(account) {
            Some(mode) => (format!("account {account}"), *mode),
            None => ("every account".to_owned(), self.mode),
        }];
        let units = self.units.iter().filter(|(_, unit)| unit.accounts.contains(account));
        said.extend(units.map(|(name, unit)| (format!("unit {name}"), unit.mode)));
        if let (Some(environments), Some(tags)) = (&self.environments, tags)
            && let Some(value) = tags.get(&environments.tag)
            && let Some(mode) = environments.modes.get(value.raw())
        {
            said.push((format!("tag {}={}", environments.tag, value.raw()), *mode));
        }
        match actor {
            None => said.push(("sightings".to_owned(), self.sightings)),
            Some(actor) if self.is_break_glass(actor) => said.push(("break-glass".to_owned(), Mode::Notify)),
            Some(_) => {}
        }
        let mode = said.iter().map(|(_, mode)| *mode).min().unwrap_or(self.mode);
        Allowed { mode, said }
    }

    fn is_break_glass(&self, actor: &Actor) -> bool {
        actor.role.as_deref().is_some_and(|role| self.break_glass.iter().any(|glass| glass == role))
    }
}

impl std::fmt::Display for Allowed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let said: Vec<String> = self.said.iter().map(|(who, mode)| format!("{who}: {mode}")).collect();
        write!(f, "{} ({})", self.mode, said.join(", "))
    }
}

/// A role's ARN, in full: what may be trusted with glass to break.
pub(super) fn check_role(role: &Spanned<String>) -> Result<(), (Place, String)> {
    let parts: Vec<&str> = role.value.splitn(6, ':').collect();
    let whole = matches!(parts.as_slice(), ["arn", partition, "iam", "", account, name]
        if partition.starts_with("aws") && account.parse::<AccountId>().is_ok()
            && name.strip_prefix("role/").is_some_and(|name| !name.is_empty() && !name.contains('*')));
    let text = || format!("`{}` is no role's ARN: arn:aws:iam::111122223333:role/NAME", role.value);
    if whole { Ok(()) } else { Err((Place::of(role), text())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(text: &str) -> AccountId {
        text.parse().unwrap()
    }

    fn allowance() -> Allowance {
        let unit =
            |accounts: &[&str], mode| Unit { accounts: accounts.iter().map(|a| account(a)).collect(), mode };
        Allowance {
            mode: Mode::Revert,
            accounts: [(account("222222222222"), Mode::Approve)].into(),
            units: [
                ("production".to_owned(), unit(&["333333333333", "222222222222"], Mode::Notify)),
                ("sandbox".to_owned(), unit(&["444444444444"], Mode::Revert)),
            ]
            .into(),
            environments: Some(Environments {
                tag: "env".to_owned(),
                modes: [("prod".to_owned(), Mode::Approve), ("lab".to_owned(), Mode::Observe)].into(),
            }),
            ..Allowance::default()
        }
    }

    #[test]
    fn what_is_done_is_the_smallest_that_account_unit_and_environment_say() {
        let actor: Actor = serde_json::from_str(r#"{"kind":"user","name":"claire"}"#).unwrap();
        let allowed = |id: &str, env: Option<&str>| {
            let tags = env.map(|env| BTreeMap::from([("env".to_owned(), Untrusted::new(env))]));
            let asking = Asking { account: &account(id), actor: Some(&actor), tags: tags.as_ref() };
            allowance().allowed(asking).to_string()
        };
        assert_eq!(allowed("111111111111", None), "revert (every account: revert)");
        assert_eq!(
            allowed("222222222222", None),
            "notify (account 222222222222: approve, unit production: notify)"
        );
        assert_eq!(
            allowed("444444444444", Some("prod")),
            "approve (every account: revert, unit sandbox: revert, tag env=prod: approve)"
        );
        assert_eq!(
            allowed("111111111111", Some("lab")),
            "observe (every account: revert, tag env=lab: observe)"
        );
        assert_eq!(allowed("111111111111", Some("other")), "revert (every account: revert)");
    }

    #[test]
    fn what_a_sweep_saw_asks_a_person_unless_the_owner_says_otherwise() {
        let asking = |id| allowance().allowed(Asking { account: id, actor: None, tags: None }).mode;
        assert_eq!(asking(&account("111111111111")), Mode::Approve);
        let bold = Allowance { sightings: Mode::Revert, ..allowance() };
        let id = account("111111111111");
        assert_eq!(bold.allowed(Asking { account: &id, actor: None, tags: None }).mode, Mode::Revert);
    }
}
