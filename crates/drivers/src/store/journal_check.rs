//! Whether fjall's journals are whole, looked at before fjall opens them.
//!
//! fjall 3.1.13 refuses to start over a torn sector that nobody was told is durable, and passes in
//! silence over everything behind a damaged header. Both look alike to it; they can be told apart
//! because every group is synced before the next is written:
//! * nothing valid follows the damage: the torn tail of a group that was never acknowledged;
//! * a valid batch follows it, or a later journal does: acknowledged records are damaged.
//!
//! A journal is a row of batches, then zeros (it is allocated ahead) or the end of the file:
//! ```text
//! start  1, item count u32, batch number u64          numbers rise; not under the checksum
//! item   2, value type u8, compression u8, keyspace u64, key length u16, value length u32,
//!        length on disk u32, key, value
//! clear  4, keyspace u64
//! end    3, xxh3-64 of the items u64, "FJL\x03"
//! ```
//! All integers are little endian. The format is private to fjall: the version is pinned, and tests
//! check real journals.

use std::fs;
use std::path::{Path, PathBuf};

use planaria_core::port::store::Error;
use xxhash_rust::xxh3::Xxh3;

use super::error;
use super::limits::BATCH_ITEMS_MAX;

const START: u8 = 1;
const ITEM: u8 = 2;
const END: u8 = 3;
const CLEAR: u8 = 4;
const START_BYTES: usize = 13;
const ITEM_HEAD_BYTES: usize = 21;
const CLEAR_BYTES: usize = 9;
const TRAILER: &[u8; 4] = b"FJL\x03";
/// Zeros are looked for by comparing whole pages: most of a fresh journal is a hole.
const PAGE: usize = 4_096;

/// What is in one journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Scan {
    /// Where the last good batch ends.
    pub good_end: usize,
    /// The number of the last good batch, here or in the journals before.
    pub last: Option<u64>,
    /// What stands behind it.
    pub rest: Rest,
}

/// What stands behind the last good batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Rest {
    /// Zeros, or nothing.
    Nothing,
    /// A batch that was not written to its end; the last byte that is not zero stands before `end`.
    Torn { end: usize },
    /// Damage that a good batch follows, or whose batch is whole but misnumbered.
    Damaged { evidence: String },
}

/// Looks through a journal whose predecessors ended with batch `last`.
pub(super) fn scan(bytes: &[u8], mut last: Option<u64>) -> Scan {
    let mut at = 0;
    let mut rest = None;
    while let Some((end, number)) = batch(bytes, at) {
        if last.is_some_and(|last| number <= last) {
            let before = last.unwrap_or_default();
            let evidence = format!("the whole batch there is number {number}, after {before}");
            rest = Some(Rest::Damaged { evidence });
            break;
        }
        (at, last) = (end, Some(number));
    }
    let rest = rest.unwrap_or_else(|| behind(bytes, at, last));
    Scan { good_end: at, last, rest }
}

fn behind(bytes: &[u8], good_end: usize, last: Option<u64>) -> Rest {
    let end = content_end(bytes, good_end);
    if end == good_end {
        return Rest::Nothing;
    }
    let later = (good_end + 1..end).find_map(|at| {
        let follows = |number: &u64| last.is_none_or(|last| *number > last);
        let found = (bytes[at] == START).then(|| batch(bytes, at)).flatten();
        found.map(|(_, number)| number).filter(follows).map(|number| (at, number))
    });
    match later {
        None => Rest::Torn { end },
        Some((at, number)) => {
            Rest::Damaged { evidence: format!("the good batch {number} follows at byte {at}") }
        }
    }
}

/// One past the last byte from `from` on that is not zero.
fn content_end(bytes: &[u8], from: usize) -> usize {
    let zeros = [0; PAGE];
    let mut end = bytes.len();
    while end >= from + PAGE && bytes[end - PAGE..end] == zeros {
        end -= PAGE;
    }
    while end > from && bytes[end - 1] == 0 {
        end -= 1;
    }
    end
}

/// The complete batch at `start` with a fitting checksum: where it ends, and its number.
fn batch(bytes: &[u8], start: usize) -> Option<(usize, u64)> {
    if *bytes.get(start)? != START {
        return None;
    }
    let items = u32_at(bytes, start + 1)?;
    let number = u64_at(bytes, start + 5)?;
    if items == 0 || items > BATCH_ITEMS_MAX {
        return None;
    }
    let mut at = start + START_BYTES;
    let mut checksum = Xxh3::new();
    for _ in 0..items {
        let end = item_end(bytes, at)?;
        checksum.update(bytes.get(at..end)?);
        at = end;
    }
    let sum = u64_at(bytes, at + 1)?;
    let whole = bytes[at] == END && bytes.get(at + 9..at + 13)? == TRAILER;
    (whole && sum == checksum.digest()).then_some((at + 13, number))
}

fn item_end(bytes: &[u8], at: usize) -> Option<usize> {
    match *bytes.get(at)? {
        ITEM => {
            let key = u16::from_le_bytes(bytes.get(at + 11..at + 13)?.try_into().ok()?);
            let value = u32_at(bytes, at + 17)?;
            Some(at + ITEM_HEAD_BYTES + usize::from(key) + value as usize)
        }
        CLEAR => Some(at + CLEAR_BYTES),
        _ => None,
    }
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(bytes.get(at..at + 8)?.try_into().ok()?))
}

