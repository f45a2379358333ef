//! The session's one shell: its calls run one after the other, in their order.

use std::time::Duration;

use planaria_core::SessionId;
use planaria_runtime::Fault;

use crate::support::{Rig, caller, create, endless, idle, inject, log, quick, results, say, until};

const SESSION: SessionId = SessionId(1);
const QUEUED: [&str; 5] = ["one", "two", "three", "four", "five"];

#[tokio::test(start_paused = true)]
async fn queued_calls_stay_in_the_queue_whenever_harnesses_are_killed() {
    for pause in [0, 1, 2, 5, 30, 200] {
        let rig = Rig::new();
        let commands = [endless()].into_iter().chain(QUEUED.map(quick)).collect();
        let runtime = rig.start(rig.store(), caller(commands)).await;
        create(&runtime, SESSION).await;
        say(&runtime, SESSION, "go").await;
        until(|| !rig.hands.ledger().is_empty()).await;
        for _ in 0..4 {
            inject(&runtime, SESSION, Fault::KillHarness).await;
            tokio::time::sleep(Duration::from_millis(pause)).await;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
        let ran = rig.hands.ledger();
        assert_eq!(ran.len(), 1, "{ran:?}, with {pause} ms between two kills");

        rig.hands.release(SESSION, ran[0].call);
        idle(&runtime, SESSION).await;

        let ran: Vec<String> = rig.hands.ledger().into_iter().map(|run| run.key).collect();
        assert_eq!(ran, [["wait"].as_slice(), &QUEUED].concat());
        assert_eq!(results(&log(&runtime, SESSION).await).len(), ran.len());
    }
}
