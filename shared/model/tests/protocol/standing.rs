//! A finding's life without what only makes histories differ: the project's own transition function moves it.
//!
//! The one place that names inputs and lives.

use jiff::{SignedDuration, Timestamp};
use model::{
    Approval, Disposition, Gravity, Input, Lease, Life, Mode, Phase, Rejected, State, Timing, Untrusted,
    Work, WorkerId, next,
};

const NOW: Timestamp = Timestamp::UNIX_EPOCH;

/// How much is left of a lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Left {
    /// Enough to start a call.
    Ample,
    /// Too little to start a call.
    Short,
    Nothing,
}

/// Which claim holds the finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Held {
    pub(crate) owner: u8,
    pub(crate) left: Left,
}

/// A [`Life`] without its version, its timers, its messages and its count of claims. Epochs are ranks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Standing {
    pub(crate) state: State,
    pub(crate) work: Work,
    pub(crate) epoch: u8,
    pub(crate) held: Option<Held>,
    pub(crate) stands: u8,
    pub(crate) acted: bool,
    pub(crate) cancel: bool,
    pub(crate) approved: bool,
}

impl Standing {
    /// Just recorded and dispatched.
    pub(crate) fn dispatched(disposition: Disposition) -> Self {
        Self::of(&Life::born(NOW, Gravity::default())).moved(&Input::Dispatched(disposition)).unwrap()
    }

    /// By the worker that is named after the epoch it wants.
    pub(crate) fn claim(self, kill: bool) -> Result<Self, Rejected> {
        self.moved(&Input::Claim { by: worker(self.epoch + 1), kill })
    }

    pub(crate) fn absent(self) -> Result<Self, Rejected> {
        self.moved(&Input::Absent)
    }

    pub(crate) fn confirmed(self, granted: Mode) -> Result<Self, Rejected> {
        self.moved(&Input::Confirmed { granted })
    }

    pub(crate) fn arm(self, by: u8, kill: bool) -> Result<Self, Rejected> {
        self.moved(&Input::Arm { by: worker(by), kill })
    }

    pub(crate) fn answered(self) -> Result<Self, Rejected> {
        self.moved(&Input::Answered)
    }

    pub(crate) fn try_later(self) -> Result<Self, Rejected> {
        self.moved(&Input::TryLater { after: SignedDuration::ZERO })
    }

    pub(crate) fn read(self, gone: bool) -> Result<Self, Rejected> {
        self.moved(&Input::Read { gone, approve_left: false })
    }

    pub(crate) fn approve(self, kill: bool) -> Result<Self, Rejected> {
        self.moved(&Input::Approve {
            by: Untrusted::new("a person"),
            of: Vec::new(),
            version: self.life().version,
            kill,
        })
    }

    pub(crate) fn waive(self) -> Result<Self, Rejected> {
        self.moved(&Input::Waive { until: Timestamp::MAX })
    }

    pub(crate) fn is_reverting(self) -> bool {
        matches!(self.state, State::Reverting(_))
    }

    pub(crate) fn is_armed(self) -> bool {
        self.state == State::Reverting(Phase::Armed)
    }

    pub(crate) fn is_verifying(self) -> bool {
        matches!(self.state, State::Verifying { .. })
    }

    /// A worker that asks now gets it.
    pub(crate) fn is_claimable(self) -> bool {
        self.claim(false).is_ok()
    }

    fn moved(self, input: &Input) -> Result<Self, Rejected> {
        next(&self.life(), input, NOW, &Timing::default()).map(|life| Self::of(&life))
    }

    fn life(self) -> Life {
        Life {
            state: self.state,
            work: self.work,
            epoch: u64::from(self.epoch),
            stands: u32::from(self.stands),
            acted: self.acted,
            cancel: self.cancel,
            lease: self.held.map(|held| Lease { owner: worker(held.owner), until: until(held.left) }),
            approval: self.approved.then(|| Approval {
                by: Untrusted::new("a person"),
                at: NOW,
                of: Vec::new(),
            }),
            ..Life::born(NOW, Gravity::default())
        }
    }

    /// Names every part of a life, so that a new one is either kept or left out on purpose.
    fn of(life: &Life) -> Self {
        #[rustfmt::skip]
        let Life {
            state, work, epoch, stands, acted, cancel, lease, approval,
            version: _, attempts: _, due_at: _, tell: _, loud: _, until: _, nudged: _, returned: _, escalations: _,
            compliant_since: _, echo_due: _, hushed: _, gravity: _, unsaid: _,
        } = life;
        Self {
            state: *state,
            work: *work,
            epoch: u8::try_from(*epoch).unwrap(),
            held: lease
                .as_ref()
                .map(|lease| Held { owner: lease.owner.0.parse().unwrap(), left: left(lease.until) }),
            stands: u8::try_from(*stands).unwrap(),
            acted: *acted,
            cancel: *cancel,
            approved: approval.is_some(),
        }
    }
}

fn worker(number: u8) -> WorkerId {
    WorkerId(number.to_string())
}

fn until(left: Left) -> Timestamp {
    let seconds = match left {
        Left::Ample => Timing::default().lease,
        Left::Short => Timing::default().arm_left,
        Left::Nothing => SignedDuration::ZERO,
    };
    NOW + seconds
}

fn left(until: Timestamp) -> Left {
    let left = until.duration_since(NOW);
    match left {
        _ if left > Timing::default().arm_left => Left::Ample,
        _ if left > SignedDuration::ZERO => Left::Short,
        _ => Left::Nothing,
    }
}
