//! Faults that are planted on purpose, to see that the simulation finds them. Without the feature `planted` there are
//! none, and the compiler drops every trace of them.

/// A fault of the protocol, from the list of `reliability.md` 6.3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Bug {
    RevokeByContent,
    NoFence,
    AckBeforeWrite,
    CloseOnFirstAbsent,
    WaiverWhileArmed,
    ShortLease,
    AnswerOnlyCompensation,
    TtlAsTimer,
    DedupeByEnvelope,
    BreakerPerAttempt,
    SeenFirst,
    ReturnIsSuccess,
}

impl Bug {
    pub const ALL: [Self; 12] = [
        Self::RevokeByContent,
        Self::NoFence,
        Self::AckBeforeWrite,
        Self::CloseOnFirstAbsent,
        Self::WaiverWhileArmed,
        Self::ShortLease,
        Self::AnswerOnlyCompensation,
        Self::TtlAsTimer,
        Self::DedupeByEnvelope,
        Self::BreakerPerAttempt,
        Self::SeenFirst,
        Self::ReturnIsSuccess,
    ];
}

#[cfg(feature = "planted")]
mod chosen {
    use super::Bug;
    use std::cell::Cell;

    thread_local!(static CHOSEN: Cell<Option<Bug>> = const { Cell::new(None) });

    /// For what runs on this thread.
    pub fn choose(bug: Option<Bug>) {
        CHOSEN.set(bug);
    }

    pub fn is(bug: Bug) -> bool {
        CHOSEN.get() == Some(bug)
    }
}

#[cfg(not(feature = "planted"))]
mod chosen {
    use super::Bug;

    /// There are none.
    pub fn choose(_: Option<Bug>) {}

    pub const fn is(_: Bug) -> bool {
        false
    }
}

pub use chosen::{choose, is};
