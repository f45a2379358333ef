//! Whether the store still serves, shared by all its threads.

use std::sync::{Mutex, PoisonError};

use planaria_core::port::store::Error;

/// Once it is not well, it never is again.
#[derive(Debug, Default)]
pub(super) struct Health(Mutex<Option<Error>>);

impl Health {
    /// What to answer instead of serving.
    pub fn check(&self) -> Result<(), Error> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone().map_or(Ok(()), Err)
    }

    /// Nothing more is accepted: a group could be neither kept nor undone. The first reason stays.
    pub fn poison(&self, cause: &Error) {
        let text = match cause {
            Error::Poisoned(text) => text.clone(),
            other => other.to_string(),
        };
        self.end(Error::Poisoned(text));
    }

    /// The store was closed. A poisoned one stays poisoned: that is what its users must hear.
    pub fn close(&self) {
        self.end(Error::Closed);
    }

    fn end(&self, error: Error) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
    }

    /// Whether a write failed.
    pub fn is_poisoned(&self) -> bool {
        matches!(self.check(), Err(Error::Poisoned(_)))
    }
}
