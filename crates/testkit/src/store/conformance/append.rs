//! One writer, one log.

use bytes::Bytes;
use planaria_core::limits::RECORD_BYTES_MAX;
use planaria_core::port::store::{Head, Refusal, Txn};
use planaria_core::record::codec;
use planaria_core::{EventId, Kind, Record};

use super::{Place, commit, session};
use crate::store::{record, sized, txn, whole};

pub(super) async fn what_is_appended_reads_back_identical(place: Place) {
    let store = place().await;
    let id = session(1);
    let texts = ["{}", r#"{"text":"grüße 🪱"}"#, "not JSON at all", ""];
    let payloads = texts.into_iter().map(Bytes::from).chain([Bytes::from(vec![0xff; 9_000])]);
    let mut records: Vec<Record> =
        (1..).zip(payloads).map(|(seq, payload)| sized(id, 3, seq, payload)).collect();
    records[0].at_us = 0;
    records[0].id = EventId(0);
    records[1].thread = u32::MAX;
    records[2].id = EventId(u128::MAX);
    records[4].at_us = u64::MAX;
    for kind in Kind::ALL {
        let seq = records.len() as u64 + 1;
        records.push(Record { kind: *kind, ..record(id, 3, seq) });
    }
    let head = commit(&*store, Txn { records: records.clone(), ..txn(id, 3, 0, 0) }).await;
    assert_eq!(head, Ok(Head { seq: records.len() as u64, epoch: 3 }));
    assert_eq!(whole(&*store, id).await.unwrap(), records);
}

pub(super) async fn a_log_is_dense_from_one_across_appends(place: Place) {
    let store = place().await;
    let id = session(1);
    let mut end = 0;
    for count in [1, 2, 7, 1, 100] {
        let head = commit(&*store, txn(id, 1, end, count)).await;
        end += count;
        assert_eq!(head, Ok(Head { seq: end, epoch: 1 }));
    }
    let log = whole(&*store, id).await.unwrap();
    let positions: Vec<u64> = log.iter().map(|record| record.seq).collect();
    assert_eq!(positions, (1..=end).collect::<Vec<_>>());
}

pub(super) async fn a_wrong_expectation_is_a_conflict_that_names_the_head(place: Place) {
    let store = place().await;
    let id = session(1);
    let conflict = |expected, actual| Err(Refusal::Conflict { expected, actual });
    assert_eq!(commit(&*store, txn(id, 1, 4, 1)).await, conflict(4, 0));
    commit(&*store, txn(id, 1, 0, 3)).await.unwrap();
    assert_eq!(commit(&*store, txn(id, 1, 0, 1)).await, conflict(0, 3));
    assert_eq!(commit(&*store, txn(id, 1, 2, 9)).await, conflict(2, 3));
    assert_eq!(commit(&*store, txn(id, 1, 4, 1)).await, conflict(4, 3));
    assert_eq!(whole(&*store, id).await.unwrap().len(), 3);
}

pub(super) async fn an_older_epoch_is_fenced_and_a_newer_one_takes_over(place: Place) {
    let store = place().await;
    let id = session(1);
    commit(&*store, txn(id, 5, 0, 1)).await.unwrap();
    assert_eq!(commit(&*store, txn(id, 9, 1, 1)).await, Ok(Head { seq: 2, epoch: 9 }));
    let fenced = Err(Refusal::Fenced { ours: 5, current: 9 });
    assert_eq!(commit(&*store, txn(id, 5, 2, 1)).await, fenced);
    assert_eq!(commit(&*store, txn(id, 9, 2, 1)).await, Ok(Head { seq: 3, epoch: 9 }));
    assert_eq!(whole(&*store, id).await.unwrap().len(), 3);
}

pub(super) async fn a_replaced_writer_hears_that_it_is_fenced_before_anything_else(place: Place) {
    let store = place().await;
    let id = session(1);
    commit(&*store, txn(id, 2, 0, 4)).await.unwrap();
    let fenced = Err(Refusal::Fenced { ours: 1, current: 2 });
    assert_eq!(commit(&*store, txn(id, 1, 0, 1)).await, fenced);
    let guarded = Txn { absent: vec![vec![1]], ..txn(id, 1, 0, 1) };
    assert_eq!(commit(&*store, guarded).await, fenced);
}

pub(super) async fn records_that_do_not_fit_their_transaction_are_malformed(place: Place) {
    let store = place().await;
    let id = session(1);
    commit(&*store, txn(id, 1, 0, 2)).await.unwrap();
    let wrong = [
        ("none", vec![]),
        ("a gap before", vec![record(id, 1, 4)]),
        ("a gap within", vec![record(id, 1, 3), record(id, 1, 5)]),
        ("a position twice", vec![record(id, 1, 3), record(id, 1, 3)]),
        ("a position that is taken", vec![record(id, 1, 2), record(id, 1, 3)]),
        ("an older epoch", vec![record(id, 0, 3)]),
        ("a newer epoch", vec![record(id, 1, 3), record(id, 2, 4)]),
    ];
    for (what, records) in wrong {
        let outcome = commit(&*store, Txn { records, ..txn(id, 1, 2, 0) }).await;
        assert!(matches!(outcome, Err(Refusal::Malformed(_))), "{what}: {outcome:?}");
    }
    assert_eq!(whole(&*store, id).await.unwrap().len(), 2);
    assert_eq!(commit(&*store, txn(id, 1, 2, 1)).await, Ok(Head { seq: 3, epoch: 1 }));
}

pub(super) async fn a_record_at_the_limit_is_kept_and_one_beyond_it_is_malformed(place: Place) {
    let store = place().await;
    let id = session(1);
    let of = |bytes: usize| sized(id, 1, 1, Bytes::from(vec![b'x'; bytes]));
    // The header's length depends on the payload's: at this size by not a byte more.
    let near = RECORD_BYTES_MAX - 1_024;
    let header = codec::encode(id, &of(near)).expect("it is below the limit").len() - near;
    let largest = of(RECORD_BYTES_MAX - header);
    let beyond = of(RECORD_BYTES_MAX - header + 1);
    let outcome = commit(&*store, Txn { records: vec![beyond], ..txn(id, 1, 0, 0) }).await;
    assert!(matches!(outcome, Err(Refusal::Malformed(_))), "{outcome:?}");
    assert!(whole(&*store, id).await.unwrap().is_empty());
    let largest = vec![largest];
    commit(&*store, Txn { records: largest.clone(), ..txn(id, 1, 0, 0) }).await.unwrap();
    assert_eq!(whole(&*store, id).await.unwrap(), largest);
}
