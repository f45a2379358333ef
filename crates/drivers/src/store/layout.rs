//! What lies where in the directory, and how a small file is replaced so that a power cut leaves
//! the old one or the new one.
//!
//! ```text
//! format   version of the data format; there once the database is complete
//! lock     held by the process that has the store open, with its pid
//! clean    there after an orderly end, gone while the store is open
//! hwm      number of the last journal batch known to be durable
//! db/      the fjall database
//! torn-*   ends of journals that a power cut tore, cut off before opening
//! ```

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use planaria_core::port::store::Error;

use super::error;

/// The store's directory.
#[derive(Debug, Clone)]
pub(super) struct Layout {
    root: PathBuf,
}

impl Layout {
    pub fn new(root: &Path) -> Self {
        Self { root: root.to_owned() }
    }

    pub fn root(&self) -> &Path {
        &self.root
    }

    pub fn format(&self) -> PathBuf {
        self.root.join("format")
    }

    pub fn lock(&self) -> PathBuf {
        self.root.join("lock")
    }

    pub fn clean(&self) -> PathBuf {
        self.root.join("clean")
    }

    pub fn high_water(&self) -> PathBuf {
        self.root.join("hwm")
    }

    pub fn database(&self) -> PathBuf {
        self.root.join("db")
    }

    /// Makes the directory and its parents, durably.
    pub fn create(&self) -> Result<(), Error> {
        const REMEDY: &str = "; make it writable or choose another --data-dir";
        let new: Vec<&Path> = self.root.ancestors().take_while(|path| !path.exists()).collect();
        // What agents say and do is for their user alone.
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.root)
            .and_then(|()| new.iter().filter_map(|path| path.parent()).try_for_each(sync_names))
            .map_err(|e| error::io("making the data directory", &self.root, &e, REMEDY))
    }
}

/// Replaces a file: the content is synced before the name points to it.
pub(super) fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let new = beside(path);
    let mut file = File::create(&new)?;
    file.write_all(content)?;
    file.sync_data()?;
    fs::rename(&new, path)
}

/// The temporary name that [`replace`] and the journal's repair write to. Its extension is not
/// fjall's, so a leftover of a crash is passed over and overwritten the next time.
pub(super) fn beside(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    path.with_file_name(name)
}

/// Makes the names in a directory durable.
pub(super) fn sync_names(directory: &Path) -> io::Result<()> {
    // The parent of a relative path of one word is written as nothing.
    let directory = if directory.as_os_str().is_empty() { Path::new(".") } else { directory };
    File::open(directory)?.sync_all()
}

/// Removes a file that may not be there.
pub(super) fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// A file's content; `None` if there is no such file, or no directory that it could be in.
pub(super) fn read_if_there(path: &Path) -> io::Result<Option<Vec<u8>>> {
    use io::ErrorKind::{NotADirectory, NotFound};
    match fs::read(path) {
        Ok(content) => Ok(Some(content)),
        Err(error) if matches!(error.kind(), NotFound | NotADirectory) => Ok(None),
        Err(error) => Err(error),
    }
}