/// The journals of a database, oldest first. The last one is active, the others are sealed.
pub(super) fn journals(database: &Path) -> Result<Vec<(u64, PathBuf)>, Error> {
    let failed = |e: &std::io::Error| error::io("looking into", database, e, "");
    let mut found = Vec::new();
    for entry in fs::read_dir(database).map_err(|e| failed(&e))? {
        let path = entry.map_err(|e| failed(&e))?.path();
        if path.extension().is_none_or(|extension| extension != "jnl") {
            continue;
        }
        let number = path.file_stem().and_then(|stem| stem.to_str()?.parse().ok());
        let number = number.ok_or_else(|| {
            error::damaged(&path, "this is not a name of a journal; move the file elsewhere")
        })?;
        found.push((number, path));
    }
    found.sort_unstable();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A batch as fjall writes it, of `values` under one-byte keys.
    fn encode(number: u64, values: &[&[u8]]) -> Vec<u8> {
        let mut items = Vec::new();
        for (key, value) in (0u8..).zip(values) {
            let length = u32::try_from(value.len()).unwrap().to_le_bytes();
            items.extend([ITEM, 0, 0]);
            items.extend(1u64.to_le_bytes());
            items.extend(1u16.to_le_bytes());
            items.extend(length);
            items.extend(length);
            items.push(key);
            items.extend(*value);
        }
        let mut checksum = Xxh3::new();
        checksum.update(&items);
        let mut bytes = vec![START];
        bytes.extend(u32::try_from(values.len()).unwrap().to_le_bytes());
        bytes.extend(number.to_le_bytes());
        bytes.extend(items);
        bytes.push(END);
        bytes.extend(checksum.digest().to_le_bytes());
        bytes.extend(TRAILER);
        bytes
    }

    fn three() -> (Vec<u8>, Vec<usize>) {
        let batches =
            [encode(5, &[b"one", b"two"]), encode(6, &[&[7; 600]]), encode(9, &[b"x", b"", b"z"])];
        let ends = batches.iter().scan(0, |end, batch| {
            *end += batch.len();
            Some(*end)
        });
        let ends = ends.collect();
        (batches.concat(), ends)
    }

    #[test]
    fn whole_batches_before_a_hole_are_clean() {
        let (mut bytes, ends) = three();
        bytes.resize(bytes.len() + 3 * PAGE + 17, 0);
        assert_eq!(
            scan(&bytes, Some(4)),
            Scan { good_end: ends[2], last: Some(9), rest: Rest::Nothing }
        );
        assert_eq!(scan(&[0; 9_000], None), Scan { good_end: 0, last: None, rest: Rest::Nothing });
        assert_eq!(scan(&[], Some(3)), Scan { good_end: 0, last: Some(3), rest: Rest::Nothing });
    }

    #[test]
    fn any_cut_of_the_last_batch_is_a_torn_tail() {
        let (bytes, ends) = three();
        for cut in ends[1] + 1..ends[2] {
            let scan = scan(&bytes[..cut], None);
            assert_eq!((scan.good_end, scan.last), (ends[1], Some(6)), "cut at {cut}");
            assert!(matches!(scan.rest, Rest::Torn { .. }), "cut at {cut}: {:?}", scan.rest);
        }
    }

    #[test]
    fn any_flipped_bit_before_the_last_batch_is_damage() {
        let (bytes, ends) = three();
        for at in 0..ends[1] {
            for bit in 0..8 {
                let mut bad = bytes.clone();
                bad[at] ^= 1 << bit;
                let scan = scan(&bad, None);
                // The number is not under the checksum. One that still rises does no harm.
                let number = (5..13).contains(&at) || (ends[0] + 5..ends[0] + 13).contains(&at);
                let harmless = number && scan.rest == Rest::Nothing && scan.good_end == ends[2];
                let damaged = matches!(scan.rest, Rest::Damaged { .. });
                assert!(damaged || harmless, "byte {at} bit {bit}: {scan:?}");
            }
        }
    }

    #[test]
    fn a_flipped_bit_in_the_last_batch_is_never_read_as_a_good_batch() {
        let (bytes, ends) = three();
        for at in (ends[1]..ends[2]).filter(|at| !(5..13).contains(&(at - ends[1]))) {
            let mut bad = bytes.clone();
            bad[at] ^= 0x10;
            let scan = scan(&bad, None);
            assert_eq!((scan.good_end, scan.last), (ends[1], Some(6)), "byte {at}");
            assert!(matches!(scan.rest, Rest::Torn { .. }), "byte {at}: {:?}", scan.rest);
        }
    }

    #[test]
    fn a_batch_that_is_numbered_like_an_older_one_is_damage() {
        let (bytes, _) = three();
        assert!(matches!(scan(&bytes, Some(5)).rest, Rest::Damaged { .. }));
        assert_eq!(scan(&bytes, Some(5)).good_end, 0);
    }

    #[test]
    fn a_zeroed_page_in_the_middle_is_damage() {
        let mut bytes = [encode(1, &[&[1; 9_000]]), encode(2, &[b"after"])].concat();
        bytes[PAGE..2 * PAGE].fill(0);
        assert!(matches!(scan(&bytes, None).rest, Rest::Damaged { .. }));
    }
}
