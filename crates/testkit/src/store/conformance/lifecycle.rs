//! Closing and opening again.

use planaria_core::port::store::{Error, Head, Put, Refusal, Txn};

use super::{Place, commit, session};
use crate::store::{record, txn, whole};

pub(super) async fn everything_is_there_after_opening_again(place: Place) {
    let store = place().await;
    let ids: Vec<_> = (0..20).map(session).collect();
    for round in 0..5 {
        let group = ids.iter().enumerate().map(|(index, id)| Txn {
            puts: vec![Put { key: id.to_bytes().to_vec(), value: vec![round; 3] }],
            open: index % 2 == 0,
            ..txn(*id, 1, u64::from(round) * 2, 2)
        });
        store.commit(group.collect()).await.unwrap();
    }
    store.close().await;
    let store = place().await;
    for id in &ids {
        let expected: Vec<_> = (1..=10).map(|seq| record(*id, 1, seq)).collect();
        assert_eq!(whole(&*store, *id).await.unwrap(), expected);
        assert_eq!(store.get(id.to_bytes().to_vec()).await.unwrap(), Some(vec![4; 3]));
    }
    let open: Vec<_> = ids.into_iter().step_by(2).collect();
    assert_eq!(store.open_sessions().await.unwrap(), open);
}

pub(super) async fn epochs_rise_within_and_across_openings(place: Place) {
    let mut last = 0;
    for opening in 0..3 {
        let store = place().await;
        for _ in 0..100 {
            let epoch = store.next_epoch();
            assert!(epoch > last, "{epoch} after {last} in opening {opening}");
            last = epoch;
        }
        store.close().await;
    }
}

pub(super) async fn a_writer_of_before_can_go_on_until_it_is_replaced(place: Place) {
    let id = session(1);
    let store = place().await;
    let before = store.next_epoch();
    commit(&*store, txn(id, before, 0, 1)).await.unwrap();
    store.close().await;
    let store = place().await;
    let seq = commit(&*store, txn(id, before, 1, 1)).await.map(|head| head.seq);
    assert_eq!(seq, Ok(2));
    let now = store.next_epoch();
    let head = commit(&*store, txn(id, now, 2, 1)).await;
    assert_eq!(head, Ok(Head { seq: 3, epoch: now }));
    let fenced = Err(Refusal::Fenced { ours: before, current: now });
    assert_eq!(commit(&*store, txn(id, before, 3, 1)).await, fenced);
}

pub(super) async fn a_closed_store_says_so(place: Place) {
    let id = session(1);
    let store = place().await;
    commit(&*store, txn(id, 1, 0, 1)).await.unwrap();
    store.close().await;
    store.close().await;
    assert_eq!(store.commit(vec![txn(id, 1, 1, 1)]).await, Err(Error::Closed));
    assert_eq!(store.read(id, 1, 9).await, Err(Error::Closed));
    assert_eq!(store.head(id).await, Err(Error::Closed));
    assert_eq!(store.get(Vec::new()).await, Err(Error::Closed));
    assert_eq!(store.scan(Vec::new(), 9).await, Err(Error::Closed));
    assert_eq!(store.open_sessions().await, Err(Error::Closed));
    // The lock is free: what follows the closing may open the store at once.
    let store = place().await;
    assert_eq!(whole(&*store, id).await.unwrap().len(), 1);
}
