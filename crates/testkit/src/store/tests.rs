//! The simulated store against its own suite, and in every way it can be made to fail.

use std::collections::BTreeSet;
use std::time::Duration;

use planaria_core::SessionId;
use planaria_core::port::store::{Error, Head, Store, Txn};

use super::{Failure, Ledger, Point, SimDisk, SimStore, conformance, txn, whole};
use crate::rng::Rng;

const ID: SessionId = SessionId(1);

fn disk(seed: u64) -> SimDisk {
    SimDisk::new(Rng::new(seed))
}

/// Three transactions on as many sessions.
fn three() -> Vec<Txn> {
    (1..=3).map(|id| txn(SessionId(id), 1, 0, 2)).collect()
}

/// How many of the three are there.
async fn survivors(disk: &SimDisk) -> usize {
    let store = SimStore::open(disk).unwrap();
    let mut count = 0;
    for id in 1..=3 {
        let len = whole(&store, SessionId(id)).await.unwrap().len();
        assert!(len == 0 || len == 2, "a transaction is all or nothing, and {len} of 2 are there");
        count += len / 2;
    }
    assert_eq!(disk.ledger().compare(&store).await.unwrap(), []);
    count
}

#[tokio::test]
async fn the_port_is_kept() {
    conformance(|| {
        let disk = disk(1);
        move || {
            let disk = disk.clone();
            async move { SimStore::open(&disk).unwrap() }
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_crash_before_the_write_loses_the_group_and_one_after_the_sync_keeps_it() {
    for (point, expected) in [(Point::BeforeWrite, 0), (Point::BeforeAck, 3)] {
        let disk = disk(1);
        let store = SimStore::open(&disk).unwrap();
        store.hold(point);
        let crash = async {
            assert_eq!(store.held().await, point);
            disk.crash();
            store.release();
        };
        let (outcome, ()) = tokio::join!(store.commit(three()), crash);
        assert_eq!(outcome, Err(Error::Closed));
        assert!(disk.ledger().is_empty(), "nobody was told");
        assert_eq!(survivors(&disk).await, expected, "{point:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_crash_before_the_sync_keeps_any_part_of_the_group() {
    let mut seen = BTreeSet::new();
    for seed in 0..64 {
        let disk = disk(seed);
        let store = SimStore::open(&disk).unwrap();
        store.hold(Point::BeforeSync);
        let mut commit = store.commit(three());
        tokio::select! {
            biased;
            _ = &mut commit => panic!("the commit is held"),
            _ = store.held() => disk.crash(),
        }
        drop(commit);
        seen.insert(survivors(&disk).await);
    }
    assert_eq!(seen, BTreeSet::from([0, 1, 2, 3]));
}

#[tokio::test]
async fn what_was_acknowledged_survives_any_crash() {
    let disk = disk(9);
    for round in 0..20 {
        let store = SimStore::open(&disk).unwrap();
        let head = store.head(ID).await.unwrap().unwrap_or(Head { seq: 0, epoch: 0 });
        let epoch = store.next_epoch();
        store.commit(vec![txn(ID, epoch, head.seq, 3)]).await.unwrap()[0].clone().unwrap();
        disk.crash();
        assert_eq!(disk.ledger().len(), 3 * (round + 1));
    }
    let store = SimStore::open(&disk).unwrap();
    assert_eq!(disk.ledger().compare(&store).await.unwrap(), []);
}

#[tokio::test]
async fn a_failed_write_or_sync_poisons_the_store_and_a_full_disk_is_named_first() {
    for failure in [Failure::Write, Failure::Sync, Failure::Full] {
        let disk = disk(1);
        let store = SimStore::open(&disk).unwrap();
        store.commit(vec![txn(ID, 1, 0, 1)]).await.unwrap()[0].clone().unwrap();
        store.fail_next(failure);
        let error = store.commit(three()[1..].to_vec()).await.unwrap_err();
        assert_eq!(matches!(error, Error::Full { .. }), failure == Failure::Full, "{error}");
        let again = store.commit(vec![txn(ID, 1, 1, 1)]).await;
        assert!(matches!(again, Err(Error::Poisoned(_))), "{again:?}");
        assert!(matches!(store.head(ID).await, Err(Error::Poisoned(_))));
        store.close().await;
        let store = SimStore::open(&disk).unwrap();
        assert_eq!(disk.ledger().len(), 1);
        assert_eq!(disk.ledger().compare(&store).await.unwrap(), []);
        store.commit(vec![txn(ID, 1, 1, 1)]).await.unwrap()[0].clone().unwrap();
    }
}

#[tokio::test(start_paused = true)]
#[allow(clippy::disallowed_methods, reason = "the paused clock is what is tested")]
async fn commits_take_the_time_they_are_told_and_keep_their_order() {
    let store = SimStore::open(&disk(1)).unwrap();
    store.delay(Duration::from_millis(10));
    let start = tokio::time::Instant::now();
    let (one, two) =
        tokio::join!(store.commit(vec![txn(ID, 1, 0, 1)]), store.commit(vec![txn(ID, 1, 1, 1)]));
    assert_eq!(one.unwrap(), [Ok(Head { seq: 1, epoch: 1 })]);
    assert_eq!(two.unwrap(), [Ok(Head { seq: 2, epoch: 1 })]);
    assert_eq!(start.elapsed(), Duration::from_millis(20));
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_goes_away_does_not_take_a_written_group_back() {
    let store = SimStore::open(&disk(1)).unwrap();
    store.hold(Point::BeforeSync);
    tokio::select! {
        biased;
        _ = store.commit(three()) => panic!("the commit is held"),
        _ = store.held() => {}
    }
    assert_eq!(whole(&store, ID).await.unwrap().len(), 2);
    assert_eq!(
        store.commit(vec![txn(ID, 1, 2, 1)]).await.unwrap(),
        [Ok(Head { seq: 3, epoch: 1 })]
    );
}

#[tokio::test]
async fn one_store_at_a_time_has_the_disk_and_a_dead_one_cannot_write() {
    let disk = disk(1);
    let first = SimStore::open(&disk).unwrap();
    assert!(matches!(SimStore::open(&disk), Err(Error::Locked { .. })));
    disk.crash();
    let second = SimStore::open(&disk).unwrap();
    assert_eq!(first.commit(vec![txn(ID, 1, 0, 1)]).await, Err(Error::Closed));
    assert_eq!(second.head(ID).await.unwrap(), None);
    // Closing the dead one does not take the disk from the living.
    first.close().await;
    second.commit(vec![txn(ID, 1, 0, 1)]).await.unwrap()[0].clone().unwrap();
}

#[tokio::test]
async fn a_flipped_bit_stops_its_own_session_at_its_own_record() {
    let disk = disk(1);
    let store = SimStore::open(&disk).unwrap();
    store.commit(three()).await.unwrap();
    assert!(disk.corrupt(SessionId(2), 2));
    assert!(!disk.corrupt(SessionId(2), 9));
    assert_eq!(store.read(SessionId(2), 1, 1).await.unwrap().len(), 1);
    let error = store.read(SessionId(2), 1, 9).await.unwrap_err();
    assert!(matches!(error, Error::Corrupt { session: SessionId(2), seq: 2, .. }), "{error}");
    assert_eq!(store.read(SessionId(3), 1, 9).await.unwrap().len(), 2);
}

#[tokio::test]
async fn the_ledger_sees_lost_changed_and_doubled_records() {
    let mut ledger = Ledger::default();
    let records = txn(ID, 1, 0, 3).records;
    ledger.note(ID, &records);
    let mut changed = txn(ID, 1, 0, 2);
    changed.records[1].at_us += 1;
    let store = SimStore::open(&disk(1)).unwrap();
    store.commit(vec![changed]).await.unwrap();
    let broken = ledger.compare(&store).await.unwrap();
    assert_eq!(broken.iter().map(|broken| broken.seq).collect::<Vec<_>>(), [2, 3]);
    assert!(broken[1].problem.contains("is gone"), "{}", broken[1]);
    let twice = std::panic::catch_unwind(move || ledger.note(ID, &records[..1]));
    assert!(twice.is_err());
}
