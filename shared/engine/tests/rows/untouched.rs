//! Histories that the handlers wrote, and what was done to them afterwards (`audit`).

use super::{claimed::waive, found};
use crate::world::World;
use engine::{Attr, Item, Key, audit};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use sim::Trouble;

type Lines = Vec<(Key, Item)>;

/// Findings whose lives took different ways, each with its history.
fn histories() -> Vec<(Item, Lines)> {
    let ways: [fn() -> World; 5] = [
        || {
            let world = found("revert");
            world.settle();
            world
        },
        || {
            let world = found("revert");
            for trouble in [Trouble::Throttled, Trouble::AnsweredOnly] {
                world.account.trouble_next(trouble);
            }
            world.settle();
            world
        },
        || {
            let world = found("approve");
            world.after_minutes(30);
            world.tick();
            world
        },
        || {
            let world = found("approve");
            waive(&world);
            world.after_days(23);
            world.tick();
            world.after_days(7);
            world.tick();
            world.approve();
            world.settle();
            world
        },
        || found("observe"),
    ];
    ways.iter()
        .map(|way| {
            let world = way();
            let record = world.only();
            let lines = world.ledger.starting(&record.key().pk);
            let lines = lines.into_iter().filter(|(key, _)| key.sk.starts_with("H#")).collect();
            (world.ledger.items()[&record.key()].clone(), lines)
        })
        .collect()
}

#[test]
fn a_history_that_nobody_touched_has_no_fault() {
    for (finding, lines) in histories() {
        assert_eq!(audit(&finding, &lines), [], "{lines:?}");
        assert!(lines.len() >= 2);
    }
}

/// Another value of the same type.
fn other(value: &Attr, at: usize) -> Attr {
    match value {
        Attr::N(number) => Attr::N(number ^ (1 << (at % 20))),
        Attr::Bool(yes) => Attr::Bool(!yes),
        Attr::List(texts) => Attr::List([texts.as_slice(), &["more".to_owned()]].concat()),
        Attr::S(text) => {
            let mut letters: Vec<char> = text.chars().collect();
            match (letters.len(), at % 3) {
                (0, _) => letters.push('x'),
                (len, 0) => drop(letters.remove(at % len)),
                (len, 1) => letters.insert(at % len, 'x'),
                (len, _) => letters[at % len] = if letters[at % len] == 'x' { 'y' } else { 'x' },
            }
            Attr::S(letters.into_iter().collect())
        }
    }
}

/// What of the finding a history vouches for.
const VOUCHED: [&str; 3] = ["finding", "chain", "evidence"];

/// One change of the finding or of its history; `None` where it would change nothing.
fn tampered(
    (finding, lines): &(Item, Lines),
    kind: u8,
    (one, two): (usize, usize),
) -> Option<(&'static str, Item, Lines)> {
    let (mut finding, mut lines) = (finding.clone(), lines.clone());
    let (at, to) = (one % lines.len(), two % lines.len());
    let what = match kind {
        0..4 => {
            let names: Vec<String> = lines[at].1.keys().cloned().collect();
            let name = &names[two % names.len()];
            let changed = other(&lines[at].1[name], one / 7);
            lines[at].1.insert(name.clone(), changed);
            "edited"
        }
        4 => {
            lines.remove(at);
            "deleted"
        }
        5 => {
            let copy = lines[at].clone();
            lines.insert(to, copy);
            "inserted"
        }
        6 => {
            let (one, two) = (lines[at].1.clone(), lines[to].1.clone());
            (lines[at].1, lines[to].1) = (two, one);
            if at == to {
                return None;
            }
            "reordered"
        }
        7 => {
            // A forged line that follows on the last, in its place.
            let mut forged = lines[lines.len() - 1].clone();
            let version = i64::try_from(lines.len()).unwrap() + 1;
            forged.0.sk = format!("H#{version:08}");
            forged.1.insert("version".into(), Attr::N(version));
            forged.1.insert("prev_hash".into(), forged.1["hash"].clone());
            lines.push(forged);
            "forged"
        }
        8 => {
            let name = VOUCHED[one % VOUCHED.len()];
            let changed = match name {
                // The pre-image is what counts of the evidence.
                "evidence" => pre_image_changed(&finding[name])?,
                _ => other(&finding[name], two),
            };
            finding.insert(name.to_owned(), changed);
            "a finding edited"
        }
        _ => {
            // The state without a line of history.
            let Attr::S(life) = &finding["life"] else { panic!("no life") };
            let mut life: serde_json::Value = serde_json::from_str(life).unwrap();
            life["version"] = serde_json::json!(life["version"].as_u64().unwrap() + 1);
            finding.insert("life".into(), Attr::S(life.to_string()));
            "a life edited"
        }
    };
    Some((what, finding, lines))
}

fn pre_image_changed(evidence: &Attr) -> Option<Attr> {
    let Attr::S(evidence) = evidence else { panic!("no evidence") };
    let mut evidence: serde_json::Value = serde_json::from_str(evidence).unwrap();
    let taken = evidence.get_mut("plan")?.get_mut("takes_back")?.as_array_mut()?;
    taken.pop()?;
    Some(Attr::S(evidence.to_string()))
}

#[test]
fn of_ten_thousand_ways_to_touch_a_history_every_one_is_detected() {
    let histories = histories();
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let config = Config { cases: 10_000, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, rng);
    let way = (0..histories.len(), 0_u8..10, (0_usize..10_000, 0_usize..10_000));
    let mut seen = std::collections::BTreeMap::<&str, u32>::new();
    let counted = std::cell::RefCell::new(&mut seen);
    let touched = runner.run(&way, |(which, kind, at)| {
        let Some((what, finding, lines)) = tampered(&histories[which], kind, at) else {
            return Err(TestCaseError::reject("it would change nothing"));
        };
        prop_assert!(!audit(&finding, &lines).is_empty(), "{what} at {at:?} of history {which}");
        *counted.borrow_mut().entry(what).or_default() += 1;
        Ok(())
    });
    touched.unwrap();
    let detected: u32 = seen.values().sum();
    println!("figure tampering_detected {detected} cases (goal = 10000)");
    assert_eq!(detected, 10_000);
    assert_eq!(seen.len(), 7, "{seen:?}");
}
