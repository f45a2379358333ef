//! One hand per workspace.
//!
//! The kernel lets go of the lock when the hand dies, however it dies; what stands in the file says
//! who holds it, so that a newer hand can end an older one and an older one gives way.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::thread::sleep;
use std::time::Instant;

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;
use serde::{Deserialize, Serialize};

use super::error::Error;
use super::limits::{KILL_PAUSE, LOCK_WAIT};
use super::place::Place;
use super::process::Process;

/// Who holds the workspace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Holder {
    pub process: Process,
    pub generation: u64,
    pub epoch: u64,
    /// Whether nothing runs any more that an earlier hand started.
    pub swept: bool,
}

/// The lock, held.
#[derive(Debug)]
pub(crate) struct Lock {
    file: File,
    path: PathBuf,
}

/// What came of trying.
#[derive(Debug)]
pub(crate) enum Taken {
    Lock(Lock),
    /// Somebody else has it, and may not have said who.
    Held(Option<Holder>),
}

impl Lock {
    /// Takes the lock if it is free.
    pub fn try_take(place: &Place) -> Result<Taken, Error> {
        let path = place.lock();
        let failed = |error: io::Error| Error::io("locking", &path, error);
        let mut options = OpenOptions::new();
        let mut file = options
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(failed)?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Taken::Lock(Self { file, path })),
            Err(Errno::WOULDBLOCK) => {
                let mut text = String::new();
                let read = file.read_to_string(&mut text).ok();
                Ok(Taken::Held(read.and_then(|_| serde_json::from_str(&text).ok())))
            }
            Err(errno) => Err(failed(errno.into())),
        }
    }

    /// Takes the workspace from whoever has it, unless that one is newer than `holder`. Blocks.
    pub fn seize(place: &Place, holder: &Holder) -> Result<Self, Error> {
        let until = Instant::now() + LOCK_WAIT;
        loop {
            let other = match Self::try_take(place)? {
                Taken::Lock(mut lock) => {
                    lock.say(holder)?;
                    return Ok(lock);
                }
                Taken::Held(other) => other,
            };
            if let Some(other) = &other {
                if other.epoch > holder.epoch || other.generation > holder.generation {
                    return Err(Error::Fenced(format!(
                        "the workspace is held by generation {} of epoch {}",
                        other.generation, other.epoch
                    )));
                }
                // It was never bound, or it is being replaced.
                other.process.kill();
            }
            if Instant::now() >= until {
                let holder = other.map(|other| format!("pid {}", other.process.pid));
                let holder = holder.unwrap_or_else(|| "it did not say who it is".to_owned());
                return Err(Error::Busy { path: place.lock(), holder });
            }
            sleep(KILL_PAUSE);
        }
    }

    /// Says who holds the lock. Whoever reads a half-written text reads again.
    pub fn say(&mut self, holder: &Holder) -> Result<(), Error> {
        let text = serde_json::to_string(holder).expect("plain numbers and a word");
        let written = self
            .file
            .set_len(0)
            .and_then(|()| self.file.seek(SeekFrom::Start(0)))
            .and_then(|_| self.file.write_all(text.as_bytes()));
        written.map_err(|error| Error::io("writing", &self.path, error))
    }
}
