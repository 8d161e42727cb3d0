//! Which waivers cover what was found: those of the configuration, and those that people granted.

use crate::ledger::{Item, Ledger, LedgerError, Write};
use crate::record::text;
use crate::{Key, writes};
use jiff::Timestamp;
use model::{Finding, WaivedBy, Waiver};
use rules::Config;

/// The waivers that can cover something in one account.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Waivers(Vec<Waiver>);

impl Waivers {
    pub(crate) async fn of(
        ledger: &impl Ledger,
        config: &Config,
        account: &model::AccountId,
    ) -> Result<Self, LedgerError> {
        let mut waivers = config.waivers.clone();
        for of in [Some(account), None] {
            let granted = ledger.partition(&Key::waivers_of(of), "").await?;
            waivers.extend(granted.iter().filter_map(|(_, item)| granted_in(item)));
        }
        Ok(Self(waivers))
    }

    /// Marks the violations that a waiver covers, by the one that lasts longest.
    pub(crate) fn mark(&self, finding: &mut Finding, now: Timestamp) {
        let happened = finding.happened_at();
        let (resource, actor) = (&finding.resource, &finding.actor);
        for violation in &mut finding.violations {
            let covers = |waiver: &&Waiver| waiver.lets(&violation.rule, resource, actor, happened, now);
            let longest = self.0.iter().filter(covers).max_by_key(|waiver| waiver.until);
            violation.waived = longest.map(|waiver| WaivedBy {
                id: waiver.id.clone(),
                owner: waiver.owner.clone(),
                until: waiver.until,
            });
        }
    }
}

/// The waiver that an item holds; one that does not read covers nothing.
pub fn granted_in(item: &Item) -> Option<Waiver> {
    serde_json::from_str(text(item, "waiver").ok()?).ok()
}

/// Every use of a waiver is counted, with the finding's own transition.
pub(crate) fn uses(finding: &Finding, config: &Config, now: Timestamp) -> Vec<Write> {
    let mut used: Vec<Key> = Vec::new();
    for waived in finding.violations.iter().filter_map(|violation| violation.waived.as_ref()) {
        let as_code = config.waivers.iter().any(|waiver| waiver.id == waived.id);
        // A person's waiver is found under its account or under all; which one, its id tells.
        let key = match (as_code, waived.id.as_str().starts_with("all-")) {
            (true, _) => Key::waiver_as_code(&waived.id),
            (false, true) => Key { pk: Key::waivers_of(None), sk: waived.id.to_string() },
            (false, false) => {
                Key { pk: Key::waivers_of(Some(&finding.resource.account)), sk: waived.id.to_string() }
            }
        };
        if !used.contains(&key) {
            used.push(key);
        }
    }
    used.into_iter().map(|key| writes::waiver_used(key, now)).collect()
}
