//! `gardefou`: judges recorded changes with the rules that the functions use, and is how people decide of findings.

mod bells;
mod book;
mod cloud;
mod command;
mod findings;
mod input;
mod inverse;
mod letters;
mod office;
mod pages;
mod rows;
mod shown;
mod state;
mod streams;
mod trouble;
mod when;

use clap::Parser as _;
use std::process::ExitCode;

/// The allocator of static musl is slow, and slower on two cores.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = command::Cli::parse();
    command::run(&cli, &mut streams::Streams::of_process())
}
