//! The sessions that somebody uses now, and where their actors are.
//!
//! A session that nobody uses has no entry: what it is stands in its log.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use dashmap::DashMap;
use planaria_core::SessionId;
use tokio::sync::Semaphore;

use crate::harness::HarnessMsg;
use crate::limits::{REGISTRY_SWEEP_MIN, SESSION_COMMANDS_MAX};
use crate::sandbox::SandboxMsg;
use crate::session::SessionMsg;
use crate::slot::Slot;
use crate::view::{Condition, Shared};

/// One session's places. Survives its actors.
pub(crate) struct Places {
    pub session: Slot<SessionMsg>,
    pub harness: Slot<HarnessMsg>,
    pub sandbox: Slot<SandboxMsg>,
    pub shared: Shared,
    /// Bounds the commands that wait in the session's mailbox. A caller is inside from before it
    /// looks for the actor until it is answered, so whoever holds every place knows that nobody is
    /// on the way.
    pub door: Arc<Semaphore>,
}

/// Whoever holds one keeps the session's places where others find them.
pub(crate) type Entry = Arc<Places>;

impl Default for Places {
    fn default() -> Self {
        Self {
            session: Slot::default(),
            harness: Slot::default(),
            sandbox: Slot::default(),
            shared: Shared::default(),
            door: Arc::new(Semaphore::new(SESSION_COMMANDS_MAX as usize)),
        }
    }
}

impl Places {
    /// Whether only the registry knows these places, and nothing in them is worth keeping.
    fn unused(self: &Arc<Self>) -> bool {
        let stopped = matches!(self.shared.view.borrow().condition, Condition::Unreadable(_));
        Arc::strong_count(self) == 1
            && !stopped
            && self.session.is_alone()
            && self.harness.is_alone()
            && self.sandbox.is_alone()
            && self.shared.is_alone()
    }
}

/// The registry of one runtime. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Registry(Arc<Inner>);

#[derive(Default)]
struct Inner {
    entries: DashMap<SessionId, Entry>,
    /// So many entries are looked through for unused ones before another is made.
    sweep_at: AtomicUsize,
}

impl Registry {
    pub fn entry(&self, id: SessionId) -> Entry {
        if let Some(known) = self.known(id) {
            return known;
        }
        self.sweep();
        self.0.entries.entry(id).or_default().clone()
    }

    /// Where a session is, if anybody uses it.
    pub fn known(&self, id: SessionId) -> Option<Entry> {
        self.0.entries.get(&id).map(|entry| entry.clone())
    }

    /// In id order, so that nothing depends on the map's.
    pub fn ids(&self) -> Vec<SessionId> {
        let mut ids: Vec<_> = self.0.entries.iter().map(|entry| *entry.key()).collect();
        ids.sort_unstable();
        ids
    }

    /// Forgets a session unless somebody uses it, watches it or waits at its door.
    pub fn forget(&self, id: SessionId) {
        self.0.entries.remove_if(&id, |_, entry| entry.unused());
    }

    /// Forgets those whose last watcher went without a word. Each look through the map is paid for
    /// by as many new entries as it found in use.
    fn sweep(&self) {
        let Inner { entries, sweep_at } = &*self.0;
        if entries.len() >= sweep_at.load(Ordering::Relaxed).max(REGISTRY_SWEEP_MIN) {
            entries.retain(|_, entry| !entry.unused());
            sweep_at.store(2 * entries.len(), Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_goes_when_nobody_uses_it_and_not_before() {
        let (registry, id) = (Registry::default(), SessionId(1));
        let held = registry.entry(id);
        let slot = held.session.clone();
        let watcher = held.shared.view.subscribe();
        let listener = held.shared.listen();
        registry.forget(id);
        assert!(registry.known(id).is_some(), "somebody holds it");
        drop(held);
        registry.forget(id);
        assert!(registry.known(id).is_some(), "its actors would be looked for elsewhere");
        drop(slot);
        registry.forget(id);
        assert!(registry.known(id).is_some(), "somebody watches");
        drop(watcher);
        registry.forget(id);
        assert!(registry.known(id).is_some(), "somebody listens");
        drop(listener);
        registry.forget(id);
        assert!(registry.known(id).is_none());
    }

    #[test]
    fn a_session_that_cannot_be_used_is_remembered() {
        let (registry, id) = (Registry::default(), SessionId(1));
        registry.entry(id).shared.condition(Condition::Unreadable("damaged".to_owned()));
        registry.forget(id);
        assert!(registry.known(id).is_some());
    }

    #[test]
    fn what_watchers_leave_behind_is_bounded() {
        let registry = Registry::default();
        let kept: Vec<_> = (0..3_000).map(|id| registry.entry(SessionId(id))).collect();
        for id in 10_000..100_000 {
            registry.entry(SessionId(id));
            let entries = registry.0.entries.len();
            assert!(entries <= 2 * (kept.len() + REGISTRY_SWEEP_MIN), "{entries} entries");
        }
        assert!((0..3_000).all(|id| registry.known(SessionId(id)).is_some()));
    }
}
