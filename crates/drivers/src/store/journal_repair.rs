//! What is done about a journal before fjall opens it: nothing, a torn tail cut off, the whole
//! written anew, or a refusal to start.
//!
//! After an unclean stop the active journal is always written anew. A sync that failed may have
//! left pages that the page cache shows and the disk does not hold, and the kernel has forgotten
//! which; what was read is therefore made durable before anybody builds on it. Sealed journals were
//! synced before the next one was begun.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use planaria_core::port::store::Error;

use super::error;
use super::high_water;
use super::journal_check::{Rest, Scan, journals, scan};
use super::layout::{Layout, beside, replace, sync_names};
use super::limits::TORN_TAILS_MAX;

/// Looks through the journals and mends what may be mended. `clean` says that the last stop was
/// orderly, `mark` how far the journal must reach.
pub(super) fn repair(layout: &Layout, clean: bool, mark: Option<u64>) -> Result<(), Error> {
    let database = layout.database();
    let journals = journals(&database)?;
    let mut last = None;
    for (index, (_, path)) in journals.iter().enumerate() {
        let bytes = fs::read(path).map_err(|e| error::io("reading", path, &e, ""))?;
        let found = scan(&bytes, last);
        let active = index + 1 == journals.len();
        judge(path, &found, active && !clean)?;
        last = found.last;
        if !active {
            continue;
        }
        if let Rest::Torn { end } = found.rest {
            // Cutting first would destroy the evidence of what is missing.
            if let Some(mark) = mark.filter(|mark| last.is_some_and(|last| last < *mark)) {
                return Err(high_water::behind(layout, mark, last));
            }
            keep_tail(layout, path, &bytes[found.good_end..end], found.good_end)?;
        }
        if !clean {
            rewrite(path, &bytes[..found.good_end])
                .and_then(|()| sync_names(&database))
                .map_err(|e| error::io("writing anew", path, &e, ""))?;
        }
    }
    Ok(())
}

/// Refuses what cannot come from a torn, unacknowledged write.
fn judge(path: &Path, found: &Scan, may_be_torn: bool) -> Result<(), Error> {
    let at = found.good_end;
    let evidence = match &found.rest {
        Rest::Nothing => return Ok(()),
        Rest::Torn { .. } if may_be_torn => return Ok(()),
        Rest::Torn { .. } => "this journal was complete and synced",
        Rest::Damaged { evidence } => evidence,
    };
    let problem = format!(
        "the batch at byte {at} cannot be read, and {evidence}: acknowledged records are damaged; \
         restore a backup of the directory, or ask for help with a copy of it"
    );
    Err(error::damaged(path, problem))
}

/// Puts the cut-off bytes aside for a post-mortem.
fn keep_tail(layout: &Layout, journal: &Path, tail: &[u8], at: usize) -> Result<(), Error> {
    let backup = layout.root().join(format!("torn-{at}.bak"));
    tracing::warn!(
        journal = %journal.display(), at, bytes = tail.len(), backup = %backup.display(),
        "the journal ends in a group that was never acknowledged; it is cut off"
    );
    replace(&backup, tail).map_err(|e| error::io("writing", &backup, &e, ""))?;
    forget_old_tails(layout.root()).map_err(|e| error::io("clearing", layout.root(), &e, ""))
}

fn forget_old_tails(root: &Path) -> std::io::Result<()> {
    let mut tails = Vec::new();
    for entry in fs::read_dir(root)? {
        let entry = entry?;
        let name = entry.file_name();
        if name.to_str().is_some_and(|name| name.starts_with("torn-") && name.ends_with(".bak")) {
            tails.push((entry.metadata()?.modified()?, entry.path()));
        }
    }
    tails.sort_unstable();
    let surplus = tails.len().saturating_sub(TORN_TAILS_MAX);
    tails.iter().take(surplus).try_for_each(|(_, path): &(_, PathBuf)| fs::remove_file(path))
}

/// Writes `bytes` to new blocks and puts them in the journal's place. fjall appends to a journal of
/// any length.
fn rewrite(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let new = beside(path);
    let mut file = File::create(&new)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&new, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn directory(journals: &[&[u8]]) -> (tempfile::TempDir, Layout) {
        let temp = tempfile::tempdir().unwrap();
        let layout = Layout::new(temp.path());
        fs::create_dir(layout.database()).unwrap();
        for (number, bytes) in journals.iter().enumerate() {
            fs::write(layout.database().join(format!("{number}.jnl")), bytes).unwrap();
        }
        (temp, layout)
    }

    #[test]
    fn a_torn_tail_is_cut_and_kept_after_an_unclean_stop() {
        let (_temp, layout) = directory(&[b"\x01torn tail\0\0\0"]);
        repair(&layout, false, None).unwrap();
        assert_eq!(fs::read(layout.database().join("0.jnl")).unwrap(), b"");
        assert_eq!(fs::read(layout.root().join("torn-0.bak")).unwrap(), b"\x01torn tail");
    }

    #[test]
    fn a_torn_tail_after_an_orderly_stop_or_in_a_sealed_journal_is_damage() {
        let (_temp, layout) = directory(&[b"\x01torn tail"]);
        assert!(matches!(repair(&layout, true, None), Err(Error::Damaged { .. })));
        let (_temp, layout) = directory(&[b"\x01torn tail", b""]);
        let error = repair(&layout, false, None).unwrap_err();
        assert!(
            matches!(&error, Error::Damaged { path, .. } if path.ends_with("0.jnl")),
            "{error}"
        );
        assert_eq!(fs::read(layout.database().join("0.jnl")).unwrap(), b"\x01torn tail");
    }

    #[test]
    fn only_the_newest_torn_tails_are_kept() {
        let (_temp, layout) = directory(&[]);
        for at in 0..TORN_TAILS_MAX + 3 {
            keep_tail(&layout, Path::new("0.jnl"), b"tail", at).unwrap();
        }
        let tails = fs::read_dir(layout.root())
            .unwrap()
            .filter(|e| e.as_ref().unwrap().file_name().to_string_lossy().starts_with("torn-"));
        assert_eq!(tails.count(), TORN_TAILS_MAX);
    }
}
