//! Following a session: records by position, never fed, only woken.

use std::sync::Arc;

use planaria_core::port::store::Store;
use planaria_core::{Record, SessionId};
use tokio::sync::watch;

use crate::error::{End, Error};
use crate::view::View;

/// A reader of one session's log. A slow one never slows the writer and never misses a record.
pub struct Follower {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) view: watch::Receiver<View>,
    pub(crate) end: watch::Receiver<Option<End>>,
    pub(crate) session: SessionId,
    pub(crate) next: u64,
}

impl Follower {
    /// The next records, at most `max`, at least one; waits for them.
    ///
    /// # Errors
    /// When the log cannot be read, or the runtime has ended.
    pub async fn next(&mut self, max: usize) -> Result<Vec<Record>, Error> {
        loop {
            // Seen before reading, so that a record that comes in between wakes us.
            self.view.borrow_and_update();
            let records = self.store.read(self.session, self.next, max).await?;
            if let Some(last) = records.last() {
                self.next = last.seq + 1;
                return Ok(records);
            }
            let ended = || Error::Ended("nobody writes this session any more".to_owned());
            tokio::select! { biased;
                changed = self.view.changed() => changed.map_err(|_| ended())?,
                _ = async { self.end.wait_for(Option::is_some).await.is_ok() } => {
                    return Err(ended());
                }
            }
        }
    }
}
