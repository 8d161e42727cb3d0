//! What reads bytes that others wrote, under bytes that nobody would write: it never panics, and what it accepts is
//! what a plain reading accepts. One file a target.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a target fails by panicking")]

pub mod config;
pub mod envelope;
pub mod file;
mod mutate;
mod plain;
pub mod record;
pub mod rules;
mod seeds;

pub use mutate::mutate;

/// What is fuzzed, and what it is fed with first.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    pub name: &'static str,
    pub seeds: fn() -> Vec<Vec<u8>>,
    /// Were the bytes accepted? Panics when they break a property.
    pub check: fn(&[u8]) -> bool,
}

/// Every target, by name.
pub const TARGETS: &[Target] =
    &[config::TARGET, envelope::TARGET, file::TARGET, record::TARGET, rules::TARGET];

/// A libFuzzer binary of a target: the coverage says which inputs to keep, the mutations are our own.
#[cfg(feature = "guided")]
#[macro_export]
macro_rules! guided {
    ($target:expr) => {
        static SEEDS: std::sync::LazyLock<Vec<Vec<u8>>> = std::sync::LazyLock::new($target.seeds);

        ::libfuzzer_sys::fuzz_target!(|bytes: &[u8]| drop(($target.check)(bytes)));

        ::libfuzzer_sys::fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
            let mut chance = ::fastrand::Rng::with_seed(u64::from(seed));
            // An empty corpus starts from the seeds, and now and then a full one does again.
            let mutated = match (data.get(..size), chance.choice(SEEDS.iter())) {
                (_, Some(seed)) if size < 8 || chance.u8(..) == 0 => $crate::mutate(seed, seed, &mut chance),
                (Some(bytes), Some(other)) => $crate::mutate(bytes, other, &mut chance),
                _ => Vec::new(),
            };
            let length = mutated.len().min(max_size).min(data.len());
            data.iter_mut().zip(mutated).take(length).for_each(|(byte, new)| *byte = new);
            length
        });
    };
}
