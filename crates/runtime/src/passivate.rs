//! Putting a session to sleep: its actors end, its entry goes, and its log is all that is left.
//!
//! Nothing may be lost in the very moment. Whoever sends a command is inside the session's door
//! from before it looks for the actor until it is answered, so sleep begins by taking every place
//! at the door: then nobody is on the way. Who comes later waits at the door, finds no actor behind
//! it, and starts the session anew. The places are held by the task that does this, so they are
//! free again whatever becomes of it.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use planaria_core::SessionId;
use planaria_supervisor::DynamicRef;
use tokio::sync::oneshot;

use crate::limits::{SESSION_COMMANDS_MAX, SLEEPING_HANDS_MAX};
use crate::load::keep;
use crate::registry::Entry;
use crate::sandbox::Sandboxes;
use crate::session::{Rested, SessionMsg};
use crate::tree::Parts;
use crate::view::Condition;

/// Who can be put to sleep, and by whom they are started.
#[derive(Clone)]
pub(crate) struct Dormitory {
    pub parts: Arc<Parts>,
    pub sessions: DynamicRef<SessionId>,
    pub sandboxes: Sandboxes,
}

impl Dormitory {
    /// Puts a session to sleep that has heard nothing since its `heard`th message, unless somebody
    /// is about to say something. One that is left awake asks again when it has been quiet for as
    /// long once more.
    pub async fn put_to_sleep(&self, id: SessionId, heard: u64) {
        let Some(entry) = self.parts.registry.known(id) else { return };
        if let Some(Rested { state, snapshot }) = self.end_actors(id, &entry, heard).await {
            tracing::debug!(session = %id, "asleep");
            // Behind the door: whoever wakes it now has a longer tail to read, and nothing else.
            keep(self.parts.store.as_ref(), id, &state, snapshot).await;
            if state.hand.is_some() {
                self.parts.sleeping_hands.remember(id);
            }
        }
        drop(entry);
        self.parts.registry.forget(id);
    }

    /// Ends the session's actors while nobody can reach them; gives what the session was.
    async fn end_actors(&self, id: SessionId, entry: &Entry, heard: u64) -> Option<Rested> {
        let _door = entry.door.clone().try_acquire_many_owned(SESSION_COMMANDS_MAX).ok()?;
        // First, so that no hand is on its way to a session that has gone.
        if !self.sandboxes.rest(id, entry).await {
            return None;
        }
        let (reply, answer) = oneshot::channel();
        entry.session.cast(SessionMsg::Rest { heard, reply }).ok()?;
        let rested = answer.await.ok()??;
        // Its supervisor ends with it; one that has ended already is not found.
        let ended = self.sessions.terminate_key(&id.to_string()).await;
        tracing::trace!(session = %id, ok = ended.is_ok(), "its actors have ended");
        entry.session.clear();
        entry.harness.clear();
        entry.sandbox.clear();
        Some(rested)
    }

    /// Shows to those who watch a sleeping session what its log says.
    pub async fn show(&self, id: SessionId) {
        let Some(entry) = self.parts.registry.known(id) else { return };
        let asleep = matches!(entry.shared.view.borrow().condition, Condition::Asleep);
        if !asleep || entry.shared.view.receiver_count() == 0 {
            return;
        }
        match self.parts.load(id).await {
            // Nobody has created it yet.
            Ok(state) if state.seq == 0 => {}
            Ok(state) => entry.shared.asleep(state),
            // Whoever asks for its state hears why.
            Err(error) => tracing::debug!(session = %id, %error, "it cannot be shown"),
        }
    }
}

/// Sessions that sleep and had a hand when they went to sleep: their hands end with the runtime.
#[derive(Default)]
pub(crate) struct SleepingHands(Mutex<BTreeSet<SessionId>>);

impl SleepingHands {
    fn remember(&self, id: SessionId) {
        let mut ids = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if ids.len() < SLEEPING_HANDS_MAX {
            ids.insert(id);
        }
    }

    /// The session is awake, and found in the registry.
    pub fn forget(&self, id: SessionId) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
    }

    pub fn ids(&self) -> BTreeSet<SessionId> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
