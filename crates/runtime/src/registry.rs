//! The sessions that this runtime has heard of, and where their actors are.

use std::sync::Arc;

use dashmap::DashMap;
use planaria_core::SessionId;
use tokio::sync::Semaphore;

use crate::harness::HarnessMsg;
use crate::limits::SESSION_COMMANDS_MAX;
use crate::session::SessionMsg;
use crate::slot::Slot;
use crate::view::Shared;

/// One session's places. Survives its actors.
#[derive(Clone)]
pub(crate) struct Entry {
    pub session: Slot<SessionMsg>,
    pub harness: Slot<HarnessMsg>,
    pub shared: Shared,
    /// Bounds the commands that wait in the session's mailbox.
    pub door: Arc<Semaphore>,
}

impl Default for Entry {
    fn default() -> Self {
        Self {
            session: Slot::default(),
            harness: Slot::default(),
            shared: Shared::default(),
            door: Arc::new(Semaphore::new(SESSION_COMMANDS_MAX)),
        }
    }
}

/// The registry of one runtime. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Registry(Arc<DashMap<SessionId, Entry>>);

impl Registry {
    pub fn entry(&self, id: SessionId) -> Entry {
        self.0.entry(id).or_default().clone()
    }

    /// Where a session is, if anybody has asked for it yet.
    pub fn known(&self, id: SessionId) -> Option<Entry> {
        self.0.get(&id).map(|entry| entry.clone())
    }

    /// In id order, so that nothing depends on the map's.
    pub fn ids(&self) -> Vec<SessionId> {
        let mut ids: Vec<_> = self.0.iter().map(|entry| *entry.key()).collect();
        ids.sort_unstable();
        ids
    }
}
