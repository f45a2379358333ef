//! Damage to what was acknowledged: refused loudly, never silently shorter.

use std::fs;
use std::path::Path;

use fjall::{Database, KeyspaceCreateOptions};
use planaria_core::SessionId;
use planaria_core::port::store::{Error, Refusal, Store};
use planaria_core::record::codec;
use planaria_testkit::store::{txn, whole};

use crate::journal::{Batch, batches};
use crate::support::{Noted, active_journal, copy, open, refused, survives};

/// A store with a journal of thirty groups of ten records, and its directory.
async fn thirty_groups() -> (Noted, tempfile::TempDir) {
    let directory = tempfile::tempdir().unwrap();
    let mut noted = Noted::open(directory.path());
    for _ in 0..30 {
        noted.append(1..=10, 1).await;
    }
    (noted, directory)
}

fn damage(image: &Path, change: impl FnOnce(&mut Vec<u8>, &[Batch])) {
    let journal = active_journal(image);
    let mut bytes = fs::read(&journal).unwrap();
    let found = batches(&bytes);
    change(&mut bytes, &found);
    fs::write(journal, bytes).unwrap();
}

#[tokio::test]
async fn damage_in_the_middle_of_the_journal_is_refused_and_nothing_is_changed() {
    type Change = fn(&mut Vec<u8>, &Batch);
    let changes: [(&str, Change); 9] = [
        ("a bit of a value", |b, batch| b[batch.values[3].0 + 5] ^= 1),
        ("a bit of a value's length", |b, batch| b[batch.values[3].0 - 24 - 8 + 3] ^= 0x40),
        ("a bit of a length on disk", |b, batch| b[batch.values[3].0 - 24 - 4 + 3] ^= 0x40),
        ("an item's tag", |b, batch| b[batch.values[3].0 - 24 - 21] = 9),
        ("the start tag", |b, batch| b[batch.start] = 9),
        ("the item count", |b, batch| b[batch.start + 1] ^= 1),
        ("the batch number, lowered", |b, batch| b[batch.start + 5..batch.start + 13].fill(0)),
        ("the end trailer", |b, batch| b[batch.end - 1] ^= 0xff),
        ("a zeroed page", |b, batch| {
            let page = batch.values[3].0 / 4_096 * 4_096;
            b[page..page + 4_096].fill(0);
        }),
    ];
    let (noted, _directory) = thirty_groups().await;
    let image = noted.image();
    for (what, change) in changes {
        let case = tempfile::tempdir().unwrap();
        copy(image.path(), case.path());
        damage(case.path(), |bytes, found| change(bytes, &found[found.len() / 2]));
        let before = fs::read(active_journal(case.path())).unwrap();
        let text = refused(case.path(), what);
        assert!(text.contains(".jnl") && text.contains("at byte"), "{what}: {text}");
        assert!(text.contains("restore"), "{what}: {text}");
        assert!(fs::read(active_journal(case.path())).unwrap() == before, "{what}: changed");
        assert_eq!(refused(case.path(), what), text, "{what}: the second time");
    }
}

#[tokio::test]
async fn a_journal_that_lost_its_end_is_refused_by_the_mark() {
    let (noted, directory) = thirty_groups().await;
    let unclean = noted.image();
    noted.store.close().await;
    fs::copy(directory.path().join("hwm"), unclean.path().join("hwm")).unwrap();
    let cut = |bytes: &mut Vec<u8>, found: &[Batch]| bytes.truncate(found[found.len() - 1].start);
    let tear = |bytes: &mut Vec<u8>, found: &[Batch]| {
        bytes.truncate(found[found.len() - 1].end - 20);
    };
    for stop in [directory.path(), unclean.path()] {
        let case = tempfile::tempdir().unwrap();
        copy(stop, case.path());
        damage(case.path(), cut);
        let text = refused(case.path(), "the last group is gone");
        assert!(text.contains("records are missing") && text.contains("`hwm`"), "{text}");
    }
    // A torn end is not cut off while the mark says that it was acknowledged.
    damage(unclean.path(), tear);
    let before = fs::read(active_journal(unclean.path())).unwrap();
    let text = refused(unclean.path(), "the last group is torn");
    assert!(text.contains("records are missing"), "{text}");
    assert!(fs::read(active_journal(unclean.path())).unwrap() == before, "it was changed");
    damage_end(directory.path());
    assert!(refused(directory.path(), "torn after an orderly stop").contains("complete"));
}

fn damage_end(image: &Path) {
    damage(image, |bytes, found| bytes[found[found.len() - 1].end - 1] ^= 1);
}

#[tokio::test]
async fn a_database_that_was_rolled_back_or_emptied_is_refused_by_the_mark() {
    let directory = tempfile::tempdir().unwrap();
    let mut noted = Noted::open(directory.path());
    noted.append(1..=3, 1).await;
    let older = noted.image();
    noted.append(1..=3, 1).await;
    noted.store.close().await;
    fs::copy(directory.path().join("hwm"), older.path().join("hwm")).unwrap();
    assert!(refused(older.path(), "rolled back").contains("records are missing"));
    // The operator's way out: to go on with what there is.
    fs::remove_file(older.path().join("hwm")).unwrap();
    assert_eq!(open(older.path()).unwrap().head(SessionId(1)).await.unwrap().unwrap().seq, 1);
    fs::remove_dir_all(directory.path().join("db")).unwrap();
    assert!(refused(directory.path(), "emptied").contains("db/version"));
}

