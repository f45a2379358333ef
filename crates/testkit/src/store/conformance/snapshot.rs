//! Snapshots: a cache beside the log.

use planaria_core::port::store::{Error, Snapshot};

use super::{Place, commit, session};
use crate::store::txn;

pub(super) async fn a_snapshot_is_one_that_was_kept_or_none(place: Place) {
    let store = place().await;
    let id = session(1);
    assert_eq!(store.snapshot(id).await.unwrap(), None);
    commit(&*store, txn(id, 1, 0, 9)).await.unwrap();
    let mut kept = Vec::new();
    for (seq, size) in [(3, 10), (9, 5_000), (9, 0), (4, 100_000)] {
        let bytes = vec![seq as u8; size];
        store.save_snapshot(id, seq, bytes.clone()).await.unwrap();
        kept.push(Snapshot { seq, bytes });
        if let Some(found) = store.snapshot(id).await.unwrap() {
            assert!(kept.contains(&found), "{} bytes up to {}", found.bytes.len(), found.seq);
        }
    }
    assert_eq!(store.snapshot(session(2)).await.unwrap(), None);
    store.close().await;
    let store = place().await;
    if let Some(found) = store.snapshot(id).await.unwrap() {
        assert!(kept.contains(&found), "{} bytes up to {}", found.bytes.len(), found.seq);
    }
}

pub(super) async fn a_snapshot_changes_nothing_of_its_log(place: Place) {
    let store = place().await;
    let id = session(1);
    // Of a session that does not exist, and ahead of one that does: whoever reads it looks.
    store.save_snapshot(id, 40, b"ahead".to_vec()).await.unwrap();
    assert_eq!(store.head(id).await.unwrap(), None);
    assert_eq!(store.read(id, 1, 9).await.unwrap(), []);
    assert_eq!(store.open_sessions().await.unwrap(), []);
    assert_eq!(store.scan(Vec::new(), 9).await.unwrap(), []);
    let head = commit(&*store, txn(id, 1, 0, 2)).await.unwrap();
    store.save_snapshot(id, 40, b"ahead".to_vec()).await.unwrap();
    assert_eq!(store.head(id).await.unwrap(), Some(head));
    store.close().await;
    let store = place().await;
    assert_eq!(store.head(id).await.unwrap(), Some(head));
    assert_eq!(store.read(id, 1, 9).await.unwrap().len(), 2);
}

pub(super) async fn a_closed_store_keeps_no_snapshot(place: Place) {
    let store = place().await;
    let keeps = store.save_snapshot(session(1), 1, b"kept".to_vec()).await.is_ok()
        && store.snapshot(session(1)).await.unwrap().is_some();
    store.close().await;
    if keeps {
        let saved = store.save_snapshot(session(1), 1, Vec::new()).await;
        assert_eq!(saved, Err(Error::Closed));
        assert_eq!(store.snapshot(session(1)).await, Err(Error::Closed));
    }
}
