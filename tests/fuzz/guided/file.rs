//! The target `file` for libFuzzer.
#![no_main]

fuzz::guided!(fuzz::file::TARGET);
