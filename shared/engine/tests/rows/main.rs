//! Every row of the table of a finding's life (`docs/architecture.md`), driven through the handlers; then what no row
//! alone says: storms, fights, echoes, races, what sweeps find.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test"
)]

#[path = "../world/mod.rs"]
mod world;

mod armed;
mod awaiting;
mod breaker;
mod claimed;
mod echoes;
mod fight;
mod manual;
mod open;
mod present;
mod races;
mod reconcile;
mod resting;
mod tick;
mod undo;
mod untouched;
mod verifying;
mod waived;
mod waivers;

use world::{GROUP, World, ipv4_world, line, opening};

/// SSH was opened to the world where accounts allow `mode`.
fn found(mode: &str) -> World {
    let world = World::allowing(mode);
    world.evaluate(&ipv4_world()).unwrap();
    world
}

/// As [`found`], with more said in the configuration.
fn found_with(mode: &str, also: &str) -> World {
    let mut world = World::allowing(mode);
    world.config.push_str(also);
    world.evaluate(&ipv4_world()).unwrap();
    world
}

/// A line that no port's rule but the one for other ports names: it needs approval, and asks a second condition.
const OTHER: &str = "sgr-0c0ffee";

/// Port 8081 was opened to the world, and stands.
fn other_port_opened(world: &World) {
    let other = line(OTHER, 8081, "0.0.0.0/0");
    world.with_group(|group| group.lines.push(other.clone()));
    world.evaluate(&opening(81, GROUP, &[other], world.time())).unwrap();
}
