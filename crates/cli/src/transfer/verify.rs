//! Reading a session's file, believing nothing.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use anyhow::{Context, bail, ensure};
use planaria_core::Record;
use planaria_core::record::payload::Genesis;
use planaria_core::record::{Kind, codec};
use planaria_core::session::{SessionState, fold};

use super::form::{Checksum, Header, decode};
use crate::limits::{FRAME_BYTES_MAX, IMPORT_BYTES_MAX, IMPORT_RECORDS_MAX, OPENINGS_MAX};

/// The last moment of the calendar (year 9999), in microseconds.
const AT_US_MAX: u64 = 253_402_300_799_999_999;

/// A file whose every line was checked.
#[derive(Debug)]
pub struct Checked {
    /// Its first line.
    pub header: Header,
    /// Its records, numbered from 1 without gaps.
    pub records: Vec<Record>,
    /// What they add up to.
    pub state: SessionState,
}

/// Reads and checks a whole file.
///
/// # Errors
/// The first thing that is wrong, with its line.
pub fn read(path: &Path) -> anyhow::Result<Checked> {
    let shown = path.display();
    let file = File::open(path).with_context(|| format!("{shown} cannot be read"))?;
    let about = file.metadata().with_context(|| format!("{shown} cannot be read"))?;
    ensure!(about.is_file(), "{shown} is not a file; write what comes from a pipe to one first");
    ensure!(
        about.len() <= IMPORT_BYTES_MAX,
        "{shown} has {} bytes, at most {IMPORT_BYTES_MAX} are imported",
        about.len()
    );
    let mut lines = Lines::of(BufReader::new(file));
    check(&mut lines).with_context(|| format!("{shown}:{}", lines.number))
}

/// The lines of a file, of bounded length.
pub(super) struct Lines<R> {
    read: R,
    number: u64,
}

impl<R: BufRead> Lines<R> {
    pub(super) fn of(read: R) -> Self {
        Self { read, number: 0 }
    }

    fn next(&mut self) -> anyhow::Result<Option<String>> {
        let mut line = Vec::new();
        self.number += 1;
        (&mut self.read).take(FRAME_BYTES_MAX as u64).read_until(b'\n', &mut line)?;
        if line.is_empty() {
            return Ok(None);
        }
        ensure!(line.last() == Some(&b'\n'), "the line is cut off, or longer than a record can be");
        line.pop();
        String::from_utf8(line).context("the line is not text").map(Some)
    }
}

/// Checks all lines.
///
/// # Errors
/// The first thing that is wrong.
pub(super) fn check<R: BufRead>(lines: &mut Lines<R>) -> anyhow::Result<Checked> {
    let header = Header::parse(&lines.next()?.context("the file is empty")?)?;
    ensure!(
        header.records <= IMPORT_RECORDS_MAX,
        "{} records, at most {IMPORT_RECORDS_MAX} are imported",
        header.records
    );
    let (mut records, mut state) = (Vec::new(), SessionState::default());
    let mut checksum = Checksum::default();
    while let Some(line) = lines.next()? {
        checksum.add(&line);
        let record = decode(&line)?;
        follows(&header, &state, &record)?;
        codec::encode(header.session, &record)?;
        fold(&mut state, [&record])?;
        records.push(record);
    }
    ensure!(
        records.len() as u64 == header.records,
        "{} records follow the header, which speaks of {}: the file is cut off or put together",
        records.len(),
        header.records
    );
    ensure!(header.records > 0, "a session has at least its first record");
    ensure!(
        checksum.word() == header.checksum,
        "the checksum of the lines is {}, the header says {}: the file is damaged or was changed",
        checksum.word(),
        header.checksum
    );
    Ok(Checked { header, records, state })
}

/// Whether a record may stand behind what was read before.
fn follows(header: &Header, before: &SessionState, record: &Record) -> anyhow::Result<()> {
    let expected = before.seq + 1;
    ensure!(record.seq == expected, "record {} stands where {expected} must", record.seq);
    ensure!(expected <= header.records, "more records than the header speaks of");
    ensure!(record.at_us >= before.at_us, "record {expected} is older than the one before");
    ensure!(record.at_us <= AT_US_MAX, "record {expected} lies beyond the calendar");
    ensure!(
        record.epoch >= before.epoch,
        "record {expected} has an older writer than its neighbour"
    );
    ensure!(record.epoch >> 32 < OPENINGS_MAX, "record {expected} has a writer that nobody had");
    match (record.kind, expected) {
        (Kind::Genesis, 1) => {
            let Genesis { session, .. } = record.parse()?;
            ensure!(
                session == header.session,
                "the header says {}, the log is that of {session}",
                header.session
            );
        }
        (Kind::Genesis, _) | (_, 1) => bail!("a log begins with its genesis record, and once"),
        _ => {}
    }
    Ok(())
}
