//! Logs, read by position.

use planaria_core::SessionId;
use planaria_core::port::store::Head;

use super::{Place, commit, session};
use crate::store::{record, txn, whole};

pub(super) async fn past_the_end_and_unknown_sessions_are_empty(place: Place) {
    let store = place().await;
    let id = session(1);
    assert_eq!(store.read(id, 1, 10).await.unwrap(), []);
    commit(&*store, txn(id, 1, 0, 3)).await.unwrap();
    for from in [4, 5, u64::MAX] {
        assert_eq!(store.read(id, from, 10).await.unwrap(), [], "from {from}");
    }
    assert_eq!(store.read(session(2), 1, 10).await.unwrap(), []);
    assert_eq!(store.read(id, 1, 0).await.unwrap(), []);
}

pub(super) async fn pages_hold_at_most_max_and_join_up(place: Place) {
    let store = place().await;
    let id = session(1);
    commit(&*store, txn(id, 1, 0, 700)).await.unwrap();
    commit(&*store, txn(id, 1, 700, 301)).await.unwrap();
    for max in [1, 7, 1_000, 1_001, usize::MAX] {
        let mut next = 1;
        loop {
            let page = store.read(id, next, max).await.unwrap();
            assert!(page.len() <= max, "{} records with max {max}", page.len());
            if page.is_empty() {
                break;
            }
            for found in page {
                assert_eq!(found, record(id, 1, next));
                next += 1;
            }
        }
        assert_eq!(next, 1_002, "max {max}");
    }
}

pub(super) async fn a_head_is_the_last_record_or_none(place: Place) {
    let store = place().await;
    let id = session(1);
    assert_eq!(store.head(id).await.unwrap(), None);
    commit(&*store, txn(id, 1, 0, 300)).await.unwrap();
    assert_eq!(store.head(id).await.unwrap(), Some(Head { seq: 300, epoch: 1 }));
    commit(&*store, txn(id, 4, 300, 1)).await.unwrap();
    assert_eq!(store.head(id).await.unwrap(), Some(Head { seq: 301, epoch: 4 }));
    assert_eq!(store.head(session(2)).await.unwrap(), None);
}

pub(super) async fn sessions_with_neighbouring_ids_do_not_mix(place: Place) {
    let store = place().await;
    let ids = [0, 1, 2, 0xff, 0x100, u128::MAX - 1, u128::MAX].map(SessionId);
    for (count, id) in (1..).zip(ids) {
        commit(&*store, txn(id, 1, 0, count)).await.unwrap();
    }
    for (count, id) in (1..).zip(ids) {
        assert_eq!(store.head(id).await.unwrap(), Some(Head { seq: count, epoch: 1 }), "{id}");
        let expected: Vec<_> = (1..=count).map(|seq| record(id, 1, seq)).collect();
        assert_eq!(whole(&*store, id).await.unwrap(), expected, "{id}");
    }
}
