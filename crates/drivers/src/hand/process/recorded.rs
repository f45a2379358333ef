//! What a hand started, on disk for whoever must kill it when the hand cannot.
//!
//! Not synced: what a power cut takes from the file it has taken from the machine as well.

use std::fs;
use std::io::{self, ErrorKind};

use rustix::process::{Pid, test_kill_process_group};

use super::known::Process;
use super::proc_table::{Stat, children};
use crate::hand::error::Error;
use crate::hand::limits::PROCESSES_RECORDED_MAX;
use crate::hand::place::Place;

/// Keeps the record up to date: the hand, its shells, and all that descends from them. The hand is
/// the subreaper, so that nothing leaves its tree while it lives.
#[derive(Debug)]
pub(crate) struct Recorder {
    place: Place,
    me: Process,
    /// Shells whose process group has members, dead shells included: by their number the group is
    /// known.
    shells: Vec<Process>,
    last: Vec<Process>,
}

impl Recorder {
    pub fn new(place: Place, me: Process) -> Self {
        Self { place, me, shells: Vec::new(), last: Vec::new() }
    }

    /// Records a new shell. To be done before its first command.
    pub fn begin(&mut self, shell: Process) -> Result<(), Error> {
        self.shells.push(shell);
        self.look()
    }

    /// Records what is there now.
    pub fn look(&mut self) -> Result<(), Error> {
        self.shells.retain(|shell| {
            let group = Pid::from_raw(shell.pid).map(test_kill_process_group);
            group.is_some_and(|found| found != Err(rustix::io::Errno::SRCH))
        });
        let mut all = vec![self.me.clone()];
        all.extend(self.shells.iter().cloned());
        let descendants = descendants(&self.me);
        all.extend(descendants.into_iter().filter(|found| !self.shells.contains(found)));
        all.truncate(PROCESSES_RECORDED_MAX);
        if all != self.last {
            record(&self.place, &all)?;
            self.last = all;
        }
        Ok(())
    }
}

/// All that descends from a process and is alive.
fn descendants(root: &Process) -> Vec<Process> {
    let mut found: Vec<Process> = Vec::new();
    let mut parents = vec![root.pid];
    while let Some(parent) = parents.pop() {
        for pid in children(parent) {
            if found.len() >= PROCESSES_RECORDED_MAX {
                return found;
            }
            let alive = Stat::of(pid).filter(|stat| stat.alive);
            let Some(Stat { start, .. }) = alive else { continue };
            let process = Process { pid, start, boot: root.boot.clone() };
            // One that got another parent meanwhile may be met twice.
            if !found.contains(&process) {
                found.push(process);
                parents.push(pid);
            }
        }
    }
    found
}

/// Records the hand and what it started.
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
