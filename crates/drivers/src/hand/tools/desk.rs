//! What file tools share: where paths start, when to stop, and how files are opened.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use crate::hand::limits::TEXT_BYTES_MAX;

/// Where a file tool works.
#[derive(Debug, Clone)]
pub(super) struct Desk {
    pub workspace: PathBuf,
    pub halt: CancellationToken,
}

impl Desk {
    /// The path that a call names. This driver does not confine it.
    pub fn path(&self, named: &str) -> Result<PathBuf, String> {
        if named.is_empty() || named.contains('\0') {
            return Err(format!("{named:?} is not a path"));
        }
        Ok(self.workspace.join(named))
    }

    /// Whether the call is to go on.
    pub fn check(&self) -> Result<(), String> {
        if self.halt.is_cancelled() {
            return Err("The call was interrupted or ran out of time before it ended.".to_owned());
        }
        Ok(())
    }

    /// The path as it is shown: relative where it is inside the workspace.
    pub fn shown<'a>(&self, path: &'a Path) -> std::borrow::Cow<'a, str> {
        path.strip_prefix(&self.workspace).unwrap_or(path).to_string_lossy()
    }
}

/// The input of a tool.
pub(super) fn input<T: DeserializeOwned>(input: Value) -> Result<T, String> {
    serde_json::from_value(input).map_err(|error| format!("the input is not valid: {error}"))
}

/// Opens a regular file. Never blocks: a pipe or a device is refused.
pub(super) fn open(path: &Path, named: &str) -> Result<File, String> {
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(OFlags::NONBLOCK.bits().cast_signed())
        .open(path)
        .map_err(|error| said(named, &error))?;
    regular(&file, named)?;
    Ok(file)
}

/// Refuses what is not a regular file.
pub(super) fn regular(file: &File, named: &str) -> Result<(), String> {
    let found = file.metadata().map_err(|error| said(named, &error))?;
    if found.is_dir() {
        return Err(format!("{named} is a directory"));
    }
    if !found.is_file() {
        return Err(format!("{named} is not a regular file"));
    }
    Ok(())
}

/// Reads a text file as a whole.
pub(super) fn text(path: &Path, named: &str, hint: &str) -> Result<String, String> {
    let mut bytes = Vec::new();
    let file = open(path, named)?;
    let limit = TEXT_BYTES_MAX as u64 + 1;
    file.take(limit).read_to_end(&mut bytes).map_err(|error| said(named, &error))?;
    if bytes.len() > TEXT_BYTES_MAX {
        return Err(format!("{named} is larger than {} KiB{hint}", TEXT_BYTES_MAX >> 10));
    }
    decoded(bytes, named)
}

/// Text, or the reason why it is none.
pub(super) fn decoded(bytes: Vec<u8>, named: &str) -> Result<String, String> {
    let binary = || format!("{named} is a binary file");
    if bytes.contains(&0) {
        return Err(binary());
    }
    String::from_utf8(bytes).map_err(|_| binary())
}

/// What the system said about a path.
pub(super) fn said(named: &str, error: &std::io::Error) -> String {
    match error.kind() {
        ErrorKind::NotFound => format!("{named} does not exist"),
        ErrorKind::PermissionDenied => format!("{named}: permission denied"),
        _ => format!("{named}: {error}"),
    }
}
