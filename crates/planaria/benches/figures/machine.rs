//! What the figures were measured on: they are this machine's.

use std::fmt;
use std::fs;
use std::path::Path;
use std::process::Command;

/// The machine, the system and the sources, in words.
pub struct Machine {
    /// Name and text of each line.
    pub lines: Vec<(&'static str, String)>,
}

impl Machine {
    /// Looks at the machine. What cannot be found out is said to be unknown.
    pub fn look(place: &Path) -> Self {
        let lines = vec![
            ("processor", processor()),
            ("memory", memory()),
            ("kernel", first_line("/proc/sys/kernel/osrelease")),
            ("filesystem", filesystem(place)),
            ("compiler", said("rustc", &["--version"])),
            ("commit", commit()),
            ("date", said("date", &["-u", "+%Y-%m-%d"])),
            ("load before", first_line("/proc/loadavg")),
        ];
        Self { lines }
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<String> =
            self.lines.iter().map(|(name, text)| format!("{name}: {text}")).collect();
        f.write_str(&lines.join("\n"))
    }
}

fn processor() -> String {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    format!("{cores} x {}", model.map_or("unknown", |(_, model)| model))
}

fn memory() -> String {
    let info = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let kib = info.lines().find_map(|line| line.strip_prefix("MemTotal:"));
    let kib = kib.and_then(|kib| kib.trim().strip_suffix(" kB")?.parse::<u64>().ok());
    kib.map_or_else(unknown, |kib| format!("{} GiB", kib / (1 << 20)))
}

/// Type and device of the filesystem with the longest mount point that the path is under.
fn filesystem(place: &Path) -> String {
    let mounts = fs::read_to_string("/proc/self/mounts").unwrap_or_default();
    let under = mounts.lines().filter_map(|line| {
        let mut words = line.split(' ');
        let (device, point, kind) = (words.next()?, words.next()?, words.next()?);
        place.starts_with(point).then_some((point.len(), format!("{kind} on {device}")))
    });
    under.max_by_key(|(length, _)| *length).map_or_else(unknown, |(_, text)| text)
}

fn commit() -> String {
    let commit = said("git", &["rev-parse", "--short", "HEAD"]);
    match said("git", &["status", "--porcelain", "--untracked-files=no"]).as_str() {
        "unknown" => commit,
        _ => format!("{commit}, with changes"),
    }
}

fn first_line(path: &str) -> String {
    let text = fs::read_to_string(path).unwrap_or_default();
    text.lines().next().map_or_else(unknown, str::to_owned)
}

/// What a program prints; "unknown" if it prints nothing.
fn said(program: &str, words: &[&str]) -> String {
    let output = Command::new(program).args(words).output();
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    text.ok().filter(|text| !text.is_empty()).unwrap_or_else(unknown)
}

fn unknown() -> String {
    "unknown".to_owned()
}
