//! The simulation as a command: `sim --seeds 0..2000 [--trace] [--jobs 2] [--bug NAME] [--planted]`.

/// Runs allocate all the time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    sim::command::main(std::env::args().skip(1))
}
