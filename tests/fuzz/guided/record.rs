//! The target `record` for libFuzzer.
#![no_main]

fuzz::guided!(fuzz::record::TARGET);
