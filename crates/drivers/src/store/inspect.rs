//! Looking at a store without opening it: nothing is changed, nothing is mended.

use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

use planaria_core::port::store::Error;
use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use super::error;
use super::format::{self, FORMAT};
use super::journal_check::{Rest, journals, scan};
use super::layout::Layout;

/// What a look at a store shows.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Inspection {
    /// Whether there is a store at all.
    pub exists: bool,
    /// The newest data format that this version reads and writes.
    pub format: u32,
    /// Who has it open: a process id where it says one. The journal is not looked at then.
    pub holder: Option<Option<u32>>,
    /// Whether the last stop was an orderly one.
    pub clean: bool,
    /// Bytes in its journals.
    pub journal_bytes: u64,
    /// Whether the journal ends in a group that was never acknowledged; the next opening cuts it.
    pub torn: bool,
    /// Tails of journals that earlier openings have cut off and kept.
    pub kept_tails: usize,
}

/// Looks at the store in `path`. Blocks: it reads the journals, up to some hundred mebibytes.
///
/// # Errors
/// What would keep the store from being opened: [`Error::NewerFormat`], [`Error::Damaged`], or
/// [`Error::Io`] where it cannot be read.
pub fn inspect(path: &Path) -> Result<Inspection, Error> {
    let layout = Layout::new(path);
    let mut found = Inspection {
        exists: format::check(&layout)?,
        format: FORMAT,
        holder: None,
        clean: false,
        journal_bytes: 0,
        torn: false,
        kept_tails: 0,
    };
    if !found.exists {
        return Ok(found);
    }
    found.kept_tails = kept_tails(path);
    found.holder = holder(&layout)?;
    if found.holder.is_some() {
        return Ok(found);
    }
    // The lock is not held meanwhile: nobody shall fail to start because we look.
    let looked = look(&layout, &mut found);
    let holder = holder(&layout)?;
    if holder.is_some() {
        return Ok(Inspection { holder, clean: false, journal_bytes: 0, torn: false, ..found });
    }
    looked.map(|()| found)
}

/// Looks through the journals of a store that nobody has open.
fn look(layout: &Layout, found: &mut Inspection) -> Result<(), Error> {
    found.clean = layout.clean().exists();
    let mut last = None;
    for (_, journal) in journals(&layout.database())? {
        let bytes = fs::read(&journal).map_err(|e| error::io("reading", &journal, &e, ""))?;
        let looked = scan(&bytes, last);
        last = looked.last;
        found.journal_bytes += looked.good_end as u64;
        match looked.rest {
            Rest::Nothing => {}
            Rest::Torn { .. } => found.torn = true,
            Rest::Damaged { evidence } => {
                let at = looked.good_end;
                let problem = format!("the batch at byte {at} cannot be read, and {evidence}");
                return Err(error::damaged(&journal, problem));
            }
        }
    }
    Ok(())
}

/// Who has the store open, as far as it says. The lock is tried and let go of at once.
fn holder(layout: &Layout) -> Result<Option<Option<u32>>, Error> {
    let path = layout.lock();
    let Ok(mut file) = File::open(&path) else { return Ok(None) };
    match flock(&file, FlockOperation::NonBlockingLockShared) {
        Ok(()) => Ok(None),
        Err(Errno::WOULDBLOCK) => {
            let mut text = String::new();
            let read = file.read_to_string(&mut text).ok();
            Ok(Some(read.and_then(|_| text.trim().parse().ok())))
        }
        Err(errno) => Err(error::io("locking", &path, &errno.into(), "")),
    }
}

fn kept_tails(root: &Path) -> usize {
    let entries = fs::read_dir(root).into_iter().flatten().flatten();
    let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    names.filter(|name| name.starts_with("torn-") && name.ends_with(".bak")).count()
}

#[cfg(test)]
mod tests {
    use planaria_core::port::store::Store;

    use super::super::{FjallStore, Options};
    use super::*;

    #[tokio::test]
    async fn a_look_says_who_has_a_store_open_and_how_it_was_left() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("journal");
        assert!(!inspect(&path).unwrap().exists);
        let store = FjallStore::open(&path, Options::default()).unwrap();
        assert_eq!(inspect(&path).unwrap().holder, Some(Some(std::process::id())));

        store.close().await;

        let closed = inspect(&path).unwrap();
        assert!(closed.exists && closed.clean && closed.holder.is_none() && !closed.torn);
        fs::remove_file(path.join("clean")).unwrap();
        assert!(!inspect(&path).unwrap().clean);
        fs::write(path.join("format"), "planaria-store 9000\n").unwrap();
        assert!(matches!(inspect(&path), Err(Error::NewerFormat { found: 9000, .. })));
    }

    #[tokio::test]
    async fn epochs_stay_above_one_that_another_store_has_used() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("journal");
        let above = (70 << 32) | 12;
        let options = Options { epoch_above: above, ..Options::default() };
        let first = FjallStore::open(&path, options).unwrap();
        assert!(first.next_epoch() > above);
        first.close().await;

        let second = FjallStore::open(&path, Options::default()).unwrap();

        assert!(second.next_epoch() > first.next_epoch());
        second.close().await;
    }

    #[tokio::test]
    async fn no_epoch_of_others_makes_ours_start_again() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("journal");
        let first = FjallStore::open(&path, Options::default()).unwrap();
        let before = first.next_epoch();
        first.close().await;
        let options = Options { epoch_above: u64::MAX, ..Options::default() };
        if let Ok(store) = FjallStore::open(&path, options) {
            let epoch = store.next_epoch();
            store.close().await;
            assert!(epoch > before, "{epoch} after {before}");
        }
    }
}
