//! Where the current incarnation of an actor is found.
//!
//! Callers hold a slot, never an actor: when the actor dies, its replacement publishes itself in
//! the same slot. Slots belong to one runtime; ractor's process-wide registry is not used.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ractor::{ActorRef, Message};
use tokio::sync::Notify;

/// The place of one actor. Cheap to clone.
pub(crate) struct Slot<M: Message>(Arc<Place<M>>);

struct Place<M: Message> {
    actor: Mutex<Option<ActorRef<M>>>,
    /// Wakes those who wait in the order in which they came. A watch channel wakes them in an order
    /// of chance, and a simulated run would not be a function of its seed.
    published: Notify,
}

impl<M: Message> Clone for Slot<M> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<M: Message> Default for Slot<M> {
    fn default() -> Self {
        Self(Arc::new(Place { actor: Mutex::new(None), published: Notify::new() }))
    }
}

impl<M: Message> Slot<M> {
    pub fn publish(&self, actor: ActorRef<M>) {
        *self.actor() = Some(actor);
        self.0.published.notify_waiters();
    }

    /// Whether nobody else holds the slot.
    pub fn is_alone(&self) -> bool {
        Arc::strong_count(&self.0) == 1
    }

    /// Lets go of an actor that is dead.
    pub fn clear(&self) {
        self.actor().take_if(|actor| !alive(actor));
    }

    pub fn get(&self) -> Option<ActorRef<M>> {
        self.actor().clone().filter(alive)
    }

    fn actor(&self) -> MutexGuard<'_, Option<ActorRef<M>>> {
        self.0.actor.lock().unwrap_or_else(PoisonError::into_inner)
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
        let found = async {
            loop {
                // Made before looking, so that nobody is published unseen in between.
                let published = self.0.published.notified();
                if let Some(actor) = self.get() {
                    return actor;
                }
                published.await;
            }
        };
        tokio::time::timeout(wait, found).await.ok()
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
