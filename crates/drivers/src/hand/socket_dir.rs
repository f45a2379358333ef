//! The directory of the sockets: the user's own, closed to others, with a short name.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

use super::error::Error;

/// Bytes of a socket's path that the kernel takes, without the final zero.
const SOCKET_PATH_MAX: usize = 107;
/// Bytes of a socket's name, with the slash in front.
const SOCKET_NAME_LEN: usize = 1 + 32 + 5;

/// The first of the usual places whose name is short enough.
pub(crate) fn choose() -> PathBuf {
    let own = format!("planaria-{}", rustix::process::getuid().as_raw());
    let runtime = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
    let candidates = [
        runtime.filter(|path| path.is_absolute()).map(|path| path.join("planaria")),
        Some(std::env::temp_dir().join(&own)),
    ];
    let short = |path: &PathBuf| path.as_os_str().len() + SOCKET_NAME_LEN <= SOCKET_PATH_MAX;
    let chosen = candidates.into_iter().flatten().find(short);
    chosen.unwrap_or_else(|| Path::new("/tmp").join(own))
}

/// Makes the directory if it is missing, and refuses one that others may write to or look into.
pub(super) fn admit(path: &Path) -> Result<(), Error> {
    let refused = |problem: String| Error::SocketDir { path: path.to_owned(), problem };
    if path.as_os_str().as_bytes().len() + SOCKET_NAME_LEN > SOCKET_PATH_MAX {
        return Err(refused("too long for a socket; set XDG_RUNTIME_DIR to a shorter one".into()));
    }
    match fs::DirBuilder::new().mode(0o700).create(path) {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
        Err(error) => return Err(Error::io("making the directory", path, error)),
    }
    let found = fs::symlink_metadata(path);
    let found = found.map_err(|error| Error::io("looking at the directory", path, error))?;
    if !found.is_dir() {
        return Err(refused("is not a directory; remove it".into()));
    }
    let uid = rustix::process::getuid().as_raw();
    if found.uid() != uid {
        return Err(refused(format!("belongs to user {}, not to {uid}; remove it", found.uid())));
    }
    if found.mode() & 0o077 != 0 {
        return Err(refused(format!(
            "is open to others (mode {:o}); chmod 700 it",
            found.mode() & 0o777
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[test]
    fn a_directory_that_is_missing_is_made_for_the_user_alone() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("sockets");
        admit(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o700);
        admit(&path).unwrap();
    }

    #[test]
    fn one_that_is_open_to_others_or_is_a_link_is_refused() {
        let parent = tempfile::tempdir().unwrap();
        let open = parent.path().join("open");
        fs::create_dir(&open).unwrap();
        fs::set_permissions(&open, fs::Permissions::from_mode(0o755)).unwrap();
        assert!(admit(&open).unwrap_err().to_string().contains("chmod 700"));
        let link = parent.path().join("link");
        fs::set_permissions(&open, fs::Permissions::from_mode(0o700)).unwrap();
        symlink(&open, &link).unwrap();
        assert!(admit(&link).unwrap_err().to_string().contains("not a directory"));
    }

    #[test]
    fn a_name_that_no_socket_can_have_is_refused() {
        let long = Path::new("/tmp").join("x".repeat(80));
        assert!(admit(&long).unwrap_err().to_string().contains("too long"));
    }
}
