//! What a finding that was just recorded waits for: one pure function, run by `evaluate` and by the sweep.

use crate::{Manual, Mode, Wait};
use jiff::Timestamp;

/// What is known of an OPEN finding when it is dispatched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is one independent guard, named by the table of the design"
)]
pub struct Facts {
    /// The strongest mode granted to a rule that is not waived, break-glass counted as notify.
    pub granted: Mode,
    /// Every rule it violates is waived, so long at least.
    pub waived: Option<Timestamp>,
    /// It violates no rule; some could not be answered.
    pub undecided: bool,
    /// A rule asks a second condition of present state.
    pub holds: bool,
    /// The configuration names the resource as not to be touched.
    pub protected: bool,
    /// The same content was put back again and again.
    pub fight: bool,
    pub breaker_open: bool,
    pub kill: bool,
    /// The event is older than a day.
    pub late: bool,
    /// It comes back from WAIVED or ACKED.
    pub returned: bool,
}

/// Where dispatch sends a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Disposition {
    Waived { until: Timestamp },
    Observed { unconfirmed: bool },
    Confirm,
    Revert,
    Await(Wait),
    Manual(Manual),
}

/// Rows in order; the first that fits.
pub fn dispatch(facts: &Facts) -> Disposition {
    let Facts { granted, waived, undecided, holds, protected, fight, breaker_open, kill, late, returned } =
        *facts;
    if let Some(until) = waived {
        return Disposition::Waived { until };
    }
    match granted {
        _ if undecided => match granted {
            Mode::Observe => Disposition::Observed { unconfirmed: false },
            _ => Disposition::Manual(Manual::Undecided),
        },
        Mode::Observe => Disposition::Observed { unconfirmed: holds },
        Mode::Notify | Mode::Approve if holds => Disposition::Confirm,
        Mode::Notify => Disposition::Manual(Manual::Told),
        Mode::Approve => Disposition::Await(Wait::Approve),
        Mode::Revert if protected => Disposition::Manual(Manual::Protected),
        Mode::Revert if fight => Disposition::Manual(Manual::Fight),
        Mode::Revert if kill => Disposition::Await(Wait::Kill),
        Mode::Revert if returned => Disposition::Await(Wait::Returned),
        Mode::Revert if late => Disposition::Await(Wait::Late),
        Mode::Revert if breaker_open => Disposition::Await(Wait::Breaker),
        Mode::Revert => Disposition::Revert,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn every_combination() -> impl Iterator<Item = Facts> {
        Mode::ALL.iter().flat_map(|&granted| {
            (0..512u32).map(move |bits| {
                let on = |at: u32| bits & (1 << at) != 0;
                Facts {
                    granted,
                    waived: on(0).then_some(Timestamp::UNIX_EPOCH),
                    undecided: on(1),
                    holds: on(2),
                    fight: on(3),
                    breaker_open: on(4),
                    kill: on(5),
                    late: on(6),
                    returned: on(7),
                    protected: on(8),
                }
            })
        })
    }

    #[test]
    fn a_revert_is_queued_only_when_it_is_granted_and_every_guard_is_shut() {
        for facts in every_combination() {
            let guards_shut = !(facts.waived.is_some()
                || facts.undecided
                || facts.protected
                || facts.fight
                || facts.breaker_open
                || facts.kill
                || facts.late
                || facts.returned);
            let queued = dispatch(&facts) == Disposition::Revert;
            assert_eq!(queued, facts.granted == Mode::Revert && guards_shut, "{facts:?}");
        }
    }

    #[test]
    fn what_is_only_observed_never_reaches_a_person_or_a_worker() {
        for facts in
            every_combination().filter(|facts| facts.granted == Mode::Observe && facts.waived.is_none())
        {
            assert!(matches!(dispatch(&facts), Disposition::Observed { .. }), "{facts:?}");
        }
    }

    #[test]
    fn undecided_rules_alone_are_shown_and_never_acted_upon() {
        for facts in every_combination().filter(|facts| facts.undecided && facts.waived.is_none()) {
            let shown = matches!(dispatch(&facts), Disposition::Manual(Manual::Undecided));
            assert_eq!(shown, facts.granted != Mode::Observe, "{facts:?}");
        }
    }

    #[test]
    fn a_second_condition_is_confirmed_without_breaker_and_kill_switch() {
        for facts in every_combination() {
            let facts = Facts { waived: None, undecided: false, holds: true, ..facts };
            if matches!(facts.granted, Mode::Notify | Mode::Approve) {
                assert_eq!(dispatch(&facts), Disposition::Confirm, "{facts:?}");
            }
        }
    }

    #[test]
    fn without_a_second_condition_people_are_told_or_asked_at_once() {
        let decided = |facts: &Facts| facts.waived.is_none() && !facts.undecided && !facts.holds;
        for facts in every_combination().filter(decided) {
            let expected = match facts.granted {
                Mode::Notify => Disposition::Manual(Manual::Told),
                Mode::Approve => Disposition::Await(Wait::Approve),
                Mode::Observe | Mode::Revert => continue,
            };
            assert_eq!(dispatch(&facts), expected, "{facts:?}");
        }
    }
}
