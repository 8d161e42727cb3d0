//! The protocol as it is built, and ways not to build it (`reliability.md` 7.1).

use model::Mode;

/// One thing done otherwise than it is built, or a hardship that the world adds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Deviation {
    /// A call names address and port, not the id of the line.
    CallsByContent,
    /// The lease may run out while a call is in flight.
    LeaseEndsDuringCall,
    /// A worker may hang for longer than its lease, but only before it arms.
    WorkerHangs,
    /// A waiver is written whoever holds the finding.
    WaivesAtAnyTime,
    /// What was called or is seen absent is closed at once.
    ClosesUnread,
    /// One settled read without it is enough.
    ClosesOnOneRead,
    /// What a worker writes after its call asks neither for its epoch nor for the state.
    WritesUnconditionally,
    /// The message is deleted when the finding is claimed.
    AcknowledgesEarly,
    /// Nothing rings again.
    NoSweep,
    /// The call is made without having looked.
    ActsUnseen,
    /// A worker acts as the queue wants it to, whatever is granted.
    ActsAsWanted,
    /// Nobody compares what was removed with what was planned.
    NeverPutsBack,
    /// Only the worker that made the call compares.
    PutsBackFromAnswer,
    /// The trail is not read for lost echoes.
    TrailUnread,
    /// The queue gives a message again for ever.
    NoDeadLetters,
    /// The doorbell that asks for a verification can get lost.
    LosesVerification,
}

/// What can still go wrong, or be done by people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Budget {
    pub(crate) crashes: u8,
    pub(crate) operator: u8,
    pub(crate) duplicates: u8,
    pub(crate) stale_reads: u8,
    pub(crate) losses: u8,
    pub(crate) kill_switch: u8,
    /// AWS asks to wait.
    pub(crate) waits: u8,
    /// A call is not answered in time; it may still land.
    pub(crate) unanswered: u8,
}

impl Default for Budget {
    fn default() -> Self {
        Self {
            crashes: 2,
            operator: 3,
            duplicates: 1,
            stale_reads: 2,
            losses: 1,
            kill_switch: 0,
            waits: 0,
            unanswered: 0,
        }
    }
}

/// A protocol and the world it is put into.
#[derive(Debug, Clone)]
pub(crate) struct Protocol {
    pub(crate) deviations: Vec<Deviation>,
    /// What is granted to the rule that found it.
    pub(crate) granted: Mode,
    /// The rule asks to be confirmed on present state.
    pub(crate) holds: bool,
    pub(crate) budget: Budget,
}

impl Protocol {
    pub(crate) fn built() -> Self {
        Self { deviations: vec![], granted: Mode::Revert, holds: false, budget: Budget::default() }
    }

    pub(crate) fn but(deviations: &[Deviation]) -> Self {
        Self { deviations: deviations.to_vec(), ..Self::built() }
    }

    pub(crate) fn has(&self, deviation: Deviation) -> bool {
        self.deviations.contains(&deviation)
    }
}

/// A protocol with the properties it violates and those it makes happen, by their first two letters.
#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) protocol: Protocol,
    pub(crate) violates: &'static [&'static str],
    pub(crate) reaches: &'static [&'static str],
}

const BOTH: &[&str] = &["S1", "S2"];

