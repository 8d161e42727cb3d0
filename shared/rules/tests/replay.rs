//! The shipped rules are sound and proven by their cases; and every rule over every event as one table: a change of a
//! rule shows each event whose verdict moves.
#![expect(clippy::unwrap_used, reason = "a test that can't read its files has failed")]

mod patch;
mod support;
mod variants;

use expect_test::expect_file;
use model::{Item, Verdict};
use rules::{Config, Judged, RuleBook, check};
use std::fmt::Write as _;
use support::{config, event, events, rule_files};
use trail::Change;
use trail::file::entries;

fn line(change: &Change, judged: &Judged<'_>) -> Option<String> {
    let rule = judged.rule;
    match &judged.verdict {
        Verdict::Quiet => None,
        Verdict::Violation(culprits) => {
            let ids: Vec<&str> = culprits.iter().map(|item| item.id().unwrap_or("unnamed")).collect();
            let message = rule.message(change, culprits);
            Some(format!("{} {}: {}", rule.id, visible(&ids.join(", ")), visible(message.raw())))
        }
        Verdict::Undecided { reason } => Some(format!("{} undecided: {reason}", rule.id)),
    }
}

/// No event steers who reads the table.
fn visible(text: &str) -> String {
    let is_seen = |c: char| c == ' ' || c.is_ascii_graphic() || c.is_alphanumeric();
    let shown = |c: char| if is_seen(c) { c.to_string() } else { c.escape_unicode().to_string() };
    text.chars().map(shown).collect()
}

/// With the shipped configuration, in which nothing is configured, and with the one of a company.
fn book(configured: bool) -> RuleBook {
    let configured = configured.then(|| {
        let text = "params: {operator_cidrs: [203.0.113.0/24], monitoring_cidrs: [10.1.0.0/16], \
                    org_accounts: ['111122223333'], bastion_sg_ids: [sg-0ba5], allowed_regions: [eu-west-3, us-east-1], \
                    deploy_principals: ['*yourmedia-deploy*'], prod_accounts: ['111122223333'], prod_tag: env=production, \
                    required_tags: [env, owner], log_buckets: ['*logs*'], login_cidrs: [203.0.113.0/24], \
                    github_repos: [yourmedia/web], tfstate_buckets: ['*tfstate*'], protected_buckets: ['*assets*']}";
        rules::Config::read(text).unwrap()
    });
    let (book, problems) = RuleBook::read(rule_files(), &configured.unwrap_or_else(config));
    assert_eq!(problems, []);
    book
}

fn table(book: &RuleBook) -> String {
    let mut table = String::new();
    for (path, bytes) in events() {
        for entry in entries(&bytes) {
            let verdict = match entry.parse() {
                Err(error) => format!(" {error}\n"),
                Ok(change) if !book.asks(&change) => " nobody asks\n".to_owned(),
                Ok(change) => {
                    let judged = book.judge(&change);
                    let lines: Vec<String> =
                        judged.iter().filter_map(|judged| line(&change, judged)).collect();
                    if lines.is_empty() {
                        " quiet\n".to_owned()
                    } else {
                        format!("\n    {}\n", lines.join("\n    "))
                    }
                }
            };
            write!(table, "{path}{verdict}").unwrap();
        }
    }
    table
}

#[test]
fn the_shipped_rules_have_no_problem() {
    let checked = check(&rule_files(), &config(), &event);
    let problems: Vec<String> = checked.problems.iter().map(ToString::to_string).collect();
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn a_rule_that_needs_what_nobody_configured_is_off_and_says_so() {
    let (book, _) = RuleBook::read(rule_files(), &config());
    let note =
        book.notes().iter().find(|note| note.ends_with("off: `operator_cidrs` is not configured")).unwrap();
    assert!(note.starts_with("`ec2-sg-ssh-not-operator` is"), "{note}");
    for rule in book.rules() {
        let said = book.notes().iter().any(|note| note.contains(&format!("`{}`", rule.id)));
        assert_eq!(said, rule.off().is_some(), "{}", rule.id);
    }
}

#[test]
fn every_rule_over_every_event_as_shipped() {
    expect_file!["replay_as_shipped.txt"].assert_eq(&table(&book(false)));
}

#[test]
fn every_rule_over_every_event_with_networks_configured() {
    expect_file!["replay_configured.txt"].assert_eq(&table(&book(true)));
}

/// `gardefou.yaml` shows what may be said with what holds when nobody does: the two must not part.
#[test]
fn what_the_configuration_says_of_params_is_what_the_rules_hold() {
    let (book, _) = RuleBook::read(rule_files(), &Config::default());
    let shipped = config();
    let mut defaults = std::collections::BTreeMap::new();
    for rule in book.rules() {
        let needed: Vec<&str> = rule.needs().collect();
        for (name, default) in rule.params().filter(|(name, _)| !needed.contains(name)) {
            let one = defaults.entry(name.to_owned()).or_insert_with(|| default.clone());
            assert_eq!(one, default, "{name} of {}", rule.id);
            if let Some(said) = shipped.param(name).filter(|said| !said.is_empty()) {
                assert_eq!(said, default, "{name} of {}", rule.id);
            }
        }
    }
    assert!(defaults.len() > 100);
}

#[test]
fn an_opening_of_everything_to_the_world_violates_five_rules_by_the_same_culprit() {
    let (_, bytes) = events().into_iter().find(|(path, _)| path.ends_with("/all-protocols.json")).unwrap();
    let change = trail::parse_record(&bytes).unwrap();
    let book = book(true);
    let violated: Vec<(&str, Vec<Item>)> = book
        .judge(&change)
        .into_iter()
        .filter_map(|judged| match judged.verdict {
            Verdict::Violation(culprits) => Some((judged.rule.id.as_str(), culprits)),
            Verdict::Quiet | Verdict::Undecided { .. } => None,
        })
        .collect();
    let of_groups = |rule: &&str| rule.starts_with("ec2-sg-");
    let violated: Vec<_> = violated.into_iter().filter(|(rule, _)| of_groups(rule)).collect();
    let rules: Vec<&str> = violated.iter().map(|(rule, _)| *rule).collect();
    assert_eq!(
        rules,
        [
            "ec2-sg-all-traffic-open",
            "ec2-sg-high-risk-ports-open",
            "ec2-sg-monitoring-ports-open",
            "ec2-sg-ssh-open",
            "ec2-sg-unapproved-public-port"
        ]
    );
    assert!(violated.iter().all(|(_, culprits)| *culprits == violated[0].1 && culprits.len() == 1));
}
