//! The port's own suite.

use planaria_drivers::model::{OpenAi, OpenAiOptions};
use planaria_testkit::provider::conformance;
use planaria_testkit::provider::dialect::{Chat, over_http};

#[tokio::test]
async fn the_port_is_kept() {
    let rigs = over_http(Chat, |base_url| {
        OpenAi::new(&OpenAiOptions::new(base_url)).expect("the options can be used")
    });
    assert_eq!(conformance(rigs).await, Chat::UNSAID);
}
