//! Clocks that go wrong.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use planaria_core::SessionId;
use planaria_core::limits::RETRY_AFTER_MAX;
use planaria_core::port::provider::Error;
use planaria_core::record::payload::StopReason;
use planaria_core::session::Status;

use crate::support::{Model, Rig, create, fine, idle, last_text, log, said, say};

const SESSION: SessionId = SessionId(1);
const DAY: Duration = Duration::from_secs(86_400);

#[tokio::test(start_paused = true)]
async fn a_clock_that_was_set_back_by_a_day_holds_no_turn_up_for_longer_than_a_retry() {
    let ahead = Rig::new();
    ahead.clock.skip(DAY);
    let runtime = ahead.start(ahead.store(), fine()).await;
    create(&runtime, SESSION).await;
    say(&runtime, SESSION, "hello").await;
    let before = idle(&runtime, SESSION).await;
    runtime.shutdown(Duration::from_secs(1)).await;
    ahead.disk.crash();

    // Right again: the records lie a day ahead.
    let right = Rig { disk: ahead.disk.clone(), ..Rig::new() };
    let failed = AtomicBool::new(false);
    let model = Model(move |request: &_| match last_text(request).as_str() {
        "fail once" if !failed.swap(true, Ordering::Relaxed) => {
            Err(Error::Broken { message: "cut".to_owned() })
        }
        _ => said("fine"),
    });
    let runtime = right.start(right.store(), model).await;
    let retry = Duration::from_micros(RETRY_AFTER_MAX);
    for (text, longest) in [("still there?", Duration::from_secs(1)), ("fail once", 2 * retry)] {
        let began = right.clock.now();
        say(&runtime, SESSION, text).await;
        let after = idle(&runtime, SESSION).await;

        assert_eq!(after.status, Status::Idle(StopReason::EndTurn));
        assert!(after.at_us >= before.at_us, "times in a log never go back");
        log(&runtime, SESSION).await;
        let took = right.clock.now() - began;
        assert!(took < longest, "`{text}` took {took:?}");
    }
}
