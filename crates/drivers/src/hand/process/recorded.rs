//! What a hand started, on disk for whoever must kill it when the hand cannot.
//!
//! Not synced: what a power cut takes from the file it has taken from the machine as well.

use std::fs;
use std::io::{self, ErrorKind};

use super::known::Process;
use crate::hand::error::Error;
use crate::hand::place::Place;

/// Records the hand and the leaders of what it started. To be done before they are used.
pub(crate) fn record(place: &Place, processes: &[Process]) -> Result<(), Error> {
    let path = place.processes();
    let new = path.with_extension("new");
    let bytes = serde_json::to_vec(processes).expect("plain numbers and a word");
    let written = fs::write(&new, bytes).and_then(|()| fs::rename(&new, &path));
    written.map_err(|error| Error::io("recording processes in", &path, error))
}

/// What was recorded last. Nothing where no hand ever ran, or where a power cut took it.
pub(crate) fn read(place: &Place) -> io::Result<Vec<Process>> {
    match fs::read(place.processes()) {
        Ok(bytes) => Ok(serde_json::from_slice(&bytes).unwrap_or_default()),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}
