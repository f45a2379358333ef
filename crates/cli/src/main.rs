//! The `planaria` command.

#![allow(
    clippy::disallowed_methods,
    reason = "the binary is the outside: it reads clocks and exits"
)]

mod answer;
mod check;
mod cli;
mod control;
mod data;
mod events;
mod exit;
mod output;
mod plan;
mod schema;
mod tree;
mod up;

use clap::Parser;

fn main() -> std::process::ExitCode {
    let args = cli::Cli::parse();
    output::logging(args.verbose);
    exit::code(run(args))
}

fn run(args: cli::Cli) -> anyhow::Result<exit::Code> {
    match args.command {
        // Before any other thread exists: the hand makes itself a session of its own.
        cli::Command::Hand(hand) => hand.run(),
        cli::Command::Up(up) => runtime()?.block_on(up::run(up)),
        cli::Command::Check(check) => check.run(),
        cli::Command::Plan(plan) => runtime()?.block_on(plan.run()),
        cli::Command::Schema(schema) => schema.run(),
        cli::Command::Events(events) => runtime()?.block_on(events::run(events)),
        cli::Command::Tree(tree) => runtime()?.block_on(tree::run(tree)),
    }
}

fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_multi_thread().enable_all().build()?)
}
