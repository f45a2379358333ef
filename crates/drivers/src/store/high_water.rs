//! The high-water mark: how far the journal is known to be durable, kept apart from it.
//!
//! fjall ends its replay without a word at a damaged place, and a journal cut at the boundary of
//! two batches looks complete. A mark beside it says how far it must reach. It trails by up to
//! [`HIGH_WATER_EVERY`], so it is a lower bound: fewer batches are damage, more are fine.

use std::time::{Duration, Instant};

use planaria_core::port::store::Error;
use xxhash_rust::xxh3::xxh3_64;

use super::error;
use super::layout::{Layout, read_if_there, replace};
use super::limits::HIGH_WATER_EVERY;

/// The mark as it was left by the last process; `None` before the first.
pub(super) fn read(layout: &Layout) -> Result<Option<u64>, Error> {
    let path = layout.high_water();
    let content = read_if_there(&path).map_err(|e| error::io("reading", &path, &e, ""))?;
    let Some(content) = content else { return Ok(None) };
    parse(&content).map(Some).ok_or_else(|| {
        error::damaged(&path, "its checksum does not fit; remove it to start without this check")
    })
}

/// Why a journal that ends at `found` cannot be all.
pub(super) fn behind(layout: &Layout, mark: u64, found: Option<u64>) -> Error {
    let end = found.map_or("is empty".to_owned(), |found| format!("ends at batch {found}"));
    let problem = format!(
        "batch {mark} was acknowledged, and the journal {end}: records are missing; restore a \
         backup of the directory, or remove `hwm` to go on without them"
    );
    error::damaged(layout.root(), problem)
}

fn parse(content: &[u8]) -> Option<u64> {
    let (number, checksum) = std::str::from_utf8(content).ok()?.trim_end().split_once(' ')?;
    let number: u64 = number.parse().ok()?;
    (content == line(number).as_bytes() && !checksum.is_empty()).then_some(number)
}

fn line(number: u64) -> String {
    format!("{number} {:016x}\n", xxh3_64(&number.to_le_bytes()))
}

/// The mark of the running store, written by the commit thread alone.
#[derive(Debug)]
pub(super) struct HighWater {
    layout: Layout,
    written: Option<u64>,
    at: Option<Instant>,
    owed: bool,
}

impl HighWater {
    pub fn new(layout: Layout, written: Option<u64>) -> Self {
        Self { layout, written, at: None, owed: false }
    }

    /// A group was made durable.
    pub fn committed(&mut self) {
        self.owed = true;
    }

    /// How long until the mark is due; `None` while it is up to date.
    pub fn due_in(&self) -> Option<Duration> {
        let since = self.at.map_or(HIGH_WATER_EVERY, |at| at.elapsed());
        self.owed.then(|| HIGH_WATER_EVERY.saturating_sub(since))
    }

    /// Writes the mark. Failing to leaves a lower one, which is true as well: the next group meets
    /// the same disk and says what is wrong with it.
    #[allow(clippy::disallowed_methods, reason = "the commit thread is the outside")]
    pub fn write(&mut self, durable: Option<u64>) {
        self.at = Some(Instant::now());
        self.owed = false;
        let Some(number) = durable.filter(|number| self.written != Some(*number)) else { return };
        match replace(&self.layout.high_water(), line(number).as_bytes()) {
            Ok(()) => self.written = Some(number),
            Err(error) => {
                self.owed = true;
                tracing::warn!(%error, "the high-water mark was not written");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_reads_back_and_any_flipped_bit_of_it_is_noticed() {
        let good = line(81_234).into_bytes();
        assert_eq!(parse(&good), Some(81_234));
        for at in 0..good.len() {
            for bit in 0..8 {
                let mut bad = good.clone();
                bad[at] ^= 1 << bit;
                assert_eq!(parse(&bad), None, "byte {at} bit {bit}");
            }
        }
    }
}
