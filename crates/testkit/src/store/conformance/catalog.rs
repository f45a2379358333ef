//! The catalog and the index of open sessions, written with the records.

use planaria_core::port::store::{Head, Put, Refusal, Txn};

use super::{Place, commit, session};
use crate::store::txn;

fn put(key: &[u8], value: &[u8]) -> Put {
    Put { key: key.to_vec(), value: value.to_vec() }
}

pub(super) async fn an_entry_is_put_overwritten_and_found(place: Place) {
    let store = place().await;
    let id = session(1);
    assert_eq!(store.get(b"key".to_vec()).await.unwrap(), None);
    let values: [&[u8]; 4] = [b"first", b"", &[0xff; 5_000], b"last"];
    for (seq, value) in (0..).zip(values) {
        let puts = vec![put(b"key", value), put(&[0, seq as u8], b"other")];
        commit(&*store, Txn { puts, ..txn(id, 1, seq, 1) }).await.unwrap();
        assert_eq!(store.get(b"key".to_vec()).await.unwrap().as_deref(), Some(value));
    }
    let twice = vec![put(b"key", b"of two"), put(b"key", b"the later")];
    commit(&*store, Txn { puts: twice, ..txn(id, 1, 4, 1) }).await.unwrap();
    assert_eq!(store.get(b"key".to_vec()).await.unwrap().as_deref(), Some(&b"the later"[..]));
    assert_eq!(store.get(b"ke".to_vec()).await.unwrap(), None);
    assert_eq!(store.get(b"key ".to_vec()).await.unwrap(), None);
}

pub(super) async fn a_scan_gives_a_prefix_in_key_order_and_at_most_max(place: Place) {
    let store = place().await;
    let keys: [&[u8]; 7] = [b"a", b"b/3", b"b/1", b"b/2", b"b", b"c", &[0xff, 0xff]];
    let puts = keys.iter().map(|key| put(key, key)).collect();
    commit(&*store, Txn { puts, ..txn(session(1), 1, 0, 1) }).await.unwrap();
    let scan = async |prefix: &[u8], max| {
        let entries = store.scan(prefix.to_vec(), max).await.unwrap();
        assert!(entries.iter().all(|entry| entry.key == entry.value));
        entries.into_iter().map(|entry| entry.key).collect::<Vec<_>>()
    };
    assert_eq!(scan(b"b/", 9).await, [b"b/1", b"b/2", b"b/3"]);
    assert_eq!(scan(b"b", 9).await, [&b"b"[..], b"b/1", b"b/2", b"b/3"]);
    assert_eq!(scan(b"b", 2).await, [&b"b"[..], b"b/1"]);
    assert_eq!(scan(b"b", 0).await, Vec::<Vec<u8>>::new());
    assert_eq!(scan(&[0xff], 9).await, [[0xff, 0xff]]);
    assert_eq!(scan(b"nothing", 9).await, Vec::<Vec<u8>>::new());
    assert_eq!(scan(b"", 99).await.len(), keys.len());
}

pub(super) async fn entries_come_with_their_records_or_not_at_all(place: Place) {
    let store = place().await;
    let with = |key: &[u8], txn: Txn| Txn { puts: vec![put(key, b"here")], ..txn };
    let (one, two) = (session(1), session(2));
    let group = vec![with(b"kept", txn(one, 1, 0, 1)), with(b"refused", txn(two, 1, 1, 1))];
    store.commit(group).await.unwrap();
    assert!(store.get(b"kept".to_vec()).await.unwrap().is_some());
    assert_eq!(store.get(b"refused".to_vec()).await.unwrap(), None);
}

pub(super) async fn a_key_that_must_be_absent_and_is_there_refuses_the_transaction(place: Place) {
    let store = place().await;
    let named = |number, name: &[u8]| Txn {
        puts: vec![put(name, b"taken")],
        absent: vec![b"free".to_vec(), name.to_vec()],
        ..txn(session(number), 1, 0, 1)
    };
    let made = Ok(Head { seq: 1, epoch: 1 });
    assert_eq!(commit(&*store, named(1, b"one")).await, made);
    assert_eq!(commit(&*store, named(2, b"one")).await, Err(Refusal::Exists));
    // Within a group the earlier transaction counts, and a refused one does not.
    let group = vec![named(3, b"two"), named(4, b"two"), named(2, b"one"), named(5, b"three")];
    let outcomes = store.commit(group).await.unwrap();
    assert_eq!(outcomes, [made.clone(), Err(Refusal::Exists), Err(Refusal::Exists), made]);
    assert_eq!(store.head(session(2)).await.unwrap(), None);
    assert_eq!(store.head(session(4)).await.unwrap(), None);
}

pub(super) async fn the_index_of_open_sessions_follows_the_last_append(place: Place) {
    let store = place().await;
    let open = |number, after, open| Txn { open, ..txn(session(number), 1, after, 1) };
    assert_eq!(store.open_sessions().await.unwrap(), []);
    store.commit(vec![open(3, 0, true), open(1, 0, true), open(2, 0, false)]).await.unwrap();
    assert_eq!(store.open_sessions().await.unwrap(), [session(1), session(3)]);
    store.commit(vec![open(1, 1, true), open(3, 1, false), open(2, 1, true)]).await.unwrap();
    assert_eq!(store.open_sessions().await.unwrap(), [session(1), session(2)]);
    // Within a group the last one counts.
    let group = vec![open(1, 2, false), open(1, 3, true), open(2, 2, true), open(2, 3, false)];
    store.commit(group).await.unwrap();
    assert_eq!(store.open_sessions().await.unwrap(), [session(1)]);
    store.commit(vec![open(1, 4, false)]).await.unwrap();
    assert_eq!(store.open_sessions().await.unwrap(), []);
}
