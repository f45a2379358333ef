//! Where the current incarnation of an actor is found.
//!
//! Callers hold a slot, never an actor: when the actor dies, its replacement publishes itself in
//! the same slot. Slots belong to one runtime; ractor's process-wide registry is not used.

use std::time::Duration;

use ractor::{ActorRef, Message};
use tokio::sync::watch;

/// The place of one actor. Cheap to clone.
pub(crate) struct Slot<M: Message>(watch::Sender<Option<ActorRef<M>>>);

impl<M: Message> Clone for Slot<M> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<M: Message> Default for Slot<M> {
    fn default() -> Self {
        Self(watch::Sender::new(None))
    }
}

impl<M: Message> Slot<M> {
    pub fn publish(&self, actor: ActorRef<M>) {
        self.0.send_replace(Some(actor));
    }

    pub fn get(&self) -> Option<ActorRef<M>> {
        self.0.borrow().clone().filter(alive)
    }

    /// Sends now, or gives the message back if nobody is there.
    pub fn cast(&self, message: M) -> Result<(), M> {
        match self.get() {
            Some(actor) => actor.cast(message).map_err(|error| match error {
                ractor::MessagingErr::SendErr(message) => message,
                other => panic!("a cast fails only by a closed mailbox: {other}"),
            }),
            None => Err(message),
        }
    }

    /// The live actor, waiting up to `wait` for one.
    pub async fn ready(&self, wait: Duration) -> Option<ActorRef<M>> {
        let mut watch = self.0.subscribe();
        let found = watch.wait_for(|actor| actor.as_ref().is_some_and(alive));
        match tokio::time::timeout(wait, found).await {
            Ok(Ok(actor)) => actor.clone(),
            _ => None,
        }
    }
}

fn alive<M: Message>(actor: &ActorRef<M>) -> bool {
    use ractor::ActorStatus;
    matches!(
        actor.get_status(),
        ActorStatus::Unstarted
            | ActorStatus::Starting
            | ActorStatus::Running
            | ActorStatus::Upgrading
    )
}
