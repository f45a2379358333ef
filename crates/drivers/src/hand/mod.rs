//! The hand: a process of its own that runs the tools of one session and outlives its server.
//!
//! It runs each call at most once per generation, syncs the intent before it starts a call and the
//! outcome before it answers, and keeps both beside the workspace for the generation after it. A
//! broken connection changes nothing. When nobody comes back within the orphan deadline it ends
//! itself with everything it started; the workspace stays.
//!
//! Not here: how a hand is started and found again (`sandbox`).

pub(crate) mod args;
mod calls;
mod census;
mod connection;
mod error;
mod index;
mod journal;
mod launch;
pub(crate) mod limits;
pub(crate) mod lock;
pub(crate) mod place;
pub(crate) mod process;
mod reaper;
pub(crate) mod report;
mod serve;
mod shell;
pub(crate) mod socket_dir;
mod tail;
mod tools;
pub(crate) mod wire;

use std::ffi::OsString;

pub use census::{Living, living};
pub use error::Error;

/// Becomes a hand, or starts one and returns. `args` are the words behind `planaria hand`; a driver
/// writes them. Returns when the hand has ended in good order.
///
/// # Errors
/// Words that no driver wrote, a workspace that another hand holds, a damaged journal of calls, and
/// what the operating system refuses. The same text goes to the process that asked for the hand.
pub fn main(args: &[OsString]) -> Result<(), Error> {
    let args = args::Args::parse(args)?;
    match args.verb {
        args::Verb::Start => launch::start(&args),
        args::Verb::Serve => serve::serve(&args),
    }
}
