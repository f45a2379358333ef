//! The way to the sandboxes of a runtime.

use std::time::Duration;

use planaria_core::SessionId;
use planaria_supervisor::DynamicRef;
use tokio::sync::oneshot;

use super::actor::{BoundHand, SandboxMsg};
use crate::limits::{SANDBOX_TRIES, SANDBOX_WAIT, START_WAIT};
use crate::registry::{Entry, Registry};

/// The way to the sandboxes of a runtime. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Sandboxes {
    registry: Registry,
    supervisor: DynamicRef<SessionId>,
}

impl Sandboxes {
    pub fn new(registry: Registry, supervisor: DynamicRef<SessionId>) -> Self {
        Self { registry, supervisor }
    }

    /// The session's hand. Outlives the death of the sandbox's actor: the request goes to the next.
    ///
    /// # Errors
    /// In words, when no hand can be had.
    pub async fn hand(&self, session: SessionId) -> Result<BoundHand, String> {
        self.ask(session, SandboxMsg::Hand).await
    }

    /// Kills the hand of this generation with everything that it runs. Afterwards it is proved
    /// dead.
    ///
    /// # Errors
    /// In words, when that could not be done: it may live.
    pub async fn destroy(&self, session: SessionId, generation: u64) -> Result<(), String> {
        self.ask(session, |reply| SandboxMsg::Destroy(generation, reply)).await
    }

    /// Asks the session's sandbox actor until one lives long enough to answer.
    async fn ask<T>(
        &self,
        session: SessionId,
        message: impl Fn(oneshot::Sender<Result<T, String>>) -> SandboxMsg,
    ) -> Result<T, String> {
        let entry = self.registry.entry(session);
        let slot = &entry.sandbox;
        let mut wait = SANDBOX_WAIT;
        for _ in 0..SANDBOX_TRIES {
            if slot.get().is_none() {
                // Somebody else may have been faster; whoever is there is found in the slot.
                let started = self.supervisor.start_child(session).await;
                tracing::trace!(%session, ok = started.is_ok(), "sandbox actor asked for");
            }
            let Some(actor) = slot.ready(START_WAIT).await else {
                return Err(format!("the sandbox's actor did not start in {START_WAIT:?}"));
            };
            let (reply, answer) = oneshot::channel();
            if actor.cast(message(reply)).is_ok()
                && let Ok(result) = answer.await
            {
                return result;
            }
            tokio::time::sleep(wait).await;
            wait = (wait * 2).min(Duration::from_secs(1));
        }
        Err(format!("the sandbox's actor died {SANDBOX_TRIES} times of the request"))
    }

    pub fn mistrust(&self, session: SessionId, generation: u64) {
        if let Some(entry) = self.registry.known(session) {
            let _ = entry.sandbox.cast(SandboxMsg::Mistrust(generation));
        }
    }

    /// Ends the session's hand in good order, if one is connected; says whether one was.
    pub async fn retire(&self, session: SessionId) -> bool {
        let Some(entry) = self.registry.known(session) else { return false };
        let (reply, done) = oneshot::channel();
        let asked = entry.sandbox.cast(SandboxMsg::Retire(reply)).is_ok();
        asked && done.await.unwrap_or(false)
    }

    /// Ends the session's sandbox actor and waits until it is dead; its hand lives on. False when
    /// the actor is needed.
    pub async fn rest(&self, session: SessionId, entry: &Entry) -> bool {
        let (reply, answer) = oneshot::channel();
        if entry.sandbox.cast(SandboxMsg::Rest(reply)).is_ok() && answer.await == Ok(false) {
            return false;
        }
        // One that has ended, or never was there, is not found.
        let ended = self.supervisor.terminate_key(&session.to_string()).await;
        tracing::trace!(%session, ok = ended.is_ok(), "its sandbox's actor has ended");
        true
    }
}
