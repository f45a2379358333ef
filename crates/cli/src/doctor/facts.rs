//! What was looked at, as plain values.

use std::path::PathBuf;

use planaria_drivers::hand::Living;
use planaria_drivers::store::{Error, Inspection};

/// Everything that the checks judge.
#[derive(Debug)]
pub struct Facts {
    /// The data directory and its disk.
    pub disk: Disk,
    /// The store in it.
    pub store: Result<Inspection, Error>,
    /// The hands of the data directory that live.
    pub hands: Vec<Living>,
    /// The machine.
    pub machine: Machine,
    /// This process and what started it.
    pub process: Process,
    /// Programs that tools need, and what they say of themselves.
    pub programs: Vec<Program>,
    /// Variables that hold the keys of providers, and whether they are set.
    pub keys: Vec<(&'static str, bool)>,
    /// Stdout.
    pub terminal: Terminal,
}

/// The data directory and its disk.
#[derive(Debug)]
pub struct Disk {
    /// As it was given.
    pub data_dir: PathBuf,
    /// Whether it is there.
    pub exists: bool,
    /// The directory that was looked at: itself, or the nearest one above that is there.
    pub looked_at: PathBuf,
    /// The file system's name, where it is known.
    pub filesystem: Option<String>,
    /// Bytes that are free for us.
    pub free: Option<u64>,
    /// Microseconds of each sync, in order of length; or why nothing can be written.
    pub syncs: Result<Vec<u64>, String>,
}

/// The machine.
#[derive(Debug)]
pub struct Machine {
    /// The kernel's release.
    pub kernel: String,
    /// Whether this user may make user namespaces.
    pub user_namespaces: bool,
    /// Whether control groups are of version 2.
    pub cgroup2: bool,
    /// Whether Landlock is among the active security modules; `None` where that is not shown.
    pub landlock: Option<bool>,
    /// Whether system calls can be filtered.
    pub seccomp: bool,
    /// Microseconds since the Unix epoch.
    pub now_us: u64,
    /// The newest time of change in the data directory, in microseconds.
    pub newest_us: Option<u64>,
}

/// This process and what started it.
#[derive(Debug)]
pub struct Process {
    /// Files that it may have open: now, and at most.
    pub open_files: (Option<u64>, Option<u64>),
    /// Its service, if it is one of systemd's.
    pub service: Option<Service>,
    /// Whether it runs in a container.
    pub container: bool,
    /// Whether it is the first process there.
    pub is_first: bool,
}

/// A service of systemd.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// `planaria.service`.
    pub unit: String,
    /// `control-group`, `mixed`, `process`, …; `None` where systemd does not say.
    pub kill_mode: Option<String>,
}

/// A program that tools need.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    /// Its name.
    pub name: &'static str,
    /// What it is needed for.
    pub purpose: &'static str,
    /// Whether sessions cannot run without it.
    pub must: bool,
    /// The first line of its `--version`, if it is there.
    pub version: Option<String>,
}

/// Stdout.
#[derive(Debug)]
pub struct Terminal {
    /// Columns and rows; `None` where it is no terminal.
    pub size: Option<(usize, usize)>,
    /// `$TERM`.
    pub term: String,
    /// Whether it takes more than ASCII.
    pub unicode: bool,
}
