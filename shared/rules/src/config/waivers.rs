//! Waivers as code: they are reviewed like every other text, and end by themselves.

use crate::yaml::Place;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use model::{AccountId, RuleId, Waiver, WaiverId};
use serde::Deserialize;
use serde_saphyr::Spanned;
use std::collections::BTreeSet;

/// A waiver as people write it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Written {
    id: WaiverId,
    rule: Option<RuleId>,
    account: Option<AccountId>,
    #[serde(default = "whatever")]
    resource: String,
    actor: Option<String>,
    owner: String,
    reason: String,
    /// A day, from its midnight in UTC on, or a time.
    from: String,
    until: String,
}

fn whatever() -> String {
    "*".to_owned()
}

pub(super) fn read(written: &[Spanned<Written>]) -> Result<Vec<Waiver>, (Place, String)> {
    let mut ids = BTreeSet::new();
    let mut waivers = Vec::new();
    for one in written {
        let told = |text: String| (Place::of(one), text);
        let waiver = waiver(&one.value).map_err(told)?;
        waiver.check().map_err(|error| told(format!("waiver `{}`: {error}", waiver.id)))?;
        if !ids.insert(waiver.id.clone()) {
            return Err(told(format!("there is another waiver `{}`", waiver.id)));
        }
        waivers.push(waiver);
    }
    Ok(waivers)
}

fn waiver(written: &Written) -> Result<Waiver, String> {
    Ok(Waiver {
        id: written.id.clone(),
        rule: written.rule.clone(),
        account: written.account.clone(),
        resource: written.resource.clone(),
        actor: written.actor.clone(),
        owner: written.owner.clone(),
        reason: written.reason.clone(),
        from: time(&written.from)?,
        until: time(&written.until)?,
    })
}

fn time(text: &str) -> Result<Timestamp, String> {
    let day = |day: Date| TimeZone::UTC.to_timestamp(day.at(0, 0, 0, 0)).ok();
    let time = text.parse().ok().or_else(|| text.parse().ok().and_then(day));
    time.ok_or_else(|| format!("`{text}` is neither a day (2026-12-31) nor a time (2026-12-31T12:00:00Z)"))
}
