//! What `/proc` says.

use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

use crate::hand::limits::{ENVIRON_BYTES_MAX, OPEN_FILES_MAX};

/// One line of the table of processes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stat {
    pub pid: i32,
    pub parent: i32,
    pub group: i32,
    pub session: i32,
    /// Clock ticks between the boot and the start of the process.
    pub start: u64,
    /// Whether it can still run. A zombie cannot, unless only its first thread has ended.
    pub alive: bool,
}

impl Stat {
    /// The process of that number, dead or alive.
    pub fn of(pid: i32) -> Option<Self> {
        parse(pid, &fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
    }

    /// Everything that is alive.
    pub fn all() -> Vec<Self> {
        let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
        let pids = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
        pids.filter_map(Self::of).filter(|stat| stat.alive).collect()
    }

    /// The environment it was started with. Empty where it may not be read.
    pub fn environ(&self) -> Vec<u8> {
        let mut environ = Vec::new();
        if let Ok(file) = File::open(format!("/proc/{}/environ", self.pid)) {
            let _ = file.take(ENVIRON_BYTES_MAX).read_to_end(&mut environ);
        }
        environ
    }

    /// Whether it works in the directory or has a file below it open.
    pub fn uses(&self, directory: &Path) -> bool {
        let below = |link: &Path| fs::read_link(link).is_ok_and(|to| to.starts_with(directory));
        let process = format!("/proc/{}", self.pid);
        let process = Path::new(&process);
        let files = fs::read_dir(process.join("fd")).into_iter().flatten();
        below(&process.join("cwd"))
            || files.take(OPEN_FILES_MAX).any(|file| file.is_ok_and(|file| below(&file.path())))
    }
}

/// The children of a process, dead ones included. None where the kernel does not list them, which
/// needs `CONFIG_PROC_CHILDREN`.
pub(super) fn children(pid: i32) -> Vec<i32> {
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    let lists = tasks.filter_map(|task| fs::read_to_string(task.path().join("children")).ok());
    lists
        .flat_map(|list| list.split_whitespace().flat_map(str::parse).collect::<Vec<_>>())
        .collect()
}

/// Parses a line of `/proc/<pid>/stat`. The name in it may hold blanks and parentheses.
fn parse(pid: i32, line: &str) -> Option<Stat> {
    let fields: Vec<&str> = line[line.rfind(')')? + 1..].split_whitespace().collect();
    let number = |index: usize| fields.get(index)?.parse::<i32>().ok();
    let alive = match *fields.first()? {
        "X" | "x" => false,
        "Z" => number(17)? > 1,
        _ => true,
    };
    Some(Stat {
        pid,
        parent: number(1)?,
        group: number(2)?,
        session: number(3)?,
        start: fields.get(19)?.parse().ok()?,
        alive,
    })
}

/// Tells one boot of the machine from another: start times begin anew with each.
pub(super) fn boot() -> String {
    let id = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    id.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_parentheses_and_blanks_does_not_shift_the_fields() {
        let line = "42 (a) R 1 (b) S 7 8 9 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 1234 0 0";
        let stat = parse(42, line).unwrap();
        let expected = Stat { pid: 42, parent: 7, group: 8, session: 9, start: 1234, alive: true };
        assert_eq!(stat, expected);
    }

    #[test]
    fn a_zombie_is_dead_unless_another_of_its_threads_runs() {
        let line = |threads| format!("42 (a) Z 7 8 9 0 -1 0 0 0 0 0 0 0 0 0 20 0 {threads} 0 5 0");
        assert!(!parse(42, &line(1)).unwrap().alive);
        assert!(parse(42, &line(2)).unwrap().alive);
    }
}
