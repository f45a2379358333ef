//! One process per store.
//!
//! The kernel lets go of the lock when the process dies, however it dies; the pid in the file is
//! only there for the message.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};

use planaria_core::port::store::Error;
use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use super::error;
use super::layout::Layout;

/// Held while the store is open.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock, or names the process that holds it.
    pub fn take(layout: &Layout) -> Result<Self, Error> {
        let path = layout.lock();
        let failed = |e: &std::io::Error| {
            error::io("locking", &path, e, "; make it writable or choose another --data-dir")
        };
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(|e| failed(&e))?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(Errno::WOULDBLOCK) => {
                let path = layout.root().display().to_string();
                return Err(Error::Locked { path, holder: holder(&mut file) });
            }
            Err(errno) => return Err(failed(&errno.into())),
        }
        let written = file
            .set_len(0)
            .and_then(|()| file.seek(SeekFrom::Start(0)))
            .and_then(|_| writeln!(file, "{}", std::process::id()));
        written.map_err(|e| failed(&e))?;
        Ok(Self { _file: file })
    }
}

/// " (pid N)", or nothing where the holder has not written it yet.
fn holder(file: &mut File) -> String {
    let mut text = String::new();
    let pid = file.read_to_string(&mut text).ok().and_then(|_| text.trim().parse::<u32>().ok());
    pid.map(|pid| format!(" (pid {pid})")).unwrap_or_default()
}
