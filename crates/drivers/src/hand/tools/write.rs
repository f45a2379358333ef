//! `write`: a file with this content.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use planaria_core::tool::Outcome;
use rustix::fs::OFlags;
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

/// Replaces a file's content in place, so that links and permissions stay. Never blocks.
pub(super) fn replace(path: &Path, named: &str, content: &str) -> Result<(), String> {
    let failed = |error: std::io::Error| match error
        .raw_os_error()
        .map(rustix::io::Errno::from_raw_os_error)
    {
        Some(rustix::io::Errno::NXIO) => format!("{named} is not a regular file"),
        _ => said(named, &error),
    };
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .custom_flags(OFlags::NONBLOCK.bits().cast_signed())
        .open(path)
        .map_err(failed)?;
    // Looked at before anything is cut off.
    regular(&file, named)?;
    file.set_len(0).and_then(|()| file.write_all(content.as_bytes())).map_err(failed)
}

#[cfg(test)]
mod tests {
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
}
