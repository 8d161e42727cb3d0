//! `gardefou.yaml`: it allows what is written, and nothing more.

use crate::rules::are_places_in;
use crate::{Target, seeds};
use ::rules::Config;
use model::{AccountId, Mode};
use serde_json::Value;
use std::slice;

pub const TARGET: Target = Target { name: "config", seeds: texts, check };

/// The shipped one, which says most things in comments, and what some company says.
fn texts() -> Vec<Vec<u8>> {
    let shipped = seeds::text("gardefou.yaml").unwrap();
    let uncommented = shipped.lines().map(|line| format!("{}\n", line.strip_prefix("# ").unwrap_or(line)));
    let company = "mode: observe\naccounts: {'111122223333': revert, '444455556666': notify}\n\
                   breaker: {rule_per_10_minutes: 3, account_per_hour: 9, overall_per_hour: 20}\n\
                   break_glass: [arn:aws:iam::111122223333:role/break-glass]\nprotected: [sg-0123, sg-0456]\n\
                   packs: [../own]\nparams:\n  operator_cidrs: [203.0.113.0/24, '2001:db8::/32']\n  \
                   max_public_prefix: {v4: 9, v6: 20}\n  public_ports: [80, 443]\n\
                   rules:\n  ec2-sg-ssh-open: {mode: approve, severity: high, params: {operator_cidrs: [10.0.0.0/8]}}\n  \
                   iam-user-created: {off: true, because: ticket 1}\n";
    [uncommented.collect(), shipped.clone(), company.to_owned()].map(String::into_bytes).to_vec()
}

fn check(bytes: &[u8]) -> bool {
    let Ok(text) = str::from_utf8(bytes) else { return false };
    let read = Config::read(text);
    match &read {
        Err(problem) => are_places_in(text, slice::from_ref(problem)),
        Ok(config) => allows_what_is_written(config, text),
    }
    read.is_ok()
}

/// As a reader sees it that knows YAML and nothing of configurations.
fn allows_what_is_written(config: &Config, text: &str) {
    let Ok(written) = serde_saphyr::from_str::<Value>(text) else { return };
    let mode = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
    let default = mode(written.get("mode")).unwrap_or_else(|| Mode::Observe.to_string());
    assert_eq!(config.allowance.mode.to_string(), default);
    let listed = written.get("accounts").and_then(Value::as_object);
    assert_eq!(config.allowance.accounts.len(), listed.map_or(0, serde_json::Map::len));
    for (account, allowed) in listed.into_iter().flatten() {
        let account: AccountId = account.parse().unwrap();
        assert_eq!(config.allowance.accounts.get(&account).map(ToString::to_string), mode(Some(allowed)));
    }
    let protected = written.get("protected").and_then(Value::as_array).map_or(0, Vec::len);
    assert_eq!(config.protected.len(), protected);
}
