//! A runtime without sandboxes.

use std::sync::Arc;

use planaria_core::port::BoxFuture;
use planaria_core::port::sandbox::{Driver, Error, Hand, Isolation, Locator, Spec};

/// Starts nothing: built-in tools fail and say why.
pub(crate) struct NoSandbox;

fn refused<T>() -> Result<T, Error> {
    Err(Error::Refused("this runtime was built without a sandbox; see Builder::sandbox".to_owned()))
}

impl Driver for NoSandbox {
    fn name(&self) -> &str {
        "none"
    }

    fn isolation(&self) -> Isolation {
        let summary = "there is no sandbox, and nothing runs in one".to_owned();
        Isolation { level: "none".to_owned(), summary }
    }

    fn provision(&self, _: Spec) -> BoxFuture<'_, Result<Locator, Error>> {
        Box::pin(async { refused() })
    }

    fn attach(&self, _: Locator, _: u64) -> BoxFuture<'_, Result<Arc<dyn Hand>, Error>> {
        Box::pin(async { refused() })
    }

    fn destroy(&self, _: Locator) -> BoxFuture<'_, Result<(), Error>> {
        Box::pin(async { refused() })
    }
}
