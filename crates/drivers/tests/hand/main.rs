//! Hands as real processes: the port's suite through the local driver, and what they must survive.

#![allow(clippy::disallowed_methods, reason = "real processes need real threads and clocks")]

mod conformance;
mod damage;
mod files;
mod lifecycle;
mod protocol;
mod shell;
mod support;

/// The hands of these tests are this same program: they are started with words behind `--`, which
/// nobody else passes.
#[test]
fn this_program_can_be_a_hand() {
    let words: Vec<_> = std::env::args_os().skip_while(|word| word != "--").skip(1).collect();
    if !words.is_empty() {
        planaria_drivers::hand::main(&words).unwrap();
    }
}
