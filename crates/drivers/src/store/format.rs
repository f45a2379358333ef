//! The version of everything in the directory.
//!
//! It is read before anything is touched, and written last when a store is made: a directory with a
//! database and no `format` is one whose making was interrupted.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use planaria_core::port::store::Error;

use super::error;
use super::layout::{Layout, read_if_there, replace, sync_names};

/// The format that this version writes, and the newest that it reads.
pub(super) const FORMAT: u32 = 1;
const WORD: &str = "planaria-store ";

/// Whether there is a store; an error if it is not one that this version may open.
pub(super) fn check(layout: &Layout) -> Result<bool, Error> {
    let path = layout.format();
    let content = read_if_there(&path).map_err(|e| error::io("reading", &path, &e, ""))?;
    let Some(content) = content else { return Ok(false) };
    let text = String::from_utf8_lossy(&content);
    let found = text.strip_prefix(WORD).and_then(|rest| rest.trim().parse::<u32>().ok());
    match found {
        Some(found) if found > FORMAT => {
            let path = layout.root().display().to_string();
            Err(Error::NewerFormat { path, found, known: FORMAT })
        }
        Some(_) => Ok(true),
        None => {
            let problem = format!("it should say `{WORD}{FORMAT}`; restore it from a backup");
            Err(error::damaged(&path, problem))
        }
    }
}

/// Marks the store as complete.
pub(super) fn write(layout: &Layout) -> Result<(), Error> {
    let path = layout.format();
    replace(&path, format!("{WORD}{FORMAT}\n").as_bytes())
        .and_then(|()| sync_names(layout.root()))
        .map_err(|e| error::io("writing", &path, &e, ""))
}

/// Removes what an interrupted making left, after looking that no record is in it.
pub(super) fn clear_unfinished(layout: &Layout) -> Result<(), Error> {
    let database = layout.database();
    let failed = |e: &std::io::Error| error::io("clearing", &database, e, "");
    if !database.try_exists().map_err(|e| failed(&e))? {
        return Ok(());
    }
    if layout.high_water().exists() || holds_data(&database).map_err(|e| failed(&e))? {
        let problem = "the database holds data, but `format` is missing; restore it from a backup";
        return Err(error::damaged(layout.root(), problem));
    }
    fs::remove_dir_all(&database).map_err(|e| failed(&e))
}

/// Whether there is a byte in a journal or a table of a keyspace. fjall's own keyspace has number
/// 0, and tables from the start.
fn holds_data(database: &Path) -> io::Result<bool> {
    for path in files(database)? {
        let journal = path.extension().is_some_and(|extension| extension == "jnl");
        if journal && fs::read(&path)?.iter().any(|byte| *byte != 0) {
            return Ok(true);
        }
    }
    for keyspace in files(&database.join("keyspaces"))? {
        let ours = keyspace.file_name().is_some_and(|name| name != "0");
        for tables in ["tables", "blobs"] {
            if ours && !files(&keyspace.join(tables))?.is_empty() {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

fn files(directory: &Path) -> io::Result<Vec<PathBuf>> {
    match fs::read_dir(directory) {
        Ok(entries) => entries.map(|entry| Ok(entry?.path())).collect(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}
