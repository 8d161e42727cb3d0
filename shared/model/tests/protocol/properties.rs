//! What must always hold, and what must be possible, so that the rest is not said of nothing.

use crate::steps::{Action, actions};
use crate::variants::{Deviation, Protocol};
use crate::world::World;
use model::{Resolution, State};
use stateright::Property;

pub(crate) fn properties() -> Vec<Property<Protocol>> {
    vec![
        Property::always("P1 what is put back with authority survives", |_, world: &World| {
            !world.witness.removed_with_authority
        }),
        Property::always("P2 nothing is removed after the waiver", |_, world: &World| {
            !world.witness.removed_after_waiver
        }),
        Property::always("P3 closed means gone or compliant", |_, world: &World| {
            !is_closed(world) || !world.stands()
        }),
        Property::always("P4 a waiver is never overwritten", |_, world: &World| {
            !world.witness.waived || world.finding.state == State::Waived
        }),
        Property::always("P5 at rest means closed, waived or with people", |protocol, world: &World| {
            is_settled(world) || something_is_due(protocol, world)
        }),
        Property::always("P6 one line is removed once", |protocol: &Protocol, world: &World| {
            protocol.has(Deviation::CallsByContent) || world.witness.effective <= 1
        }),
        Property::always("P7 at rest nothing compliant is missing", |protocol, world: &World| {
            world.witness.missing == 0 || something_is_due(protocol, world)
        }),
        Property::always("P8 nothing is armed that is not granted, or stopped", |_, world: &World| {
            !world.witness.armed_without_grant
        }),
        Property::always("P9 nothing is armed after a cancel was noted", |_, world: &World| {
            !world.witness.armed_after_cancel
        }),
        Property::sometimes("S1 something is reverted", |_, world: &World| {
            world.witness.effective == 1 && world.finding.state == State::Reverted
        }),
        Property::sometimes("S2 what is added under a waiver survives", |_, world: &World| {
            world.finding.state == State::Waived && world.line.is_some_and(|line| line.authority)
        }),
    ]
}

fn is_closed(world: &World) -> bool {
    matches!(world.finding.state, State::Reverted | State::Resolved(Resolution::Compliant))
}

fn is_settled(world: &World) -> bool {
    is_closed(world) || matches!(world.finding.state, State::Waived | State::Awaiting(_) | State::Manual(_))
}

fn something_is_due(protocol: &Protocol, world: &World) -> bool {
    world.is_busy() || {
        let mut all = Vec::new();
        actions(protocol, world, &mut all);
        all.into_iter().any(Action::is_due)
    }
}
