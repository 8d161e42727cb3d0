//! What became of the events of a batch: the balance that proves that nothing was lost.

use crate::{EvaluateError, Meter};

/// What became of one event. Each is counted once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    Violating,
    Undecided,
    Quiet,
    /// Our own call, as CloudTrail saw it.
    Echo,
    Ignored(Ignored),
    /// Processed before.
    Duplicate,
}

/// Why an event was not judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ignored {
    Failed,
    DryRun,
    /// The envelope is not what EventBridge writes for this record.
    Forged,
    OutOfRegion,
    ReadOnly,
    /// No rule asks for this call.
    Unasked,
}

/// `received = violating + undecided + quiet + echoes + ignored + duplicates + refused`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    pub violating: u32,
    pub undecided: u32,
    pub quiet: u32,
    pub echoes: u32,
    pub duplicates: u32,
    /// Given back to the queue: unreadable, or the ledger could not be reached.
    pub refused: u32,
    pub failed: u32,
    pub dry_run: u32,
    pub forged: u32,
    pub out_of_region: u32,
    pub read_only: u32,
    pub unasked: u32,
}

impl Tally {
    pub fn count(&mut self, fate: &Result<Fate, EvaluateError>) {
        let counter = match fate {
            Ok(Fate::Violating) => &mut self.violating,
            Ok(Fate::Undecided) => &mut self.undecided,
            Ok(Fate::Quiet) => &mut self.quiet,
            Ok(Fate::Echo) => &mut self.echoes,
            Ok(Fate::Duplicate) => &mut self.duplicates,
            Ok(Fate::Ignored(Ignored::Failed)) => &mut self.failed,
            Ok(Fate::Ignored(Ignored::DryRun)) => &mut self.dry_run,
            Ok(Fate::Ignored(Ignored::Forged)) => &mut self.forged,
            Ok(Fate::Ignored(Ignored::OutOfRegion)) => &mut self.out_of_region,
            Ok(Fate::Ignored(Ignored::ReadOnly)) => &mut self.read_only,
            Ok(Fate::Ignored(Ignored::Unasked)) => &mut self.unasked,
            Err(_) => &mut self.refused,
        };
        *counter += 1;
    }

    pub fn ignored(&self) -> u32 {
        self.failed + self.dry_run + self.forged + self.out_of_region + self.read_only + self.unasked
    }

    pub fn received(&self) -> u32 {
        self.violating
            + self.undecided
            + self.quiet
            + self.echoes
            + self.duplicates
            + self.refused
            + self.ignored()
    }

    /// Into the metrics: the balance, and why what was ignored was.
    pub fn measure(&self, meter: &Meter) {
        for (name, count) in [
            ("EventsReceived", self.received()),
            ("EventsViolating", self.violating),
            ("EventsUndecided", self.undecided),
            ("EventsQuiet", self.quiet),
            ("EventsEchoes", self.echoes),
            ("EventsIgnored", self.ignored()),
            ("EventsDuplicates", self.duplicates),
            ("EventsRefused", self.refused),
            ("IgnoredFailed", self.failed),
            ("IgnoredDryRun", self.dry_run),
            ("IgnoredForged", self.forged),
            ("IgnoredOutOfRegion", self.out_of_region),
            ("IgnoredReadOnly", self.read_only),
            ("IgnoredUnasked", self.unasked),
        ] {
            meter.add(name, count.into());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_event_is_counted_once_and_the_balance_holds() {
        let fates = [
            Fate::Violating,
            Fate::Undecided,
            Fate::Quiet,
            Fate::Echo,
            Fate::Duplicate,
            Fate::Ignored(Ignored::Failed),
            Fate::Ignored(Ignored::DryRun),
            Fate::Ignored(Ignored::Forged),
            Fate::Ignored(Ignored::OutOfRegion),
            Fate::Ignored(Ignored::ReadOnly),
            Fate::Ignored(Ignored::Unasked),
        ];
        let mut tally = Tally::default();
        for (at, fate) in fates.into_iter().enumerate() {
            tally.count(&Ok(fate));
            assert_eq!(tally.received(), u32::try_from(at).unwrap() + 1);
        }
        assert_eq!(tally.ignored(), 6);
        let meter = Meter::default();
        tally.measure(&meter);
        let measured = meter.take();
        assert_eq!((measured.of("EventsReceived"), measured.of("EventsIgnored")), (11, 6));
    }
}
