//! One history of five changes, told in each of its 120 orders: it ends the same.

use super::core::{Core, MINUTE, SECOND, What};
use super::ec2::Who;
use super::faults::Faults;
use super::run::Sim;
use super::script::{START, content};
use super::variant::Variant;
use engine::FindingRecord;
use fastrand::Rng;
use model::{Cause, Direction, GroupId, Opening};
use std::collections::BTreeMap;

const GROUP: &str = "sg-10000000000000000";

/// How each order ends: the findings by the call that they are about, and the lines that are left. A single ending when
/// order makes no difference; the number says how many orders end so.
pub fn endings(variants: &[Variant]) -> BTreeMap<String, u32> {
    let mut endings = BTreeMap::new();
    let Some(variant) = variants.first() else { return endings };
    for order in orders(&[0, 1, 2, 3, 4]) {
        *endings.entry(told(variant, &order)).or_default() += 1;
    }
    endings
}

fn orders(of: &[usize]) -> Vec<Vec<usize>> {
    if of.is_empty() {
        return vec![Vec::new()];
    }
    let mut all = Vec::new();
    for one in of {
        let left: Vec<usize> = of.iter().filter(|other| *other != one).copied().collect();
        all.extend(orders(&left).into_iter().map(|rest| [vec![*one], rest].concat()));
    }
    all
}

fn told(variant: &Variant, order: &[usize]) -> String {
    let mut core = Core::new(Rng::with_seed(1), Faults::default(), variant.clone(), false);
    (core.calm, core.deaf) = (true, true);
    core.after(MINUTE, What::Tick);
    let mut sim = Sim::new(core);
    for change in 0..5 {
        change_of(&mut sim.world().lock(), change);
        let now = sim.world().lock().now;
        sim.until(now + 2 * SECOND);
    }
    for (at, record) in (0..).zip(order) {
        sim.world().lock().after(at * 3 * SECOND, What::Event(*record, *record as u64));
    }
    sim.until(START + 30 * MINUTE);
    let core = sim.world().lock();
    let records = core.table.findings().filter_map(|(_, item)| FindingRecord::try_from(item).ok());
    let mut ends: Vec<String> = records.map(|record| end(&core, &record)).collect();
    ends.sort();
    let left = GROUP.parse().map(|group| core.ec2.lines(&group).len()).unwrap_or_default();
    format!("{}; {left} lines are left", ends.join(", "))
}

fn end(core: &Core, FindingRecord { finding, life, .. }: &FindingRecord) -> String {
    let about = match &finding.cause {
        Cause::Event(event) => core.trail.records.iter().position(|record| record.event == event.id),
        _ => None,
    };
    format!("{about:?} {}", life.state.label())
}

/// Opened, opened otherwise under the same id, narrowed, taken away, and opened again.
fn change_of(core: &mut Core, change: u32) {
    let Ok(group) = GROUP.parse::<GroupId>() else { return };
    let line = |port, net| content("tcp", port, port, net, Direction::Ingress);
    let first = core.ec2.lines(&group).get(1).and_then(|line| line.rule.clone());
    let (wide, other, narrow) = (line(22, "0.0.0.0/0"), line(3389, "0.0.0.0/0"), line(22, "198.51.100.0/24"));
    let of = |line: Option<Opening>| line.map(|line| Opening { rule: first.clone(), ..line });
    // A refusal shows in how it ends.
    let _ = match (change, wide, of(other), of(narrow), first.clone()) {
        (0 | 4, Some(wide), ..) => core.authorize(&group, &[wide], &Who::Developer).map(drop),
        (1, _, Some(other), ..) => core.modify(&group, &[other], &Who::Developer),
        (2, _, _, Some(narrow), _) => core.modify(&group, &[narrow], &Who::Developer),
        (_, _, _, _, Some(rule)) => core.revoke(&group, &[rule], &Who::Developer).map(drop),
        _ => Ok(()),
    };
}