fn case(name: &'static str, deviations: &[Deviation], violates: &'static [&'static str]) -> Case {
    Case { name, protocol: Protocol::but(deviations), violates, reaches: BOTH }
}

/// Each with every loss that the sweep and the trail make good.
pub(crate) fn built() -> Vec<Case> {
    use Deviation::{LosesVerification, WorkerHangs};
    let built = || Protocol::but(&[LosesVerification]);
    let clean = |name, protocol| Case { name, protocol, violates: &[], reaches: BOTH };
    let confirm = Protocol { granted: Mode::Approve, holds: true, ..built() };
    let told = Protocol { granted: Mode::Notify, holds: true, ..built() };
    let kill =
        Protocol { budget: Budget { kill_switch: 2, operator: 2, ..Budget::default() }, ..Protocol::built() };
    let waits =
        Protocol { budget: Budget { waits: 2, operator: 2, ..Budget::default() }, ..Protocol::built() };
    let unanswered =
        Protocol { budget: Budget { unanswered: 1, operator: 2, ..Budget::default() }, ..Protocol::built() };
    let hangs =
        Protocol { budget: Budget { operator: 2, ..Budget::default() }, ..Protocol::but(&[WorkerHangs]) };
    vec![
        clean("R2 as built, two settled reads", built()),
        clean("a worker hangs before it arms", hangs),
        clean("AWS asks to wait", waits),
        clean("a call is not answered", unanswered),
        clean("the kill switch is thrown", kill),
        clean("confirmed, then approved", confirm),
        Case { name: "confirmed, only to be told", protocol: told, violates: &[], reaches: &["S2"] },
    ]
}

/// What may be left out without harm: something else holds.
pub(crate) fn redundant() -> Vec<Case> {
    use Deviation::{AcknowledgesEarly, ActsUnseen, NoDeadLetters, NoSweep, WritesUnconditionally};
    vec![
        case("V5 no epoch in the conditions", &[WritesUnconditionally], &[]),
        case("V7 acknowledged at the claim, with the sweep", &[AcknowledgesEarly], &[]),
        case("V9 not looked before the call", &[ActsUnseen], &[]),
        case("V12 no sweep, redelivered for ever", &[NoSweep, NoDeadLetters], &[]),
    ]
}

pub(crate) fn unsafe_ones() -> Vec<Case> {
    use Deviation::{
        AcknowledgesEarly, ActsAsWanted, ActsUnseen, CallsByContent, ClosesOnOneRead, ClosesUnread,
        LosesVerification, NeverPutsBack, NoDeadLetters, NoSweep, PutsBackFromAnswer, TrailUnread,
        WaivesAtAnyTime,
    };
    let told = Protocol { granted: Mode::Notify, holds: true, ..Protocol::but(&[ActsAsWanted]) };
    vec![
        Case { name: "told only, and called", protocol: told, violates: &["P8"], reaches: BOTH },
        case("R1 one settled read", &[ClosesOnOneRead], &["P3"]),
        case("RB verification lost, no sweep", &[LosesVerification, NoSweep, NoDeadLetters], &["P5"]),
        case("V1 by address and port", &[CallsByContent], &["P1"]),
        case("V3 waived while reverting", &[WaivesAtAnyTime], &["P2"]),
        case("V4 closed on the first absence", &[ClosesUnread], &["P3"]),
        case("V6 acknowledged at the claim, no sweep", &[AcknowledgesEarly, NoSweep], &["P5"]),
        case("V11 no sweep, messages can die", &[NoSweep], &["P5"]),
        case("V13 modified meanwhile, nothing put back", &[NeverPutsBack], &["P7"]),
        case("V14 put back from the answer only", &[PutsBackFromAnswer], &["P7"]),
        case("V15 not looked, nothing put back", &[ActsUnseen, NeverPutsBack], &["P7"]),
        case("V16 an echo lost, the trail unread", &[TrailUnread], &["P7"]),
    ]
}

pub(crate) fn long() -> Vec<Case> {
    use Deviation::{CallsByContent, LeaseEndsDuringCall, WaivesAtAnyTime, WritesUnconditionally};
    let naive = [CallsByContent, LeaseEndsDuringCall, WaivesAtAnyTime];
    vec![
        case("V2 the lease ends during a call", &[LeaseEndsDuringCall], &["P2"]),
        case("V8 naive: by content, lease ends, waived at any time", &naive, &["P1", "P2"]),
        case(
            "V10 the lease ends, no epoch in the conditions",
            &[LeaseEndsDuringCall, WritesUnconditionally],
            &["P2", "P4"],
        ),
    ]
}
