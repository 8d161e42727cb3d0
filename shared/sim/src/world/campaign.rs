//! Many seeds, on a few threads; each seed on one.

use super::core::Violation;
use super::faults::Fault;
use super::run::{Options, Ran, run};
use super::variant::Variant;
use crate::lock;
use model::planted::{self, Bug};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

/// A seed that broke a promise.
#[derive(Debug, Clone)]
pub struct Failure {
    pub seed: u64,
    pub variant: &'static str,
    pub violation: Violation,
}

/// What became of many seeds.
#[derive(Debug, Default)]
pub struct Campaign {
    pub seeds: u64,
    pub failures: Vec<Failure>,
    pub moves: BTreeSet<(String, String, String)>,
    pub fired: BTreeMap<Fault, u64>,
    pub reverts: u64,
    pub findings: u64,
    pub hash: u64,
}

impl Campaign {
    /// Runs these seeds on so many threads; with a fault planted in gardefou until it is found.
    pub fn run(
        seeds: &[u64],
        jobs: usize,
        variants: &[Variant],
        bug: Option<Bug>,
        until_found: bool,
    ) -> Self {
        let (next, all) = (AtomicU64::new(0), Mutex::new(Self::default()));
        std::thread::scope(|scope| {
            for _ in 0..jobs.max(1) {
                scope.spawn(|| {
                    planted::choose(bug);
                    loop {
                        let at = usize::try_from(next.fetch_add(1, Ordering::Relaxed)).unwrap_or(usize::MAX);
                        let found = until_found && !lock(&all).failures.is_empty();
                        let Some(seed) = seeds.get(at).filter(|_| !found) else { return };
                        if let Some(ran) = run(*seed, variants, &Options::default()) {
                            lock(&all).add(ran);
                        }
                    }
                });
            }
        });
        let mut all = all.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
        all.failures.sort_by_key(|failure| failure.seed);
        all
    }

    fn add(&mut self, ran: Ran) {
        self.seeds += 1;
        self.reverts += ran.reverts;
        self.findings += ran.findings;
        self.hash ^= ran.hash;
        self.moves.extend(ran.moves);
        for (fault, times) in ran.fired {
            *self.fired.entry(fault).or_default() += times;
        }
        let failure = |violation| Failure { seed: ran.seed, variant: ran.variant, violation };
        self.failures.extend(ran.violations.into_iter().map(failure));
    }
}

/// The fewest kinds of faults with which the seed still breaks the same promise: one kind after the other is switched
/// off, and stays off where it makes no difference.
pub fn minimise(seed: u64, invariant: &str, variants: &[Variant]) -> (BTreeSet<Fault>, BTreeSet<Fault>) {
    let mut off = BTreeSet::new();
    for fault in Fault::ALL {
        let mut less = off.clone();
        less.insert(*fault);
        let options = Options { off: less.clone(), traced: false };
        let same = |ran: Ran| ran.violations.iter().any(|violation| violation.invariant == invariant);
        if run(seed, variants, &options).is_some_and(same) {
            off = less;
        }
    }
    let left = Fault::ALL.iter().copied().filter(|fault| !off.contains(fault)).collect();
    (left, off)
}
