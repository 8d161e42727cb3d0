//! The target `config` for libFuzzer.
#![no_main]

fuzz::guided!(fuzz::config::TARGET);
