//! The step between a server and its hand: starts the hand and ends, so that the hand is nobody's
//! child but the system's. It dies with no server and leaves no zombie to one.

use std::path::Path;
use std::process::{Command, Stdio};

use super::args::{Args, Verb};
use super::error::Error;
use super::process::Process;
use super::report::Report;

/// Starts the program that runs now once more, as the hand.
pub(super) fn start(args: &Args) -> Result<(), Error> {
    let words = args.words();
    let mut command: Vec<_> = std::env::args_os().collect();
    if !command.ends_with(&words) || command.len() == words.len() {
        return Err(Error::Usage("the program's words do not end with those of the hand".into()));
    }
    command.truncate(command.len() - words.len());
    let hand = Args { verb: Verb::Serve, ..args.clone() };
    let spawned = Command::new(&command[0])
        .args(&command[1..])
        .args(hand.words())
        .stdin(Stdio::null())
        .spawn();
    let child = spawned.map_err(|e| Error::io("starting", Path::new(&command[0]), e))?;
    let pid = i32::try_from(child.id()).expect("a pid is positive and small");
    // One that is dead already has said why.
    if let Some(process) = Process::of(pid) {
        // Where nobody listens any more, the hand sees that too.
        let _ = Report::Started(process).say();
    }
    Ok(())
}
