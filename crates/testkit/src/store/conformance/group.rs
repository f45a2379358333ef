//! Several transactions at once.

use futures_util::future::join_all;
use planaria_core::port::store::{Head, Put, Refusal, Txn};

use super::{Place, commit, session};
use crate::store::{txn, whole};

pub(super) async fn each_transaction_of_a_group_is_answered_in_order(place: Place) {
    let store = place().await;
    let [one, two, three, four] = [1, 2, 3, 4].map(session);
    commit(&*store, txn(two, 7, 0, 2)).await.unwrap();
    let group = vec![
        txn(one, 1, 0, 2),
        txn(two, 6, 2, 1),
        txn(three, 1, 5, 1),
        Txn { records: Vec::new(), ..txn(four, 1, 0, 0) },
        txn(two, 7, 2, 1),
    ];
    let mut outcomes = store.commit(group).await.unwrap();
    assert!(matches!(outcomes.remove(3), Err(Refusal::Malformed(_))));
    let expected = [
        Ok(Head { seq: 2, epoch: 1 }),
        Err(Refusal::Fenced { ours: 6, current: 7 }),
        Err(Refusal::Conflict { expected: 5, actual: 0 }),
        Ok(Head { seq: 3, epoch: 7 }),
    ];
    assert_eq!(outcomes, expected);
    for (id, len) in [(one, 2), (two, 3), (three, 0), (four, 0)] {
        assert_eq!(whole(&*store, id).await.unwrap().len(), len, "{id}");
    }
}

pub(super) async fn transactions_of_one_session_see_each_other(place: Place) {
    let store = place().await;
    let id = session(1);
    let group = vec![txn(id, 1, 0, 2), txn(id, 1, 0, 1), txn(id, 2, 2, 1), txn(id, 1, 3, 1)];
    let expected = [
        Ok(Head { seq: 2, epoch: 1 }),
        Err(Refusal::Conflict { expected: 0, actual: 2 }),
        Ok(Head { seq: 3, epoch: 2 }),
        Err(Refusal::Fenced { ours: 1, current: 2 }),
    ];
    assert_eq!(store.commit(group).await.unwrap(), expected);
    assert_eq!(whole(&*store, id).await.unwrap().len(), 3);
}

pub(super) async fn a_refused_transaction_leaves_no_trace(place: Place) {
    let store = place().await;
    let (id, other) = (session(1), session(2));
    let put = Put { key: b"key".to_vec(), value: b"value".to_vec() };
    let refused = Txn { puts: vec![put], open: true, ..txn(id, 1, 3, 1) };
    let outcomes = store.commit(vec![refused.clone(), txn(other, 1, 0, 1), refused]).await.unwrap();
    let conflict = Err(Refusal::Conflict { expected: 3, actual: 0 });
    assert_eq!(outcomes, [conflict.clone(), Ok(Head { seq: 1, epoch: 1 }), conflict]);
    assert_eq!(store.head(id).await.unwrap(), None);
    assert_eq!(store.get(b"key".to_vec()).await.unwrap(), None);
    assert_eq!(store.open_sessions().await.unwrap(), []);
    assert_eq!(whole(&*store, other).await.unwrap().len(), 1);
}

pub(super) async fn an_empty_group_is_answered(place: Place) {
    let store = place().await;
    assert_eq!(store.commit(Vec::new()).await.unwrap(), []);
    commit(&*store, txn(session(1), 1, 0, 1)).await.unwrap();
}

pub(super) async fn of_writers_at_the_same_position_one_wins(place: Place) {
    let store = place().await;
    let id = session(1);
    for round in 0..20 {
        let writers = (0..8).map(|_| commit(&*store, txn(id, 1, round, 1)));
        let outcomes = join_all(writers).await;
        let winners = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
        assert_eq!(winners, 1, "round {round}: {outcomes:?}");
    }
    assert_eq!(whole(&*store, id).await.unwrap().len(), 20);
}

pub(super) async fn what_is_acknowledged_is_seen_at_once(place: Place) {
    let store = place().await;
    let id = session(1);
    for seq in 1..=50 {
        let key = seq.to_string().into_bytes();
        let put = Put { key: key.clone(), value: key.clone() };
        commit(&*store, Txn { puts: vec![put], ..txn(id, 1, seq - 1, 1) }).await.unwrap();
        assert_eq!(store.head(id).await.unwrap(), Some(Head { seq, epoch: 1 }));
        assert_eq!(store.read(id, seq, 9).await.unwrap().len(), 1);
        assert_eq!(store.get(key.clone()).await.unwrap(), Some(key));
    }
}
