//! A few seeds of the simulation with every test run; `make sim` runs two thousand.
#![expect(clippy::print_stdout, reason = "a test that prints its figure")]

use sim::command::regressions;
use sim::world::{Campaign, Options, crash_points, endings, run, variants};

const SEEDS: u64 = 24;

#[test]
fn every_promise_holds_in_a_few_seeds_and_in_those_that_once_broke_one() {
    let seeds: Vec<u64> = (0..SEEDS).chain(regressions()).collect();
    let campaign = Campaign::run(&seeds, 2, &variants().unwrap(), None, false);
    assert_eq!(campaign.seeds, seeds.len() as u64);
    assert!(campaign.failures.is_empty(), "{:#?}", campaign.failures);
    assert!(campaign.reverts > SEEDS, "{} reverts prove nothing", campaign.reverts);
}

#[test]
fn a_seed_is_the_same_run_each_time_traced_or_not() {
    let variants = variants().unwrap();
    for seed in 0..4 {
        let hash = |traced| run(seed, &variants, &Options { traced, ..Options::default() }).unwrap().hash;
        assert_eq!(hash(false), hash(false));
        assert_eq!(hash(false), hash(true));
    }
    let other = |seed| run(seed, &variants, &Options::default()).unwrap().hash;
    assert_ne!(other(0), other(1));
}

#[test]
fn a_handler_that_dies_at_any_of_its_port_calls_is_followed_by_one_that_ends_it_well() {
    let all = crash_points(&variants().unwrap());
    assert!(all.wrong.is_empty(), "{:#?}", all.wrong);
    assert!(all.stories.iter().all(|(_, points)| *points >= 5), "{:?}", all.stories);
    println!("figure crash_points {} points (goal >= 150)", all.points);
}

#[test]
fn five_changes_end_the_same_in_whatever_order_they_are_told() {
    let endings = endings(&variants().unwrap());
    assert_eq!(endings.len(), 1, "{endings:#?}");
    let (how, orders) = endings.first_key_value().unwrap();
    assert_eq!((*orders, how.contains("REVERTED")), (120, true), "{how}");
}
