//! The journal of calls on disk: records appended and synced one by one.
//!
//! ```text
//! PLNCALL1   then records of   length u32 | xxh3 of length and body u64 | body (JSON)
//! ```
//!
//! Guarantees: what `append` returned from is there after any crash; a record that a power cut tore
//! is cut off. Damage in front of a valid record is refused, because it could hide a call that ran.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufReader, Read, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use planaria_core::EventId;
use planaria_core::tool::Outcome;
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::Xxh3;

use super::error::Error;
use super::limits::JOURNAL_RECORD_MAX;

const MAGIC: &[u8; 8] = b"PLNCALL1";
const FRAME_LEN: usize = 4 + 8;

/// One fact.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) enum Entry {
    /// A hand of this generation took over, or a server of this epoch took over the hand.
    Owner { generation: u64, epoch: u64 },
    /// The call is about to start.
    Intent(EventId),
    /// It ended.
    Ended(EventId, Outcome),
    /// It never started and never will.
    Sealed(EventId),
    /// It may have run, and how it ended is not known any more. It will not start again.
    Lost(EventId),
    /// Their outcomes were answered to a server.
    Answered(Vec<EventId>),
}

/// Where a record's body is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    pub at: u64,
    pub len: u32,
}

/// The open file.
#[derive(Debug)]
pub(super) struct Journal {
    file: File,
    path: PathBuf,
    end: u64,
}

impl Journal {
    /// Opens or makes the journal and hands every entry to `seen`, in order. Cuts a torn end off.
    pub fn open(path: &Path, mut seen: impl FnMut(Entry, Span)) -> Result<Self, Error> {
        let failed = |doing, error: io::Error| Error::io(doing, path, error);
        let options = || OpenOptions::new().read(true).write(true).open(path);
        let file = match options() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                replace(path, &[]).and_then(|()| options())
            }
            other => other,
        };
        let file = file.map_err(|error| failed("opening the journal of calls", error))?;
        let size = file.metadata().map_err(|error| failed("measuring", error))?.len();
        let mut reader = BufReader::new(&file);
        let mut magic = [0; MAGIC.len()];
        if reader.read_exact(&mut magic).is_err() || magic != *MAGIC {
            return Err(Error::Damaged { path: path.to_owned(), offset: 0 });
        }
        let mut end = MAGIC.len() as u64;
        while end < size {
            match read_record(&mut reader) {
                Ok(Some((entry, len))) => {
                    seen(entry, Span { at: end + FRAME_LEN as u64, len });
                    end += FRAME_LEN as u64 + u64::from(len);
                }
                Ok(None) => break,
                Err(error) => return Err(failed("reading the journal of calls", error)),
            }
        }
        let journal = Self { file, path: path.to_owned(), end };
        if end < size {
            journal.cut(size)?;
        }
        Ok(journal)
    }

    /// Cuts off what lies behind the last valid record, if it can be a torn append.
    fn cut(&self, size: u64) -> Result<(), Error> {
        let damaged = || Error::Damaged { path: self.path.clone(), offset: self.end };
        // Each append is synced before the next begins, so that only one can be torn.
        if size - self.end > (FRAME_LEN + JOURNAL_RECORD_MAX) as u64 {
            return Err(damaged());
        }
        let mut tail = vec![0; usize::try_from(size - self.end).expect("bounded above")];
        let cut = self.file.read_exact_at(&mut tail, self.end);
        cut.map_err(|error| Error::io("reading", &self.path, error))?;
        if (1..tail.len()).any(|from| valid(&tail[from..]).is_some()) {
            return Err(damaged());
        }
        let cut = self.file.set_len(self.end).and_then(|()| self.file.sync_data());
        cut.map_err(|error| Error::io("cutting the torn end off", &self.path, error))
    }

    /// Appends and syncs. After an error the journal must not be used: the kernel forgets pages
    /// that it could not write.
    pub fn append(&mut self, entry: &Entry) -> Result<Span, Error> {
        let record = encode(entry);
        let written =
            self.file.write_all_at(&record, self.end).and_then(|()| self.file.sync_data());
        written.map_err(|error| Error::io("appending to", &self.path, error))?;
        let len = u32::try_from(record.len() - FRAME_LEN).expect("a record is bounded");
        let span = Span { at: self.end + FRAME_LEN as u64, len };
        self.end += record.len() as u64;
        Ok(span)
    }

    /// Reads a body again.
    pub fn read(&self, span: Span) -> Result<Entry, Error> {
        let mut body = vec![0; span.len as usize];
        let read = self.file.read_exact_at(&mut body, span.at);
        read.and_then(|()| serde_json::from_slice(&body).map_err(io::Error::from))
            .map_err(|error| Error::io("reading an outcome from", &self.path, error))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Bytes of the file.
    pub fn bytes(&self) -> u64 {
        self.end
    }

    /// Replaces the file, durably, all or nothing. The journal must then be opened again.
    pub fn rewrite(&self, entries: &[Entry]) -> Result<(), Error> {
        replace(&self.path, entries).map_err(|error| Error::io("rewriting", &self.path, error))
    }
}

/// Writes a whole journal beside its place and renames it.
fn replace(path: &Path, entries: &[Entry]) -> io::Result<()> {
    let new = path.with_extension("new");
    let mut file = io::BufWriter::new(File::create(&new)?);
    file.write_all(MAGIC)?;
    for entry in entries {
        file.write_all(&encode(entry))?;
    }
    file.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
    fs::rename(&new, path)?;
    File::open(path.parent().unwrap_or(Path::new(".")))?.sync_all()
}

