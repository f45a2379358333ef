//! What a crash or a bad disk does to the journal of calls.

use std::fs;
use std::io::Write;

use planaria_core::EventId;
use planaria_core::port::sandbox::{Ended, Error};

use crate::support::{Rig, bash, dead, good, kill, patiently};

#[tokio::test]
async fn a_torn_record_is_dropped_and_everything_before_it_is_there() {
    patiently(async {
        let rig = Rig::new();
        let (locator, hand) = rig.hand(1).await;
        let said = good(&hand, bash(1, "echo once >> ledger; cat ledger")).await;
        hand.cancel(EventId(2)).await.unwrap();
        kill(&locator);
        dead(&rig, &locator).await;
        let path = rig.state().join("calls");
        let whole = fs::read(&path).unwrap();
        // The seal is torn in the middle: it was never acknowledged in this story.
        fs::write(&path, &whole[..whole.len() - 3]).unwrap();
        let (_, next) = rig.hand(2).await;
        assert_eq!(good(&next, bash(1, "echo once >> ledger; cat ledger")).await, said);
        assert_eq!(good(&next, bash(2, "cat ledger")).await, "once\n");
    })
    .await;
}

#[tokio::test]
async fn damage_in_front_of_valid_records_keeps_a_hand_from_starting() {
    patiently(async {
        let rig = Rig::new();
        let (locator, hand) = rig.hand(1).await;
        good(&hand, bash(1, "echo once")).await;
        good(&hand, bash(2, "echo twice")).await;
        kill(&locator);
        dead(&rig, &locator).await;
        let path = rig.state().join("calls");
        let mut bytes = fs::read(&path).unwrap();
        bytes[30] ^= 1;
        fs::write(&path, &bytes).unwrap();
        match rig.try_provision(2, 1).await {
            Err(Error::Start(problem)) => {
                assert!(problem.contains("damaged at byte 8"), "{problem}");
                assert!(problem.contains("move the file away"), "{problem}");
            }
            other => panic!("a hand started on it: {other:?}"),
        }
        assert_eq!(fs::read(&path).unwrap(), bytes, "the evidence stays");
        assert!(rig.processes().is_empty());
    })
    .await;
}

#[tokio::test]
async fn garbage_behind_the_last_record_changes_no_outcome() {
    patiently(async {
        let rig = Rig::new();
        let (locator, hand) = rig.hand(1).await;
        good(&hand, bash(1, "echo once")).await;
        hand.cancel(EventId(2)).await.unwrap();
        kill(&locator);
        dead(&rig, &locator).await;
        let mut file = fs::OpenOptions::new().append(true).open(rig.state().join("calls")).unwrap();
        file.write_all(&[0xa5; 4_000]).unwrap();
        let (_, next) = rig.hand(2).await;
        assert_eq!(good(&next, bash(1, "echo again")).await, "once\n");
        assert_eq!(next.ensure(bash(2, "echo never")).await, Ok(Ended::Sealed));
    })
    .await;
}
