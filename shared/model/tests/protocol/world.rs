//! One security-group line, the finding about it, two workers, a queue that repeats and loses, and people.
//!
//! Bounded: a world has so many crashes, stale reads, losses and acts of people to spend.

use crate::standing::{Held, Left, Standing};
use crate::variants::{Budget, Deviation, Protocol};
use model::{Disposition, Mode, State, Work};

/// EC2 gives a new id to each line that is added; a line that is modified keeps its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Line {
    /// Has it the id that the finding names?
    pub(crate) culprit: bool,
    pub(crate) compliant: bool,
    /// Was it put there by break-glass, or under a waiver?
    pub(crate) authority: bool,
}

/// An invocation of `revert`, with the epoch it claimed. Looking and arming are one step: nothing that happens
/// in between could not as well happen before or after both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Worker {
    Idle,
    Claimed {
        epoch: u8,
    },
    /// Its call has not reached EC2; `late` if too little was left of the lease.
    Armed {
        epoch: u8,
        late: bool,
    },
    /// EC2 carried the call out.
    Called {
        epoch: u8,
        collateral: bool,
    },
}

/// What an observer of everything has seen, for the properties.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[expect(clippy::struct_excessive_bools, reason = "each is one thing that a property forbids or asks for")]
pub(crate) struct Witness {
    /// Calls that removed a line.
    pub(crate) effective: u8,
    pub(crate) removed_with_authority: bool,
    pub(crate) removed_after_waiver: bool,
    pub(crate) waived: bool,
    pub(crate) approved: bool,
    pub(crate) armed_without_grant: bool,
    /// A person asked to cancel, was told that it is noted, and has not decided otherwise since.
    pub(crate) cancelled: bool,
    pub(crate) armed_after_cancel: bool,
    /// Compliant lines that a call of ours removed and nobody has put back.
    pub(crate) missing: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct World {
    pub(crate) line: Option<Line>,
    pub(crate) finding: Standing,
    pub(crate) kill: bool,
    /// Idle ones first.
    pub(crate) workers: [Worker; 2],
    /// Calls whose caller has died.
    pub(crate) abandoned_calls: u8,
    pub(crate) doorbells: u8,
    /// How often one was received in vain.
    pub(crate) receives: u8,
    pub(crate) verification: bool,
    /// Records of own calls that removed something compliant.
    pub(crate) echoes: u8,
    pub(crate) lost_echoes: u8,
    pub(crate) budget: Budget,
    pub(crate) witness: Witness,
}

impl Worker {
    pub(crate) fn epoch(self) -> Option<u8> {
        match self {
            Self::Idle => None,
            Self::Claimed { epoch } | Self::Armed { epoch, .. } | Self::Called { epoch, .. } => Some(epoch),
        }
    }

    fn epoch_mut(&mut self) -> Option<&mut u8> {
        match self {
            Self::Idle => None,
            Self::Claimed { epoch } | Self::Armed { epoch, .. } | Self::Called { epoch, .. } => Some(epoch),
        }
    }
}

impl World {
    /// The change has just been judged, and the doorbell rung.
    pub(crate) fn new(protocol: &Protocol) -> Self {
        let disposition = if protocol.holds { Disposition::Confirm } else { Disposition::Revert };
        Self {
            line: Some(Line { culprit: true, compliant: false, authority: false }),
            finding: Standing::dispatched(disposition),
            kill: false,
            workers: [Worker::Idle; 2],
            abandoned_calls: 0,
            doorbells: 1,
            receives: 0,
            verification: false,
            echoes: 0,
            lost_echoes: 0,
            budget: protocol.budget,
            witness: Witness::default(),
        }
    }

    /// What the finding is about stands.
    pub(crate) fn stands(&self) -> bool {
        self.line.is_some_and(|line| line.culprit && !line.compliant)
    }

    pub(crate) fn is_busy(&self) -> bool {
        self.workers != [Worker::Idle; 2] || self.abandoned_calls > 0
    }

