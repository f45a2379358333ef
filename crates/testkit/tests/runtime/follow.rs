//! Followers: records by position, previews as they come.

use std::time::Duration;

use planaria_core::record::Kind;
use planaria_core::{Record, SessionId};
use planaria_runtime::{Error, Preview};

use crate::support::{Model, Rig, create, fine, idle, said, say};

const SESSION: SessionId = SessionId(1);

#[tokio::test(start_paused = true)]
async fn a_preview_carries_the_id_and_a_prefix_of_the_event_that_supersedes_it() {
    let rig = Rig::new();
    let runtime = rig.start(rig.store(), Model(|_: &_| said("a whole sentence"))).await;
    create(&runtime, SESSION).await;
    let mut previews = runtime.previews(SESSION);
    say(&runtime, SESSION, "hello").await;
    idle(&runtime, SESSION).await;

    let records = runtime.read(SESSION, 1, 1_000).await.unwrap();
    let message = records.iter().find(|r| r.kind == Kind::AgentMessage).unwrap();
    assert_eq!(previews.try_recv().unwrap(), Preview::MessageStart { id: message.id });
    let text = Preview::Text { id: message.id, index: 0, text: "a whole sentence".to_owned() };
    assert_eq!(previews.try_recv().unwrap(), text);
    assert!(previews.try_recv().is_err(), "the event itself supersedes them");
}

#[tokio::test(start_paused = true)]
async fn a_follower_that_starts_anywhere_sees_every_later_record_once() {
    let rig = Rig::new();
    let runtime = rig.start(rig.store(), fine()).await;
    create(&runtime, SESSION).await;
    let mut follower = runtime.follow(SESSION, 3);
    say(&runtime, SESSION, "hello").await;
    let end = idle(&runtime, SESSION).await.seq;

    let mut seen: Vec<Record> = Vec::new();
    while seen.last().is_none_or(|record| record.seq < end) {
        seen.extend(follower.next(2).await.unwrap());
    }

    let expected = runtime.read(SESSION, 3, 1_000).await.unwrap();
    assert_eq!(seen, expected);
}

#[tokio::test(start_paused = true)]
async fn a_follower_that_waits_hears_of_the_end_of_the_runtime() {
    let rig = Rig::new();
    let runtime = rig.start(rig.store(), fine()).await;
    create(&runtime, SESSION).await;
    let mut follower = runtime.follow(SESSION, 1_000);
    let waiting = tokio::spawn(async move { (follower.next(1).await, follower.next(1).await) });
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(!waiting.is_finished());

    runtime.shutdown(Duration::from_secs(1)).await;

    let heard = tokio::time::timeout(Duration::from_secs(3_600), waiting).await;
    let (first, again) = heard.expect("it does not wait for ever").unwrap();
    assert!(matches!(first, Err(Error::Ended(_))), "{first:?}");
    assert!(matches!(again, Err(Error::Ended(_))), "{again:?}");
}
