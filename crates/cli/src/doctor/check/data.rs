//! The data directory: disk, store, hands.

use planaria_drivers::store::Error;

use crate::doctor::facts::{Disk, Facts};
use crate::doctor::finding::Finding;

/// File systems on which a sync keeps nothing through a power cut.
const VOLATILE: &[&str] = &["tmpfs", "ramfs"];
/// File systems whose locks and syncs are another machine's.
const REMOTE: &[&str] = &["nfs", "smb", "cifs", "fuse", "9p", "ceph"];
/// A median sync above this is felt: every answer of a session waits for some.
const SLOW_US: u64 = 20_000;
/// No disk that keeps what it promises syncs faster than this.
const TOO_FAST_US: u64 = 15;
/// Below this a store soon stops.
const FREE_FAIL: u64 = 100 << 20;
/// Below this it is time to think of it.
const FREE_WARN: u64 = 2 << 30;

pub fn directory(Facts { disk, .. }: &Facts) -> Vec<Finding> {
    let (dir, check) = (disk.data_dir.display(), "data directory");
    vec![match &disk.syncs {
        Err(problem) => Finding::fail(
            check,
            format!("nothing can be written in {}: {problem}", disk.looked_at.display()),
            "make it writable for this user, or choose another with --data-dir",
        ),
        Ok(_) if disk.exists => Finding::ok(check, format!("{dir} is writable")),
        Ok(_) => Finding::ok(check, format!("{dir} does not exist yet; it can be made")),
    }]
}

pub fn filesystem(Facts { disk, .. }: &Facts) -> Vec<Finding> {
    let check = "file system";
    let Some(name) = &disk.filesystem else {
        return vec![Finding::warn(
            check,
            "it is not known",
            "use a local ext4, xfs or btrfs: the store needs syncs and locks that hold",
        )];
    };
    let is = |kinds: &[&str]| kinds.iter().any(|kind| name.starts_with(kind));
    vec![if is(VOLATILE) {
        Finding::warn(
            check,
            format!("{name}: memory; a power cut or a restart takes everything"),
            "put the data directory on a disk (--data-dir) unless you mean to lose it",
        )
    } else if is(REMOTE) {
        Finding::warn(
            check,
            format!("{name}: locks and syncs are another machine's promise"),
            "put the data directory on a local disk",
        )
    } else if name == "overlay" {
        Finding::warn(
            check,
            "overlay: the container's own layer, which ends with the container",
            "mount a volume for the data directory",
        )
    } else {
        Finding::ok(check, name.clone())
    }]
}

/// The median of a sorted row.
fn median(sorted: &[u64]) -> Option<u64> {
    sorted.get(sorted.len() / 2).copied()
}

pub fn syncs(Facts { disk, .. }: &Facts) -> Vec<Finding> {
    let check = "sync";
    let Disk { syncs: Ok(syncs), .. } = disk else {
        return vec![Finding::fail(check, "not measured", "mend the data directory first")];
    };
    let p50 = median(syncs).unwrap_or_default();
    let worst = syncs.last().copied().unwrap_or_default();
    let ms = |us: u64| format!("{}.{:02} ms", us / 1_000, us % 1_000 / 10);
    let found = format!(
        "p50 {}, worst {}, of {} times 4 KiB and fdatasync",
        ms(p50),
        ms(worst),
        syncs.len()
    );
    let memory = disk.filesystem.as_deref().is_some_and(|name| VOLATILE.contains(&name));
    vec![if p50 > SLOW_US {
        let mend = "use a disk with a faster sync (an SSD with its own power backup); every step of \
                    a session waits for it";
        Finding::warn(check, found, mend)
    } else if p50 < TOO_FAST_US && !memory {
        let mend = "make sure that the disk does not promise what it has not written (a virtual \
                    disk with an unsafe cache, libeatmydata)";
        Finding::warn(check, format!("{found}: too fast to be true"), mend)
    } else {
        Finding::ok(check, found)
    }]
}

pub fn free(Facts { disk, .. }: &Facts) -> Vec<Finding> {
    let check = "free space";
    let Some(free) = disk.free else {
        return vec![Finding::warn(check, "it is not known", "look at it with `df`")];
    };
    let found = format!("{} MiB", free >> 20);
    let mend = "free some space; a full disk stops the store, though it loses nothing";
    vec![match free {
        0..FREE_FAIL => Finding::fail(check, found, mend),
        FREE_FAIL..FREE_WARN => Finding::warn(check, found, mend),
        _ => Finding::ok(check, found),
    }]
}

pub fn store(facts: &Facts) -> Vec<Finding> {
    let check = "store";
    let store = match &facts.store {
        Ok(store) => store,
        Err(error @ Error::NewerFormat { .. }) => {
            return vec![Finding::fail(check, error.to_string(), "install the newer version")];
        }
        Err(error @ Error::Damaged { .. }) => {
            let mend = "restore a backup of the directory, or ask for help with a copy of it";
            return vec![Finding::fail(check, error.to_string(), mend)];
        }
        Err(error) => {
            return vec![Finding::fail(check, error.to_string(), "make it readable for this user")];
        }
    };
    if !store.exists {
        return vec![Finding::ok(check, "none yet; `planaria up` makes it")];
    }
    if let Some(holder) = store.holder {
        let who = holder.map_or_else(|| "a process".to_owned(), |pid| format!("pid {pid}"));
        return vec![Finding::ok(
            check,
            format!("{who} has it open; look in with `planaria tree`"),
        )];
    }
    let mebibytes = store.journal_bytes >> 20;
    let stop = match (store.clean, store.torn) {
        (true, _) => "the last stop was an orderly one",
        (false, false) => "the last stop was not an orderly one; the journal is whole",
        (false, true) => {
            "the last stop tore a write that nobody was promised; the next start cuts it"
        }
    };
    let mut findings = vec![Finding::ok(
        check,
        format!("format {}, {mebibytes} MiB of journal; {stop}", store.format),
    )];
    if store.kept_tails > 0 {
        let dir = crate::data::journal(&facts.disk.data_dir);
        findings.push(Finding::warn(
            "torn writes",
            format!("{} are kept for a look at them", store.kept_tails),
            format!("remove {} when you need them no more", dir.join("torn-*.bak").display()),
        ));
    }
    findings
}

