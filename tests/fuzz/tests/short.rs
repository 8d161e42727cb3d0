//! Each target under its seeds and under mutations of them, the same at every run. `FUZZ_SEED` gives other mutations,
//! `FUZZ_CASES` more of them.
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test that reads its settings"
)]

use fastrand::Rng;
use fuzz::{TARGETS, Target, mutate};
use std::collections::BTreeSet;
use std::panic::catch_unwind;

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().unwrap())
}

/// A failing input is named by its seed and kept, so that it can be had again.
fn check(target: Target, of: &str, bytes: &[u8]) -> bool {
    catch_unwind(|| (target.check)(bytes)).unwrap_or_else(|why| {
        let kept = std::env::temp_dir().join(format!("gardefou-fuzz-{}", target.name));
        std::fs::write(&kept, bytes).unwrap();
        let text = why.downcast_ref::<&str>().map(|text| (*text).to_owned());
        let why = text.or_else(|| why.downcast_ref::<String>().cloned()).unwrap_or_default();
        panic!("{}, {of}, in {}: {why}", target.name, kept.display());
    })
}

fn run(name: &str, cases: u64) {
    let target = *TARGETS.iter().find(|target| target.name == name).unwrap();
    let seeds = (target.seeds)();
    // Some seeds as they are: every one is read by other tests.
    for (at, seed) in seeds.iter().enumerate().step_by(1 + seeds.len() / 200) {
        check(target, &format!("seed {at}"), seed);
    }
    let (mut mutated, mut accepted) = (BTreeSet::new(), 0);
    let (first, cases) = (setting("FUZZ_SEED", 1), setting("FUZZ_CASES", cases));
    for number in first..first + cases {
        let mut chance = Rng::with_seed(number);
        let (one, other) = (chance.choice(&seeds).unwrap(), chance.choice(&seeds).unwrap());
        let bytes = mutate(one, other, &mut chance);
        accepted += u64::from(check(target, &format!("FUZZ_SEED={number} FUZZ_CASES=1"), &bytes));
        mutated.insert(bytes);
    }
    // Neither is all of it refused at the door, nor is it all as good as the seeds.
    println!("figure fuzz_{name}_accepted {accepted} of {cases}, {} different", mutated.len());
    assert!(cases < 1_000 || (cases / 10..cases - cases / 20).contains(&accepted), "{accepted} of {cases}");
}

#[test]
fn a_record_says_what_its_bytes_say_or_is_refused() {
    run("record", 2_000);
}

#[test]
fn an_envelope_is_believed_only_if_aws_would_have_sent_it() {
    run("envelope", 2_000);
}

#[test]
fn a_file_has_the_records_that_parsing_finds() {
    run("file", 3_000);
}

#[test]
fn a_rule_that_is_read_whole_is_the_same_in_trust() {
    run("rules", 1_000);
}

#[test]
fn a_configuration_allows_what_is_written() {
    run("config", 1_000);
}
