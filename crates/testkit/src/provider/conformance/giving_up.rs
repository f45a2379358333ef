//! Requests that nobody waits for any more.

use planaria_core::port::provider::Delta;

use super::run::{Items, ask, next, within};
use super::{Case, Rigs};

fn stalls() -> Case {
    Case::StallsAfter { text: vec!["One".to_owned()] }
}

/// Reads until the answer has begun: from then on there is something to give up.
async fn begin(items: &mut Items) {
    loop {
        match next(items).await {
            Some(Ok(Delta::Text { .. })) => return,
            Some(Ok(Delta::Done(_)) | Err(_)) | None => panic!("the answer was to stall"),
            Some(Ok(_)) => {}
        }
    }
}

pub(super) async fn a_request_that_is_dropped_is_given_up(rigs: Rigs) -> Option<()> {
    let mut rig = rigs(stalls()).await?;
    let given_up = rig.given_up.take();
    let mut items = ask(&rig, "drop");
    begin(&mut items).await;
    drop(items);
    if let Some(given_up) = given_up {
        within("the endpoint hears that its client has gone", given_up).await;
    }
    Some(())
}
