//! The port's own suite.

use std::sync::Arc;

use planaria_drivers::store::{FjallStore, Options};
use planaria_testkit::store::conformance;

#[tokio::test]
async fn the_port_is_kept() {
    conformance(|| {
        let directory = Arc::new(tempfile::tempdir().unwrap());
        move || {
            let directory = directory.clone();
            async move { FjallStore::open(directory.path(), Options::default()).unwrap() }
        }
    })
    .await;
}
