//! The machine.

use std::fs;
use std::path::Path;
use std::time::UNIX_EPOCH;

use super::text;
use crate::doctor::facts::Machine;

pub fn look(data_dir: &Path) -> Machine {
    let number = |path: &str| text(path).and_then(|text| text.trim().parse::<u64>().ok());
    // The second and third are switches of some distributions.
    let user_namespaces = number("/proc/sys/user/max_user_namespaces").is_some_and(|most| most > 0)
        && number("/proc/sys/kernel/unprivileged_userns_clone") != Some(0)
        && number("/proc/sys/kernel/apparmor_restrict_unprivileged_userns") != Some(1);
    let modules = text("/sys/kernel/security/lsm");
    Machine {
        kernel: text("/proc/sys/kernel/osrelease").unwrap_or_default().trim().to_owned(),
        user_namespaces,
        cgroup2: Path::new("/sys/fs/cgroup/cgroup.controllers").exists(),
        landlock: modules.map(|names| names.trim().split(',').any(|name| name == "landlock")),
        seccomp: Path::new("/proc/sys/kernel/seccomp/actions_avail").exists(),
        now_us: crate::events::now(),
        newest_us: newest(data_dir),
    }
}

/// The newest time of change of what lies in the data directory and in its store.
fn newest(data_dir: &Path) -> Option<u64> {
    let dirs = [data_dir.to_owned(), crate::data::journal(data_dir)];
    let entries = dirs.iter().filter_map(|dir| fs::read_dir(dir).ok()).flatten().flatten();
    let times = entries.filter_map(|entry| entry.metadata().ok()?.modified().ok());
    let micros = times.filter_map(|time| time.duration_since(UNIX_EPOCH).ok());
    micros.filter_map(|time| u64::try_from(time.as_micros()).ok()).max()
}
