//! The configurations that runs are made with, over the shipped network rules, read once.

use anyhow::Context as _;
use engine::Guarded;
use rules::{Config, RuleBook, RuleFile};
use std::path::Path;
use std::sync::Arc;

pub(crate) const REGION: &str = "eu-west-3";
pub(crate) const ACCOUNTS: [&str; 3] = ["111122223333", "222233334444", "333344445555"];
/// Not one of ours.
pub(crate) const STRANGER: &str = "999988887777";
const ACTING_ROLE: &str = "arn:aws:iam::111122223333:role/gardefou/acting";

pub(crate) fn break_glass_role(account: &str) -> String {
    format!("arn:aws:iam::{account}:role/break-glass")
}

/// One configuration with its rules.
#[derive(Debug, Clone)]
pub struct Variant {
    pub name: &'static str,
    pub guarded: Arc<Guarded>,
}

/// What all have; the second is what each adds.
const COMMON: &str = "
break_glass: ['arn:aws:iam::111122223333:role/break-glass', 'arn:aws:iam::222233334444:role/break-glass', 'arn:aws:iam::333344445555:role/break-glass']
params: {operator_cidrs: [198.51.100.0/24]}
rules: {vpc-topology-changed-gateways: {mode: notify, because: what passes is told as well}}
";

const VARIANTS: [(&str, &str); 6] = [
    ("revert everywhere", "mode: revert"),
    (
        "approve and observe",
        "mode: revert\naccounts: {'222233334444': approve, '333344445555': observe}\nsightings: approve",
    ),
    (
        "small breaker",
        "mode: revert\naccounts: {'333344445555': notify}\nbreaker: {rule_per_10_minutes: 3, account_per_hour: 6, overall_per_hour: 500}",
    ),
    (
        "sightings are taken back",
        "mode: revert\nsightings: revert\nprotected: ['sg-10000000000000000', 'sg-20000000000000001']",
    ),
    (
        "waivers and environments",
        "mode: revert
environments: {tag: env, modes: {prod: approve, lab: observe}}
waivers:
  - {id: jobs-ssh, rule: ec2-sg-ssh-open, resource: sg-10000000000000001, owner: team-a, reason: lab, from: '2026-11-01', until: '2027-01-15'}
  - {id: jobs-risk, rule: ec2-sg-high-risk-ports-open, resource: sg-10000000000000001, owner: team-a, reason: lab, from: '2026-11-01', until: '2027-01-15'}
  - {id: web-all, account: '222233334444', resource: sg-20000000000000000, owner: team-b, reason: move, from: '2026-11-01', until: '2026-11-24T11:00:00Z'}",
    ),
    (
        "default groups may be touched",
        "mode: revert\nblast_radius: {default_groups: true, interfaces: 10}\naccounts: {'222233334444': notify}",
    ),
];

/// Every configuration there is.
pub fn variants() -> anyhow::Result<Vec<Variant>> {
    let files = shipped()?;
    let mut variants = Vec::new();
    for (name, text) in VARIANTS {
        let config = Config::read(&format!("{text}{COMMON}"));
        let config = config.map_err(|problem| anyhow::anyhow!("{name}: {problem:?}"))?;
        let (rules, problems) = RuleBook::trust(files.iter().cloned(), &config);
        anyhow::ensure!(problems.is_empty(), "{name}: {problems:?}");
        let guarded = Guarded { rules, config, region: REGION.parse()?, acting_role: ACTING_ROLE.to_owned() };
        variants.push(Variant { name, guarded: Arc::new(guarded) });
    }
    Ok(variants)
}

fn shipped() -> anyhow::Result<Vec<RuleFile>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../rules/network");
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(&folder).context("rules/network")? {
        paths.push(entry?.path());
    }
    paths.sort();
    let read = |path: &std::path::PathBuf| {
        let rule_yaml = std::fs::read_to_string(path.join("rule.yaml"))?;
        Ok(RuleFile { rule_yaml, path: path.display().to_string(), cases_yaml: None })
    };
    paths.iter().map(read).collect()
}
