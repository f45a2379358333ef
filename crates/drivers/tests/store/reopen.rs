//! What is there after an end, orderly or not.

use std::fs;

use planaria_core::SessionId;
use planaria_core::port::store::{Put, Snapshot, Store, Txn};
use planaria_testkit::store::{sized, txn};

use crate::support::{Noted, active_journal, open, survives};

#[tokio::test]
async fn everything_is_there_after_an_orderly_end_and_after_none() {
    let directory = tempfile::tempdir().unwrap();
    let mut noted = Noted::open(directory.path());
    for round in 0..10 {
        noted.append(0..=round, 3).await;
    }
    let image = noted.image();
    noted.store.close().await;
    drop(survives(directory.path(), &noted.ledger, "orderly").await);
    let store = survives(image.path(), &noted.ledger, "a copy of the running store").await;
    assert_eq!(store.head(SessionId(0)).await.unwrap().unwrap().seq, 30);
}

#[tokio::test]
async fn dropping_the_store_is_an_orderly_end_too() {
    let directory = tempfile::tempdir().unwrap();
    let mut noted = Noted::open(directory.path());
    noted.append(1..=3, 2).await;
    let Noted { store, ledger } = noted;
    drop(store);
    assert!(directory.path().join("clean").exists());
    survives(directory.path(), &ledger, "dropped").await;
}

#[tokio::test]
async fn after_an_unclean_stop_the_journal_is_written_to_new_blocks() {
    use std::os::unix::fs::MetadataExt;
    let directory = tempfile::tempdir().unwrap();
    let mut noted = Noted::open(directory.path());
    noted.append(1..=3, 2).await;
    let inode = |path: &std::path::Path| fs::metadata(active_journal(path)).unwrap().ino();
    let image = noted.image();
    let unclean = inode(image.path());
    drop(survives(image.path(), &noted.ledger, "unclean").await);
    assert_ne!(inode(image.path()), unclean);
    let clean = inode(image.path());
    drop(survives(image.path(), &noted.ledger, "clean").await);
    assert_eq!(inode(image.path()), clean);
}

#[tokio::test]
async fn the_marker_of_an_orderly_end_is_gone_while_the_store_is_open() {
    let directory = tempfile::tempdir().unwrap();
    for _ in 0..2 {
        let store = open(directory.path()).unwrap();
        assert!(!directory.path().join("clean").exists());
        store.close().await;
        assert!(directory.path().join("clean").exists());
    }
}

#[tokio::test]
async fn large_records_come_back_in_pages_that_fit_in_memory() {
    const BYTES: usize = 1_000_000;
    let directory = tempfile::tempdir().unwrap();
    let mut noted = Noted::open(directory.path());
    let id = SessionId(1);
    for chunk in 0..4 {
        let payload = vec![b'a' + chunk; BYTES];
        let first = u64::from(chunk) * 5 + 1;
        let records =
            (first..first + 5).map(|seq| sized(id, 1, seq, payload.clone().into())).collect();
        noted.commit(vec![Txn { records, ..txn(id, 1, first - 1, 0) }]).await;
    }
    let page = noted.store.read(id, 1, usize::MAX).await.unwrap();
    assert!((2..20).contains(&page.len()), "{} records in a page", page.len());
    let image = noted.image();
    survives(image.path(), &noted.ledger, "large records").await;
}

#[tokio::test]
async fn the_catalog_and_the_index_survive_a_crash_with_their_records() {
    let directory = tempfile::tempdir().unwrap();
    let mut noted = Noted::open(directory.path());
    let with = |id: u128, after: u64, open| Txn {
        puts: vec![Put { key: id.to_be_bytes().to_vec(), value: after.to_be_bytes().to_vec() }],
        open,
        ..txn(SessionId(id), 1, after, 1)
    };
    noted.commit(vec![with(1, 0, true), with(2, 0, true), with(3, 0, false)]).await;
    noted.commit(vec![with(2, 1, false), with(3, 1, true)]).await;
    let image = noted.image();
    let store = survives(image.path(), &noted.ledger, "a copy").await;
    assert_eq!(store.open_sessions().await.unwrap(), [SessionId(1), SessionId(3)]);
    for (id, after) in [(1u128, 0u64), (2, 1), (3, 1)] {
        let value = store.get(id.to_be_bytes().to_vec()).await.unwrap();
        assert_eq!(value, Some(after.to_be_bytes().to_vec()));
    }
}

#[tokio::test]
async fn a_making_that_was_interrupted_is_made_again() {
    let directory = tempfile::tempdir().unwrap();
    // What fjall has made when it dies before its version marker: an empty journal, no `format`.
    fs::create_dir_all(directory.path().join("db/keyspaces")).unwrap();
    fs::write(directory.path().join("db/0.jnl"), [0; 4_096]).unwrap();
    let mut noted = Noted::open(directory.path());
    noted.append(1..=1, 1).await;
}

#[tokio::test]
async fn the_last_snapshot_is_there_after_an_orderly_end_and_harmless_after_none() {
    let directory = tempfile::tempdir().unwrap();
    let mut noted = Noted::open(directory.path());
    for round in 0..5_u64 {
        noted.append(1..=20, 1).await;
        for id in 1..=20 {
            let bytes = vec![round as u8; 100_000];
            noted.store.save_snapshot(SessionId(id), round, bytes).await.unwrap();
        }
    }
    let image = noted.image();
    noted.store.close().await;
    let store = survives(directory.path(), &noted.ledger, "orderly").await;
    for id in 1..=20 {
        let kept = store.snapshot(SessionId(id)).await.unwrap();
        assert_eq!(kept, Some(Snapshot { seq: 4, bytes: vec![4; 100_000] }));
    }
    let store = survives(image.path(), &noted.ledger, "a copy of the running store").await;
    for id in 1..=20 {
        // Two megabytes a round are written a megabyte at a time.
        let kept = store.snapshot(SessionId(id)).await.unwrap().expect("an older one, at least");
        assert_eq!(kept.bytes, vec![kept.seq as u8; 100_000]);
    }
}
