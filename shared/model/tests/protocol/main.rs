//! Every history of the claim, act and verify protocol within bounds: the project's transition function in a world
//! of crashes, stale reads, lost and repeated messages and people. Each unsafe variant has its counterexample.
//!
//! `cargo test -p gardefou-model --test protocol -- --nocapture` prints the states; `--ignored` adds the long ones.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a step that cannot be taken must stop the test"
)]

mod properties;
mod standing;
mod steps;
mod variants;
mod work;
mod world;

use stateright::{Checker, Model, Property};
use std::num::NonZero;
use steps::Action;
use variants::{Case, Protocol};
use world::World;

impl Model for Protocol {
    type State = World;
    type Action = Action;

    fn init_states(&self) -> Vec<World> {
        vec![World::new(self)]
    }

    fn actions(&self, world: &World, actions: &mut Vec<Action>) {
        steps::actions(self, world, actions);
    }

    fn next_state(&self, world: &World, action: Action) -> Option<World> {
        steps::after(self, world, action)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        properties::properties()
    }
}

/// Checks each to the end: exactly these properties are violated, and exactly these things happen.
#[expect(clippy::print_stdout, reason = "how large a world is says how much the answer is worth")]
#[expect(clippy::disallowed_methods, reason = "how long it took is printed, not asserted")]
fn check(cases: Vec<Case>) {
    let threads = std::thread::available_parallelism().map_or(1, NonZero::get);
    for Case { name, protocol, violates, reaches } in cases {
        let start = std::time::Instant::now();
        let checker = protocol.checker().threads(threads).spawn_bfs().join();
        println!("{name}: {} states in {:.2?}", checker.unique_state_count(), start.elapsed());
        let mut found: Vec<_> = checker.discoveries().into_iter().collect();
        found.sort_unstable_by_key(|(property, _)| *property);
        let (reached, violated): (Vec<_>, Vec<_>) =
            found.into_iter().partition(|(property, _)| property.starts_with('S'));
        let short = |found: &[(&'static str, _)]| -> Vec<_> {
            found.iter().map(|(property, _)| property.get(..2).unwrap()).collect()
        };
        let paths: Vec<_> =
            violated.iter().map(|(property, path)| (property, path.clone().into_actions())).collect();
        assert_eq!(short(&violated), violates, "{name}: {paths:#?}");
        assert_eq!(short(&reached), reaches, "{name}");
    }
}

#[test]
fn the_protocol_as_built_violates_nothing() {
    check(variants::built());
}

#[test]
fn what_may_be_left_out_does_no_harm() {
    check(variants::redundant());
}

#[test]
fn every_unsafe_variant_has_its_counterexample() {
    check(variants::unsafe_ones());
}

#[test]
#[ignore = "long: make model"]
fn every_unsafe_variant_with_a_lease_that_ends_during_a_call_has_its_counterexample() {
    check(variants::long());
}
