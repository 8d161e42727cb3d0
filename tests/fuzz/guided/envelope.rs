//! The target `envelope` for libFuzzer.
#![no_main]

fuzz::guided!(fuzz::envelope::TARGET);