fn encode(entry: &Entry) -> Vec<u8> {
    let mut record = vec![0; FRAME_LEN];
    serde_json::to_writer(&mut record, entry).expect("an entry is plain data");
    let len = record.len() - FRAME_LEN;
    assert!(len <= JOURNAL_RECORD_MAX, "an entry of {len} bytes for the journal of calls");
    let len = u32::try_from(len).expect("bounded above").to_le_bytes();
    let sum = checksum(len, &record[FRAME_LEN..]);
    record[..4].copy_from_slice(&len);
    record[4..FRAME_LEN].copy_from_slice(&sum.to_le_bytes());
    record
}

/// The record at the beginning of `bytes`: its body, if it is whole and unharmed.
fn valid(bytes: &[u8]) -> Option<&[u8]> {
    let (head, rest) = bytes.split_at_checked(FRAME_LEN)?;
    let (len, sum) = split(head);
    let body = rest.get(..u32::from_le_bytes(len) as usize)?;
    (body.len() <= JOURNAL_RECORD_MAX && checksum(len, body) == sum).then_some(body)
}

/// The next record, or `None` where there is no valid one.
fn read_record(reader: &mut impl Read) -> io::Result<Option<(Entry, u32)>> {
    let mut record = vec![0; FRAME_LEN];
    if !read_whole(reader, &mut record)? {
        return Ok(None);
    }
    let len = u32::from_le_bytes(split(&record).0);
    if len as usize > JOURNAL_RECORD_MAX {
        return Ok(None);
    }
    record.resize(FRAME_LEN + len as usize, 0);
    if !read_whole(reader, &mut record[FRAME_LEN..])? {
        return Ok(None);
    }
    match valid(&record) {
        Some(body) => Ok(Some((serde_json::from_slice(body)?, len))),
        None => Ok(None),
    }
}

fn read_whole(reader: &mut impl Read, buffer: &mut [u8]) -> io::Result<bool> {
    match reader.read_exact(buffer) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}

fn split(head: &[u8]) -> ([u8; 4], u64) {
    let len = head[..4].try_into().expect("4 bytes");
    (len, u64::from_le_bytes(head[4..FRAME_LEN].try_into().expect("8 bytes")))
}

fn checksum(len: [u8; 4], body: &[u8]) -> u64 {
    let mut hash = Xxh3::new();
    hash.update(&len);
    hash.update(body);
    hash.digest()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries() -> Vec<Entry> {
        vec![
            Entry::Owner { generation: 1, epoch: 4 },
            Entry::Intent(EventId(1)),
            Entry::Ended(EventId(1), Outcome::text("done")),
            Entry::Sealed(EventId(2)),
        ]
    }

    fn written(path: &Path) -> Vec<u8> {
        let mut journal = Journal::open(path, |_, _| panic!("it is new")).unwrap();
        for entry in entries() {
            let span = journal.append(&entry).unwrap();
            assert_eq!(journal.read(span).unwrap(), entry);
        }
        fs::read(path).unwrap()
    }

    fn opened(path: &Path) -> Result<Vec<Entry>, Error> {
        let mut seen = Vec::new();
        Journal::open(path, |entry, _| seen.push(entry)).map(|_| seen)
    }

    #[test]
    fn an_end_torn_at_any_byte_is_cut_off_and_appending_goes_on() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("calls");
        let bytes = written(&path);
        let last = bytes.len() - encode(&entries()[3]).len();
        for end in last..bytes.len() {
            fs::write(&path, &bytes[..end]).unwrap();
            assert_eq!(opened(&path).unwrap(), entries()[..3], "torn at {end}");
            let mut journal = Journal::open(&path, |_, _| ()).unwrap();
            journal.append(&Entry::Lost(EventId(9))).unwrap();
            assert_eq!(opened(&path).unwrap()[3], Entry::Lost(EventId(9)));
        }
        let mut garbage = bytes.clone();
        garbage.extend([0x5a; 700]);
        fs::write(&path, garbage).unwrap();
        assert_eq!(opened(&path).unwrap(), entries());
        assert_eq!(fs::read(&path).unwrap(), bytes);
    }

    #[test]
    fn damage_at_any_byte_in_front_of_a_valid_record_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("calls");
        let bytes = written(&path);
        let last = bytes.len() - encode(&entries()[3]).len();
        for at in 0..last {
            let mut damaged = bytes.clone();
            damaged[at] ^= 1;
            fs::write(&path, &damaged).unwrap();
            assert!(matches!(opened(&path), Err(Error::Damaged { .. })), "byte {at}");
            assert_eq!(fs::read(&path).unwrap(), damaged, "it is left as it is");
        }
    }

    #[test]
    fn a_rewritten_journal_holds_what_it_was_given() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("calls");
        written(&path);
        let journal = Journal::open(&path, |_, _| ()).unwrap();
        journal.rewrite(&entries()[..1]).unwrap();
        let mut journal = Journal::open(&path, |_, _| ()).unwrap();
        journal.append(&entries()[3]).unwrap();
        assert_eq!(opened(&path).unwrap(), [entries()[0].clone(), entries()[3].clone()]);
    }
}
