//! Waivers as a table and as JSON.

use crate::office::Granted;
use crate::shown;
use crate::when;
use comfy_table::{ContentArrangement, Table, presets};
use jiff::Timestamp;
use serde::Serialize;

/// The names of the fields are a promise to readers of the JSON.
#[derive(Debug, Serialize)]
pub(crate) struct Row<'a> {
    #[serde(flatten)]
    waiver: &'a model::Waiver,
    as_code: bool,
    uses: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_used: Option<String>,
    ended: bool,
}

pub(crate) fn row(granted: &Granted, now: Timestamp) -> Row<'_> {
    let Granted { waiver, as_code, uses, last_used } = granted;
    Row {
        waiver,
        as_code: *as_code,
        uses: *uses,
        last_used: last_used.map(when::stamp),
        ended: waiver.until <= now,
    }
}

pub(crate) fn table(granted: &[Granted], now: Timestamp, fitted: bool) -> String {
    let mut table = Table::new();
    if fitted {
        table.load_style(presets::UTF8_HORIZONTAL_ONLY);
        table.set_content_arrangement(ContentArrangement::Dynamic);
    } else {
        table.load_style(presets::NOTHING);
        table.set_content_arrangement(ContentArrangement::Disabled);
    }
    table.set_header(["waiver", "rule", "account", "resource", "actor", "owner", "ends", "used", "reason"]);
    for Granted { waiver, as_code, uses, last_used } in granted {
        let any = || "*".to_owned();
        let ends = if waiver.until <= now {
            format!("ended {}", when::ago(waiver.until, now))
        } else {
            when::due(waiver.until, now)
        };
        let used = match last_used {
            Some(last) => format!("{uses}, last {}", when::ago(*last, now)),
            None => "never".to_owned(),
        };
        let name = if *as_code { format!("{} (gardefou.yaml)", waiver.id) } else { waiver.id.to_string() };
        table.add_row([
            name,
            waiver.rule.as_ref().map_or_else(any, ToString::to_string),
            waiver.account.as_ref().map_or_else(any, ToString::to_string),
            shown::text(&waiver.resource),
            waiver.actor.as_deref().map_or_else(any, shown::text),
            shown::text(&waiver.owner),
            ends,
            used,
            shown::text(&waiver.reason),
        ]);
    }
    table.trim_fmt()
}
