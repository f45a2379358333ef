//! The `planaria` command.

#![allow(
    clippy::disallowed_methods,
    reason = "the binary is the outside: it reads clocks and exits"
)]

mod answer;
mod chaos;
mod check;
mod cli;
mod completions;
mod config;
mod control;
mod data;
mod doctor;
mod events;
mod exit;
mod hand;
mod limits;
mod man;
mod output;
mod plan;
mod schema;
mod send;
mod terminal;
mod transfer;
mod tree;
mod up;

use clap::{CommandFactory, FromArgMatches};

fn main() -> std::process::ExitCode {
    let words: Vec<_> = std::env::args_os().collect();
    let color = terminal::color_of(&words);
    color.apply();
    let matches = cli::Cli::command().color(color.into()).get_matches_from(words);
    let args = cli::Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    output::logging(args.verbose);
    exit::code(run(args))
}

fn run(args: cli::Cli) -> anyhow::Result<exit::Code> {
    use cli::Command;
    match args.command {
        // Before any other thread exists: the hand makes itself a session of its own.
        Command::Hand(hand) => hand::run(&hand),
        Command::Up(up) => runtime()?.block_on(up::run(up)),
        Command::Check(check) => check.run(),
        Command::Plan(plan) => runtime()?.block_on(plan.run()),
        Command::Schema(schema) => schema.run(),
        Command::Events(events) => runtime()?.block_on(events::run(events)),
        Command::Tree(tree) => runtime()?.block_on(tree::run(tree)),
        Command::Send(send) => runtime()?.block_on(send::run(send)),
        Command::Export(export) => runtime()?.block_on(transfer::export::run(export)),
        Command::Import(import) => runtime()?.block_on(transfer::import::run(import)),
        Command::Chaos(chaos) => runtime()?.block_on(chaos::run(chaos)),
        Command::Doctor(doctor) => doctor::run(&doctor),
        Command::Config(config) => config::run(&config, args.verbose, args.color),
        Command::Completions(completions) => completions::run(&completions),
        Command::Man(man) => man::run(&man),
    }
}

fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_multi_thread().enable_all().build()?)
}
