//! `write`: a file with this content.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use planaria_core::tool::Outcome;
use rustix::fs::OFlags;
use rustix::io::Errno;
use serde::Deserialize;
use serde_json::Value;

use super::desk::{Desk, input, regular, said};

#[derive(Debug, Deserialize)]
struct Input {
    file_path: String,
    content: String,
}

pub(super) fn run(desk: &Desk, given: Value) -> Result<Outcome, String> {
    let Input { file_path: named, content } = input(given)?;
    let path = desk.path(&named)?;
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).map_err(|error| said(&named, &error))?;
    }
    desk.check()?;
    replace(&path, &named, &content)?;
    Ok(Outcome::text(format!("wrote {} bytes to {named}", content.len())))
}

/// Replaces a file's content. Permissions, owner and links stay, and where it fails the old content
/// does. Never blocks.
///
/// A kill in the middle leaves the old content too, and maybe a file `.planaria-*.new` beside it,
/// except where the file has several names or attributes of its own or may not be made anew: it is
/// then written in place, and may hold both.
pub(super) fn replace(path: &Path, named: &str, content: &str) -> Result<(), String> {
    let failed = |error: io::Error| match error.raw_os_error().map(Errno::from_raw_os_error) {
        Some(Errno::NXIO) => format!("{named} is not a regular file"),
        _ => said(named, &error),
    };
    let old = OpenOptions::new()
        .write(true)
        .custom_flags(OFlags::NONBLOCK.bits().cast_signed())
        .open(path);
    let old = match old {
        Ok(old) => old,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return create(path, content).map_err(failed);
        }
        Err(error) => return Err(failed(error)),
    };
    regular(&old, named)?;
    if let Some((beside, new)) = twin(path, &old) {
        return swap(&beside, new, path, content).map_err(failed);
    }
    in_place(&old, content.as_bytes()).map_err(failed)
}

/// Makes a file, and takes it away again where its content cannot be written. Through a link that
/// leads nowhere it is made where that leads.
fn create(path: &Path, content: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create(true).truncate(false).open(path)?;
    file.write_all(content.as_bytes()).inspect_err(|_| {
        let _ = fs::canonicalize(path).and_then(fs::remove_file);
    })
}

/// An empty file beside one that it can take the place of: with its owner and permissions. `None`
/// where a link or an attribute would be lost, or where no such file can be had.
fn twin(path: &Path, old: &File) -> Option<(PathBuf, File)> {
    let found = old.metadata().ok()?;
    let link = fs::symlink_metadata(path).ok()?.is_symlink();
    let attributes = rustix::fs::flistxattr(old, &mut [0_u8; 0]).is_ok_and(|bytes| bytes > 0);
    if found.nlink() != 1 || link || attributes {
        return None;
    }
    let mut name = [0; 8];
    getrandom::fill(&mut name).ok()?;
    let beside = path.with_file_name(format!(".planaria-{:016x}.new", u64::from_le_bytes(name)));
    let new = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside).ok()?;
    let (uid, gid) = (found.uid(), found.gid());
    let alike = new.metadata().and_then(|made| {
        if (made.uid(), made.gid()) != (uid, gid) {
            std::os::unix::fs::fchown(&new, Some(uid), Some(gid))?;
        }
        new.set_permissions(found.permissions())
    });
    if alike.is_err() {
        let _ = fs::remove_file(&beside);
        return None;
    }
    Some((beside, new))
}

fn swap(beside: &Path, mut new: File, path: &Path, content: &str) -> io::Result<()> {
    let swapped = new.write_all(content.as_bytes()).and_then(|()| fs::rename(beside, path));
    swapped.inspect_err(|_| {
        let _ = fs::remove_file(beside);
    })
}

/// What the file grows by comes first: that is what there may be no room for.
fn in_place(file: &File, content: &[u8]) -> io::Result<()> {
    let before = file.metadata()?.len();
    let (head, growth) = content
        .split_at(usize::try_from(before).map_or(content.len(), |len| len.min(content.len())));
    file.write_all_at(growth, before).inspect_err(|_| {
        let _ = file.set_len(before);
    })?;
    file.write_all_at(head, 0)?;
    file.set_len(content.len() as u64)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use serde_json::json;
    use tokio_util::sync::CancellationToken;

    use super::*;

    #[test]
    fn missing_directories_are_made_and_a_longer_file_is_replaced_as_a_whole() {
        let directory = tempfile::tempdir().unwrap();
        let desk = Desk { workspace: directory.path().to_owned(), halt: CancellationToken::new() };
        for content in ["a longer text", "short", ""] {
            let outcome = run(&desk, json!({"file_path": "a/b/c", "content": content})).unwrap();
            assert_eq!(outcome, Outcome::text(format!("wrote {} bytes to a/b/c", content.len())));
            let path = directory.path().join("a/b/c");
            assert_eq!(fs::read_to_string(path).unwrap(), content);
        }
        for path in ["a/b", "a/b/c/d", "/dev/null"] {
            assert!(run(&desk, json!({"file_path": path, "content": ""})).is_err(), "{path}");
        }
    }

    #[test]
    fn permissions_and_links_stay_and_nothing_is_left_beside() {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name);
        fs::write(at("plain"), "old and longer").unwrap();
        fs::set_permissions(at("plain"), fs::Permissions::from_mode(0o751)).unwrap();
        fs::write(at("hard"), "old and longer").unwrap();
        fs::hard_link(at("hard"), at("hard too")).unwrap();
        symlink(at("plain"), at("soft")).unwrap();
        symlink(at("made"), at("dangling")).unwrap();
        for content in ["new", "new, and this time longer than before"] {
            for name in ["plain", "hard", "dangling"] {
                replace(&at(name), name, content).unwrap();
                assert_eq!(fs::read_to_string(at(name)).unwrap(), content, "{name}");
            }
            assert_eq!(fs::metadata(at("plain")).unwrap().mode() & 0o777, 0o751);
            assert_eq!(fs::read_to_string(at("hard too")).unwrap(), content);
            assert_eq!(fs::read_to_string(at("made")).unwrap(), content);
            replace(&at("soft"), "soft", "through").unwrap();
            assert_eq!(fs::read_to_string(at("plain")).unwrap(), "through");
        }
        assert!(fs::symlink_metadata(at("soft")).unwrap().is_symlink());
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 6);
    }
}