    /// May as much pass as makes the lease shorter?
    pub(crate) fn lease_may_shrink(&self, protocol: &Protocol) -> bool {
        let Some(Held { left, .. }) = self.finding.held else { return false };
        if !protocol.has(Deviation::WorkerHangs) {
            let may = protocol.has(Deviation::LeaseEndsDuringCall) || !self.is_busy();
            return may && left != Left::Nothing;
        }
        let call = |worker: &Worker| match worker {
            Worker::Idle | Worker::Claimed { .. } => false,
            Worker::Armed { late, .. } => !late,
            Worker::Called { .. } => true,
        };
        match left {
            Left::Ample => true,
            Left::Short => self.abandoned_calls == 0 && !self.workers.iter().any(call),
            Left::Nothing => false,
        }
    }

    /// EC2 carries a call out. Answers whether that removed something compliant.
    pub(crate) fn land(&mut self, protocol: &Protocol) -> bool {
        let hit = |line: &Line| line.culprit || protocol.has(Deviation::CallsByContent);
        let Some(line) = self.line.filter(hit) else { return false };
        self.line = None;
        self.witness.effective += 1;
        self.witness.removed_with_authority |= line.authority;
        self.witness.removed_after_waiver |= self.finding.state == State::Waived;
        if line.compliant {
            self.witness.missing += 1;
            if protocol.hears_echoes() {
                self.echoes += 1;
            }
        }
        line.compliant
    }

    /// The pre-image is put back, unless something stands there.
    pub(crate) fn put_back(&mut self) {
        if self.witness.missing > 0 {
            self.witness.missing -= 1;
            let again = Line { culprit: false, compliant: true, authority: false };
            self.line = self.line.or(Some(again));
        }
    }

    pub(crate) fn acknowledge(&mut self) {
        self.doorbells = self.doorbells.saturating_sub(1);
    }

    /// What a move owes: a worker, or a verification.
    pub(crate) fn ring(&mut self) {
        self.verification = self.finding.is_verifying();
        if self.finding.is_claimable() {
            self.doorbells = self.doorbells.max(1);
        }
    }

    /// One of all worlds that differ only in what no longer matters: a finding that nothing moves any more needs
    /// no doorbell and no memory.
    pub(crate) fn forgetting(self) -> Self {
        if !self.finding.state.is_terminal() && self.finding.state != State::Waived {
            return self;
        }
        let finding =
            Standing { work: Work::Revert, stands: 0, acted: false, approved: false, ..self.finding };
        let budget = Budget { duplicates: 0, stale_reads: 0, kill_switch: 0, waits: 0, ..self.budget };
        Self { finding, budget, doorbells: 0, receives: 0, ..self }
    }

    /// One of all worlds that differ only in the names of workers and the size of epochs.
    pub(crate) fn settled(mut self) -> Self {
        let owner = self.finding.held.map(|held| held.owner);
        let of_workers = self.workers.map(Worker::epoch);
        let known = [Some(self.finding.epoch), owner, of_workers[0], of_workers[1]];
        let rank = |epoch: u8| {
            let below =
                |at: usize| known[at].is_some_and(|one| one < epoch) && !known[..at].contains(&known[at]);
            (0..known.len()).map(|at| u8::from(below(at))).sum()
        };
        self.finding.epoch = rank(self.finding.epoch);
        if let Some(held) = &mut self.finding.held {
            held.owner = rank(held.owner);
        }
        for epoch in self.workers.iter_mut().filter_map(Worker::epoch_mut) {
            *epoch = rank(*epoch);
        }
        self.workers.sort_unstable();
        self
    }
}

impl Protocol {
    pub(crate) fn hears_echoes(&self) -> bool {
        !self.has(Deviation::NeverPutsBack) && !self.has(Deviation::PutsBackFromAnswer)
    }

    /// Does a worker act on what stands?
    pub(crate) fn acts(&self, finding: &Standing) -> bool {
        let wanted = self.has(Deviation::ActsAsWanted) && finding.work == Work::Revert;
        wanted || self.granted == Mode::Revert || (self.granted == Mode::Approve && finding.approved)
    }
}
