//! The port's own suite.

use planaria_drivers::model::{Anthropic, AnthropicOptions};
use planaria_testkit::provider::conformance;
use planaria_testkit::provider::dialect::{Messages, over_http};

use super::support::KEY;

#[tokio::test]
async fn the_port_is_kept() {
    let rigs = over_http(Messages, |base_url| {
        Anthropic::new(&AnthropicOptions::new(KEY).at(base_url)).expect("the options can be used")
    });
    assert_eq!(conformance(rigs).await, [""; 0]);
}
