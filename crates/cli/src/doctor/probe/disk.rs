//! The data directory's disk.

use std::fs::{self, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::Instant;

use super::text;
use crate::doctor::facts::Disk;
use crate::limits::{SYNC_BYTES, SYNCS};

pub fn look(data_dir: &Path) -> Disk {
    let looked_at = nearest(data_dir);
    let mounts = text("/proc/self/mountinfo").unwrap_or_default();
    let about = rustix::fs::statvfs(&looked_at).ok();
    Disk {
        data_dir: data_dir.to_owned(),
        exists: data_dir.is_dir(),
        filesystem: fs::canonicalize(&looked_at).ok().and_then(|path| filesystem(&mounts, &path)),
        free: about.map(|about| about.f_bavail.saturating_mul(about.f_frsize)),
        syncs: syncs(&looked_at).map_err(|error| error.to_string()),
        looked_at,
    }
}

/// The directory itself, or the nearest one above it that is there.
fn nearest(dir: &Path) -> PathBuf {
    let absolute = std::path::absolute(dir).unwrap_or_else(|_| dir.to_owned());
    let found = absolute.ancestors().find(|path| path.exists());
    found.map_or_else(|| PathBuf::from("/"), Path::to_owned)
}

/// The kind of the file system that a path lies on: that of the deepest mount above it, and of
/// several in one place the last.
fn filesystem(mounts: &str, path: &Path) -> Option<String> {
    let mut found: Option<(usize, &str)> = None;
    for line in mounts.lines() {
        let (before, after) = line.split_once(" - ")?;
        // Blanks in names are written as \040.
        let place = before.split(' ').nth(4)?.replace("\\040", " ");
        let depth = Path::new(&place).components().count();
        if path.starts_with(&place) && found.is_none_or(|(most, _)| depth >= most) {
            found = Some((depth, after.split(' ').next()?));
        }
    }
    found.map(|(_, kind)| kind.to_owned())
}

/// Microseconds of each sync, in order of length.
fn syncs(dir: &Path) -> io::Result<Vec<u64>> {
    let path = dir.join(format!(".planaria-doctor-{}", std::process::id()));
    let file = OpenOptions::new().write(true).create_new(true).open(&path)?;
    let page = [b'p'; SYNC_BYTES];
    let timed = (0..SYNCS as u64).map(|number| {
        let start = Instant::now();
        file.write_all_at(&page, number * SYNC_BYTES as u64)?;
        file.sync_data()?;
        Ok(u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX))
    });
    let timed: io::Result<Vec<u64>> = timed.collect();
    fs::remove_file(&path)?;
    let mut timed = timed?;
    timed.sort_unstable();
    Ok(timed)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOUNTS: &str = "\
22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
23 22 0:5 / /tmp rw shared:2 - tmpfs tmpfs rw
24 22 0:6 / /mnt/a\\040b rw - nfs4 host:/x rw
25 22 0:7 / /mnt/a\\040b rw - xfs /dev/sdb rw
";

    #[test]
    fn the_deepest_mount_above_a_path_and_of_several_the_last_one_is_its_file_system() {
        let of = |path: &str| filesystem(MOUNTS, Path::new(path));
        assert_eq!(of("/home/x").as_deref(), Some("ext4"));
        assert_eq!(of("/tmp/x").as_deref(), Some("tmpfs"));
        assert_eq!(of("/tmpx").as_deref(), Some("ext4"));
        assert_eq!(of("/mnt/a b/c").as_deref(), Some("xfs"));
        assert_eq!(filesystem("", Path::new("/")), None);
    }

    #[test]
    fn syncs_are_timed_and_leave_nothing_behind() {
        let dir = tempfile::tempdir().expect("a directory");
        assert_eq!(syncs(dir.path()).expect("writable").len(), SYNCS);
        assert_eq!(fs::read_dir(dir.path()).expect("a directory").count(), 0);
        assert_eq!(nearest(&dir.path().join("a/b")), dir.path());
    }
}
