//! The `purser` command.

fn main() -> std::process::ExitCode {
    purser::cli::main()
}
