//! `gardefou`: judges recorded changes with the rules that the functions use.

mod book;
mod command;
mod input;
mod inverse;
mod pages;
mod rows;
mod shown;
mod state;
mod streams;

use clap::Parser as _;
use std::process::ExitCode;

/// The allocator of static musl is slow, and slower on two cores.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = command::Cli::parse();
    command::run(&cli, &mut streams::Streams::of_process())
}
