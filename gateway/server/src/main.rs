//! The `purser` command.

/// A request makes some hundred small allocations, and hands them from thread to thread.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    purser::cli::main()
}