#[tokio::test]
async fn a_damaged_mark_is_refused_and_named() {
    let directory = tempfile::tempdir().unwrap();
    let mut noted = Noted::open(directory.path());
    noted.append(1..=3, 1).await;
    noted.store.close().await;
    fs::write(directory.path().join("hwm"), "12 0000000000000000\n").unwrap();
    assert!(refused(directory.path(), "wrong checksum").contains("remove it"));
    fs::remove_file(directory.path().join("hwm")).unwrap();
    survives(directory.path(), &noted.ledger, "without a mark").await;
}

/// Writes past the store, with fjall itself.
fn tamper(directory: &Path, change: impl FnOnce(&fjall::Keyspace)) {
    let database = Database::builder(directory.join("db")).open().unwrap();
    let events = database.keyspace("events", KeyspaceCreateOptions::default).unwrap();
    change(&events);
    database.persist(fjall::PersistMode::SyncAll).unwrap();
}

#[tokio::test]
async fn a_flipped_bit_in_a_record_stops_its_own_session_and_no_other() {
    let directory = tempfile::tempdir().unwrap();
    let mut noted = Noted::open(directory.path());
    noted.append(1..=3, 5).await;
    noted.store.close().await;
    drop(noted.store);
    tamper(directory.path(), |events| {
        for (id, seq) in [(1, 3), (3, 5)] {
            let key = codec::key(SessionId(id), seq);
            let mut value = events.get(key).unwrap().unwrap().to_vec();
            let middle = value.len() / 2;
            value[middle] ^= 0x10;
            events.insert(key, value).unwrap();
        }
    });
    let store = open(directory.path()).unwrap();
    assert_eq!(store.read(SessionId(1), 1, 2).await.unwrap().len(), 2);
    let error = store.read(SessionId(1), 1, 9).await.unwrap_err();
    assert!(matches!(error, Error::Corrupt { session: SessionId(1), seq: 3, .. }), "{error}");
    assert_eq!(whole(&store, SessionId(2)).await.unwrap().len(), 5);
    // Where the last record is the damaged one, nothing can be put after it.
    let error = store.head(SessionId(3)).await.unwrap_err();
    assert!(matches!(error, Error::Corrupt { session: SessionId(3), seq: 5, .. }), "{error}");
    let group = vec![txn(SessionId(3), 1, 5, 1), txn(SessionId(2), 1, 5, 1)];
    let outcomes = store.commit(group).await.unwrap();
    assert!(matches!(outcomes[0], Err(Refusal::Unreadable(_))), "{outcomes:?}");
    assert!(outcomes[1].is_ok(), "{outcomes:?}");
}

#[tokio::test]
async fn a_hole_in_a_log_is_damage_and_not_an_end() {
    let directory = tempfile::tempdir().unwrap();
    let mut noted = Noted::open(directory.path());
    noted.append(1..=2, 5).await;
    noted.store.close().await;
    drop(noted.store);
    tamper(directory.path(), |events| {
        events.remove(codec::key(SessionId(1), 3)).unwrap();
    });
    let store = open(directory.path()).unwrap();
    for from in [1, 3] {
        let error = store.read(SessionId(1), from, 9).await.unwrap_err();
        assert!(matches!(error, Error::Corrupt { seq: 3, .. }), "from {from}: {error}");
    }
    assert_eq!(store.read(SessionId(1), 4, 9).await.unwrap().len(), 2);
    assert_eq!(whole(&store, SessionId(2)).await.unwrap().len(), 5);
}

#[tokio::test]
async fn a_flipped_bit_in_a_flushed_value_is_noticed_when_it_is_read() {
    let directory = tempfile::tempdir().unwrap();
    let mut noted = Noted::open(directory.path());
    let id = SessionId(1);
    let payload: Vec<u8> = (0..40_000u32).flat_map(|n| n.wrapping_mul(n).to_le_bytes()).collect();
    let records = vec![planaria_testkit::store::sized(id, 1, 1, payload.into())];
    noted.commit(vec![planaria_core::port::store::Txn { records, ..txn(id, 1, 0, 0) }]).await;
    noted.append(2..=2, 1).await;
    noted.store.close().await;
    drop(noted.store);
    let mut blobs = std::path::PathBuf::new();
    tamper(directory.path(), |events| {
        events.rotate_memtable_and_wait().unwrap();
        blobs = events.path().join("blobs");
    });
    for blob in fs::read_dir(blobs).unwrap() {
        let path = blob.unwrap().path();
        let mut bytes = fs::read(&path).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 4;
        fs::write(path, bytes).unwrap();
    }
    let store = open(directory.path()).unwrap();
    let error = store.read(id, 1, 9).await.unwrap_err();
    assert!(matches!(error, Error::Corrupt { session: SessionId(1), seq: 1, .. }), "{error}");
    assert_eq!(whole(&store, SessionId(2)).await.unwrap().len(), 1);
}
