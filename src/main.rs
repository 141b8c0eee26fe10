//! Glue only: parse, run, exit code. Everything else is in the library.

fn main() -> std::process::ExitCode {
    jianzheng::cli::main().into()
}
