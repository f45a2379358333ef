//! Every figure of the project, by one command:
//!
//! ```text
//! cargo bench -p planaria --bench figures -- [FILTER] [--quick] [--write] [--cold]
//! ```
//!
//! Each figure is measured beside its floor, turn by turn in the same process: a round of the one,
//! a round of the other. On a machine that others use at the same time that is worth more than many
//! samples, and it is what bench harnesses do not do: they measure one thing after the other and
//! keep its distribution, not the ratio of two. So these are plain loops.
//!
//! `FILTER` names groups, `--quick` takes fewer rounds, `--write` writes `docs/performance.md`, and
//! `--cold` adds what takes minutes.

#![allow(clippy::disallowed_methods, reason = "measuring is about real time and real threads")]

mod append;
mod build;
mod fold;
mod host;
mod machine;
mod memory;
mod page;
mod sample;
mod setting;
mod sleep;
mod start;
mod supervision;
mod table;
mod takeover;
mod turn;

use std::ffi::OsString;

use setting::Setting;
use supervision::figures::figure::Figure;

/// What belongs together on the page.
struct Group {
    /// Its name, for the page and for the filter.
    name: &'static str,
    /// What figure and floor are, in whole sentences.
    about: &'static str,
    /// Whether it runs only when it is asked for.
    slow: bool,
    measure: fn(&Setting) -> Vec<Figure>,
}

/// Everything that is measured, in the order of the page.
const GROUPS: &[Group] = &[
    append::GROUP,
    takeover::GROUP,
    supervision::GROUP,
    fold::GROUP,
    start::GROUP,
    memory::GROUP,
    turn::GROUP,
    build::GROUP,
];

fn main() {
    let words: Vec<OsString> = std::env::args_os().skip(1).collect();
    // This program is started again in other roles: as a hand, and to have a process to itself.
    match words.first().and_then(|word| word.to_str()) {
        Some(host::HAND) => {
            planaria_drivers::hand::main(&words[1..]).expect("the hand ends in good order");
        }
        Some(memory::CHILD) => memory::child(&words[1..]),
        _ => measure(&Setting::parse(words.iter().filter_map(|word| word.to_str()))),
    }
}

fn measure(setting: &Setting) {
    // What makes directories of its own makes them on this disk too.
    tempfile::env::override_temp_dir(setting.place()).expect("nobody has asked for one yet");
    let machine = machine::Machine::look(setting.place());
    eprintln!("{machine}");
    let chosen = GROUPS.iter().filter(|group| setting.chooses(group.name, group.slow));
    let mut results = Vec::new();
    for group in chosen {
        eprintln!("measuring {} ...", group.name);
        let figures = (group.measure)(setting);
        print!("{}", table::text(&figures));
        results.push((group, figures));
    }
    if setting.write {
        let path = page::write(&machine, &results);
        eprintln!("written: {}", path.display());
    }
}
