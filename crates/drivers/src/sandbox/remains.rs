//! What a dead hand leaves running, and the end of it.

use std::fs;
use std::thread::sleep;
use std::time::Instant;

use crate::hand::Error;
use crate::hand::limits::{KILL_PAUSE, LOCK_WAIT};
use crate::hand::lock::{Holder, Lock, Taken};
use crate::hand::place::Place;
use crate::hand::process::{self, Process, Quarry, sweep};
use crate::hand::report::Address;

/// Kills a hand with everything it started, and whatever it left if it was dead. Blocks.
pub(super) fn destroy(place: &Place, address: &Address) -> Result<(), Error> {
    sweep(&Quarry { leaders: vec![address.process.clone()], place: None })?;
    clear(place, address)
}

/// Kills what a dead hand left running. Blocks. Under the lock, so that nothing of a later hand is
/// hurt; where a later hand has the lock, it did this before it began.
pub(super) fn clear(place: &Place, dead: &Address) -> Result<(), Error> {
    if !place.state.exists() {
        return Ok(());
    }
    let until = Instant::now() + LOCK_WAIT;
    let lock = loop {
        match Lock::try_take(place)? {
            Taken::Lock(lock) => break lock,
            Taken::Held(Some(other)) if has_cleared(&other, &dead.process) => return Ok(()),
            Taken::Held(_) if Instant::now() >= until => {
                let holder = "it is being cleared by somebody else".to_owned();
                return Err(Error::Busy { path: place.lock(), holder });
            }
            Taken::Held(_) => sleep(KILL_PAUSE),
        }
    };
    let mut leaders =
        process::read(place).map_err(|e| Error::io("reading", &place.processes(), e))?;
    leaders.push(dead.process.clone());
    sweep(&Quarry { leaders, place: Some(place.clone()) })?;
    let _ = fs::remove_file(&dead.socket);
    drop(lock);
    Ok(())
}

fn has_cleared(holder: &Holder, dead: &Process) -> bool {
    holder.swept && holder.process != *dead && holder.process.is_alive()
}
