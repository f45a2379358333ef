//! What fjall and the system say, as errors of the port.

use std::any::Any;
use std::io;
use std::path::Path;

use planaria_core::port::store::Error;

use super::limits::FULL_BELOW_BYTES;

/// A failed call of the system. `remedy` says what the operator can do about it.
pub(super) fn io(action: &str, path: &Path, error: &io::Error, remedy: &str) -> Error {
    if is_full(error) {
        return full(path);
    }
    Error::Io {
        action: format!("{action} {}", path.display()),
        problem: format!("{error}{remedy}"),
    }
}

pub(super) fn full(path: &Path) -> Error {
    Error::Full { path: path.display().to_string() }
}

pub(super) fn damaged(path: &Path, problem: impl Into<String>) -> Error {
    Error::Damaged { path: path.display().to_string(), problem: problem.into() }
}

/// Whether the disk, or the owner's share of it, is used up.
fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

/// The error of the system inside one of fjall's.
fn system(error: &fjall::Error) -> Option<&io::Error> {
    match error {
        fjall::Error::Io(error) | fjall::Error::Storage(fjall::LsmError::Io(error)) => Some(error),
        _ => None,
    }
}

/// Why the database could not be opened.
pub(super) fn opening(path: &Path, error: &fjall::Error) -> Error {
    match (error, system(error)) {
        (_, Some(error)) => io("opening the database in", path, error, ""),
        (fjall::Error::Locked, _) => {
            Error::Locked { path: path.display().to_string(), holder: String::new() }
        }
        _ => damaged(path, format!("{error}; restore a backup of the directory")),
    }
}

/// Why a group could not be made durable.
pub(super) fn committing(path: &Path, error: &fjall::Error) -> Error {
    match (error, system(error)) {
        (_, Some(error)) if is_full(error) => full(path),
        (_, Some(error)) => Error::Poisoned(format!("writing in {}: {error}", path.display())),
        // A background flush failed before, and fjall does not say why.
        (fjall::Error::Poisoned, _) if free_bytes(path) < FULL_BELOW_BYTES => full(path),
        (error, _) => Error::Poisoned(format!("writing in {}: {error}", path.display())),
    }
}

fn free_bytes(path: &Path) -> u64 {
    // Where it cannot be asked, the disk is not called full.
    rustix::fs::statvfs(path).map_or(u64::MAX, |disk| disk.f_bavail.saturating_mul(disk.f_frsize))
}

/// Why something could not be read.
pub(super) fn reading(what: &str, error: &fjall::Error) -> Error {
    Error::Io { action: format!("reading {what}"), problem: error.to_string() }
}

/// What a panic said. fjall asserts some of its invariants, and its panics must not end our
/// threads.
pub(super) fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!("the storage engine panicked: {}", text.unwrap_or("(no message)"))
}