pub fn hands(facts: &Facts) -> Vec<Finding> {
    let check = "hands";
    let held = facts.store.as_ref().is_ok_and(|store| store.holder.is_some());
    let count = facts.hands.len();
    if count == 0 {
        return vec![Finding::ok(check, "none is left")];
    }
    let named = facts.hands.iter().take(5).map(|h| format!("{} (pid {})", h.session, h.pid));
    let named = named.collect::<Vec<_>>().join(", ");
    let more = if count > 5 { ", …" } else { "" };
    vec![if held {
        Finding::ok(check, format!("{count} at work: {named}{more}"))
    } else {
        Finding::warn(
            check,
            format!("{count} without a server: {named}{more}"),
            "run `planaria up` again to collect what they did; else they end by themselves within \
             ten minutes",
        )
    }]
}

#[cfg(test)]
pub mod tests {
    use planaria_drivers::store::inspect;

    use super::*;
    use crate::doctor::facts::{Machine, Process, Program, Terminal};
    use crate::doctor::finding::Level;

    /// A machine on which nothing is wrong.
    pub fn good() -> Facts {
        let nowhere = std::path::PathBuf::from("/nonexistent/planaria");
        Facts {
            disk: Disk {
                data_dir: nowhere.clone(),
                exists: true,
                looked_at: nowhere.clone(),
                filesystem: Some("ext4".to_owned()),
                free: Some(50 << 30),
                syncs: Ok(vec![100, 200, 300]),
            },
            store: inspect(&nowhere),
            hands: Vec::new(),
            machine: Machine {
                kernel: "6.8.0".to_owned(),
                user_namespaces: true,
                cgroup2: true,
                landlock: Some(true),
                seccomp: true,
                now_us: 1_800_000_000_000_000,
                newest_us: Some(1_799_999_999_000_000),
            },
            process: Process {
                open_files: (Some(1 << 20), Some(1 << 20)),
                service: None,
                container: false,
                is_first: false,
            },
            programs: vec![Program {
                name: "bash",
                purpose: "commands",
                must: true,
                version: Some("GNU bash 5".to_owned()),
            }],
            keys: vec![("ANTHROPIC_API_KEY", true)],
            terminal: Terminal { size: Some((100, 40)), term: "xterm".to_owned(), unicode: true },
        }
    }

    fn level(findings: &[Finding]) -> Level {
        assert_eq!(findings.len(), 1, "{findings:?}");
        findings[0].level
    }

    #[test]
    fn a_file_system_that_keeps_nothing_or_is_another_machines_is_warned_of() {
        for (name, expected) in [
            (Some("ext4"), Level::Ok),
            (Some("tmpfs"), Level::Warn),
            (Some("nfs4"), Level::Warn),
            (Some("fuse.sshfs"), Level::Warn),
            (Some("overlay"), Level::Warn),
            (None, Level::Warn),
        ] {
            let mut facts = good();
            facts.disk.filesystem = name.map(str::to_owned);
            assert_eq!(level(&filesystem(&facts)), expected, "{name:?}");
        }
    }

    #[test]
    fn syncs_that_are_slow_or_too_fast_to_be_true_are_warned_of() {
        for (us, expected) in [(500, Level::Ok), (30_000, Level::Warn), (3, Level::Warn)] {
            let mut facts = good();
            facts.disk.syncs = Ok(vec![us; 3]);
            assert_eq!(level(&syncs(&facts)), expected, "{us}");
        }
        let mut memory = good();
        memory.disk.syncs = Ok(vec![3; 3]);
        memory.disk.filesystem = Some("tmpfs".to_owned());
        assert_eq!(level(&syncs(&memory)), Level::Ok, "memory is said to be memory elsewhere");
    }

    #[test]
    fn a_directory_that_cannot_be_written_and_a_full_disk_fail() {
        let mut facts = good();
        facts.disk.syncs = Err("permission denied".to_owned());
        assert_eq!(level(&directory(&facts)), Level::Fail);
        assert_eq!(level(&syncs(&facts)), Level::Fail);
        for (mib, expected) in [(10, Level::Fail), (500, Level::Warn), (9_000, Level::Ok)] {
            facts.disk.free = Some(mib << 20);
            assert_eq!(level(&free(&facts)), expected, "{mib}");
        }
    }

    #[test]
    fn what_keeps_the_store_from_opening_fails_and_an_open_one_is_fine() {
        let mut facts = good();
        facts.store = Err(Error::Damaged { path: "x".to_owned(), problem: "a hole".to_owned() });
        assert_eq!(level(&store(&facts)), Level::Fail);
        let mut open = good();
        let found = open.store.as_mut().expect("a look");
        (found.exists, found.holder) = (true, Some(Some(7)));
        assert!(store(&open)[0].found.contains("pid 7"));
        let found = open.store.as_mut().expect("a look");
        (found.holder, found.kept_tails) = (None, 1);
        assert_eq!(store(&open)[1].level, Level::Warn);
    }
}
