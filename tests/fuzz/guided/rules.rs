//! The target `rules` for libFuzzer.
#![no_main]

fuzz::guided!(fuzz::rules::TARGET);
