//! What goes wrong in a run. Each seed chooses which kinds are on, and how often (swarm testing).

use fastrand::Rng;
use std::collections::{BTreeMap, BTreeSet};

macro_rules! faults {
    ($($(#[doc = $text:literal])* $name:ident, $word:literal, $most:literal;)*) => {
        /// A kind of fault.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Fault { $($(#[doc = $text])* $name,)* }

        impl Fault {
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// As it is written in traces and reports.
            pub fn word(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }

            /// How many in a thousand, at most.
            fn most(self) -> u16 {
                match self { $(Self::$name => $most,)* }
            }
        }
    };
}

faults! {
    /// An invocation dies between two of its port calls, or in one.
    Crash, "crash", 250;
    /// A call takes seconds.
    Slow, "slow", 120;
    /// An invocation hangs, and is killed at its time-out.
    Hang, "hang", 60;
    ClockSkew, "clock-skew", 700;
    LedgerThrottle, "ledger-throttle", 25;
    LedgerConflict, "ledger-conflict", 40;
    LedgerAnswerLost, "ledger-answer-lost", 30;
    LedgerNotWritten, "ledger-not-written", 25;
    IndexLag, "index-lag", 800;
    QueueDuplicate, "queue-duplicate", 200;
    QueueReorder, "queue-reorder", 300;
    QueueSendFails, "queue-send-fails", 40;
    QueueSendAnswerLost, "queue-send-answer-lost", 40;
    /// A message is delivered again though its handler still runs.
    VisibilityExpires, "visibility-expires", 80;
    StaleRead, "stale-read", 350;
    Ec2Throttle, "ec2-throttle", 120;
    /// An account's calls are throttled for a long time.
    Ec2Storm, "ec2-storm", 500;
    /// The role may not, for a while.
    Ec2Denied, "ec2-denied", 400;
    /// The role may read and may not change, for one call.
    Ec2WriteDenied, "ec2-write-denied", 40;
    /// No answer; the call was applied, is applied later, or never is.
    Ec2Unanswered, "ec2-unanswered", 200;
    /// "Return: true", and nothing was done.
    Ec2Hollow, "ec2-hollow", 250;
    /// AWS answers without the contents of what it removed.
    Ec2IdsOnly, "ec2-ids-only", 600;
    /// A Describe call answers what nobody understands.
    Ec2Nonsense, "ec2-nonsense", 40;
    EventLost, "event-lost", 60;
    EventLate, "event-late", 300;
    /// More than a day late.
    EventVeryLate, "event-very-late", 30;
    EventDuplicate, "event-duplicate", 250;
    EventTruncated, "event-truncated", 60;
    Poison, "poison", 500;
    ForgedEcho, "forged-echo", 500;
    ChannelDown, "channel-down", 400;
    ChannelBusy, "channel-busy", 150;
    /// A time-out after the channel took the message.
    ChannelAccepted, "channel-accepted", 80;
    /// The scheduler does not start the tick for a while.
    TickOutage, "tick-outage", 350;
}

/// The rates of one run, in a thousand.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Faults(BTreeMap<Fault, u16>);

impl Faults {
    /// Half of the kinds are on, each at a rate of its own; those in `off` never.
    pub fn swarm(rng: &mut Rng, off: &BTreeSet<Fault>) -> Self {
        // Some runs are calm: what needs a quiet world to happen is seen there.
        let share = [10, 35, 50, 70].get(rng.usize(0..4)).copied().unwrap_or(50);
        let mut rates = BTreeMap::new();
        for fault in Fault::ALL {
            let (on, rate) = (rng.u32(0..100) < share, rng.u16(1..=fault.most()));
            if on && !off.contains(fault) {
                rates.insert(*fault, rate);
            }
        }
        Self(rates)
    }

    pub fn rate(&self, fault: Fault) -> u16 {
        self.0.get(&fault).copied().unwrap_or_default()
    }

    pub fn kinds(&self) -> impl Iterator<Item = Fault> {
        self.0.keys().copied()
    }
}
