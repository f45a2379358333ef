//! Power cuts, emulated: what fsync covered stays, the rest is damaged in every way a disk may.

use std::fs;
use std::path::Path;

use planaria_core::SessionId;
use planaria_core::port::store::{Store, Txn};
use planaria_testkit::rng::Rng;
use planaria_testkit::store::{Ledger, sized, txn};

use crate::journal::{Batch, batches};
use crate::support::{Noted, active_journal, copy, survives};

const SECTOR: usize = 512;
const PAGE: usize = 4_096;

/// What is left of the last group, which nobody was told is durable.
#[derive(Debug, Clone, Copy)]
enum Damage {
    Cut,
    LostTail,
    LostPages,
    LostPage,
    LostSector,
    GarbageSector,
    LostStart,
}

const DAMAGES: [Damage; 7] = [
    Damage::Cut,
    Damage::LostTail,
    Damage::LostPages,
    Damage::LostPage,
    Damage::LostSector,
    Damage::GarbageSector,
    Damage::LostStart,
];

impl Damage {
    fn apply(self, bytes: &mut Vec<u8>, last: &Batch, rng: &mut Rng) {
        let at = last.start + rng.index(last.end - last.start);
        // A disk writes whole blocks, but what stood before the group in its first one is durable.
        let block = |size: usize, at: usize| {
            let from = at / size * size;
            from.max(last.start)..(from + size).min(last.end)
        };
        match self {
            Damage::Cut => bytes.truncate(at),
            Damage::LostTail => bytes[at..].fill(0),
            Damage::LostPages => {
                for page in last.start / PAGE..=last.end / PAGE {
                    let range = block(PAGE, page * PAGE);
                    if !range.is_empty() && rng.chance(50) {
                        bytes[range].fill(0);
                    }
                }
            }
            Damage::LostPage => bytes[block(PAGE, at)].fill(0),
            Damage::LostSector => bytes[block(SECTOR, at)].fill(0),
            Damage::GarbageSector => {
                bytes[block(SECTOR, at)].fill_with(|| rng.next_u64().to_le_bytes()[0]);
            }
            Damage::LostStart => bytes[last.start..last.start + 13].fill(0),
        }
    }
}

/// A group of records of chance sizes.
fn group(rng: &mut Rng, ends: &mut [u64; 4]) -> Vec<Txn> {
    let mut group = Vec::new();
    for (id, end) in (0..).zip(ends.iter_mut()) {
        let count = rng.below(4);
        let mut payload = || {
            let size = rng.index(6_000);
            (0..size).map(|_| b'a' + (rng.below(26) as u8)).collect::<Vec<u8>>()
        };
        let first = *end + 1;
        let records: Vec<_> = (first..first + count)
            .map(|seq| sized(SessionId(id), 1, seq, payload().into()))
            .collect();
        if !records.is_empty() {
            group.push(Txn { records, ..txn(SessionId(id), 1, *end, 0) });
            *end += count;
        }
    }
    group
}

/// The image of a cut during a group that follows the acknowledged ones.
async fn cut(
    noted: &mut Noted,
    rng: &mut Rng,
    damage: Damage,
    ends: &mut [u64; 4],
) -> tempfile::TempDir {
    for _ in 0..3 {
        let group = group(rng, ends);
        noted.commit(group).await;
    }
    // The mark never runs ahead of what was acknowledged, so the cut finds the one of before.
    let before = noted.image();
    let last = loop {
        let group = group(rng, &mut ends.clone());
        if !group.is_empty() {
            break group;
        }
    };
    noted.store.commit(last).await.unwrap();
    let image = noted.image();
    fs::copy(before.path().join("hwm"), image.path().join("hwm")).unwrap();
    let journal = active_journal(image.path());
    let mut bytes = fs::read(&journal).unwrap();
    let found = batches(&bytes);
    damage.apply(&mut bytes, &found[found.len() - 1], rng);
    fs::write(journal, bytes).unwrap();
    image
}

/// Goes on after the cut: the store takes new groups, and opens again after an orderly end.
async fn goes_on(image: &Path, ledger: &Ledger, what: &str) {
    let store = survives(image, ledger, what).await;
    let mut ledger = ledger.clone();
    let id = SessionId(99);
    store.commit(vec![txn(id, 1, 0, 2)]).await.unwrap()[0].clone().unwrap();
    ledger.note(id, &txn(id, 1, 0, 2).records);
    let crashed = tempfile::tempdir().unwrap();
    copy(image, crashed.path());
    drop(survives(crashed.path(), &ledger, what).await);
    store.close().await;
    drop(survives(image, &ledger, what).await);
}

#[tokio::test]
async fn a_power_cut_loses_nothing_that_was_acknowledged_and_never_keeps_the_store_shut() {
    for (damage, seed) in DAMAGES.into_iter().flat_map(|damage| (0..3).map(move |s| (damage, s))) {
        let mut rng = Rng::new(seed);
        let directory = tempfile::tempdir().unwrap();
        let mut noted = Noted::open(directory.path());
        let image = cut(&mut noted, &mut rng, damage, &mut [0; 4]).await;
        goes_on(image.path(), &noted.ledger, &format!("{damage:?} seed {seed}")).await;
    }
}

#[tokio::test]
async fn what_was_cut_off_is_put_aside() {
    let mut rng = Rng::new(1);
    let directory = tempfile::tempdir().unwrap();
    let mut noted = Noted::open(directory.path());
    let image = cut(&mut noted, &mut rng, Damage::LostStart, &mut [0; 4]).await;
    drop(survives(image.path(), &noted.ledger, "lost start").await);
    let tails = fs::read_dir(image.path()).unwrap().filter(|entry| {
        let name = entry.as_ref().unwrap().file_name();
        name.to_string_lossy().starts_with("torn-")
    });
    assert_eq!(tails.count(), 1);
}
