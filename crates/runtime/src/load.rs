//! What a session is, from its log.

use planaria_core::SessionId;
use planaria_core::limits::READ_RECORDS_MAX;
use planaria_core::port::store::Store;
use planaria_core::session::{SessionState, fold};

use crate::error::Error;

/// Folds a session's log, page by page.
pub(crate) async fn load(store: &dyn Store, id: SessionId) -> Result<SessionState, Error> {
    let mut state = SessionState::default();
    loop {
        let page = store.read(id, state.seq + 1, READ_RECORDS_MAX).await?;
        if page.is_empty() {
            return Ok(state);
        }
        fold(&mut state, &page)?;
    }
}
