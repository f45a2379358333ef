//! The way to a dynamic supervisor, whichever incarnation runs.

use std::sync::{Arc, Mutex, PoisonError};

use ractor::{ActorCell, ActorRef};
use tokio::sync::{Notify, oneshot};

use super::actor::Message;
use super::children::Target;
use super::spec::Template;
use crate::error::Error;
use crate::limits;
use crate::supervisor::{Child, Count, Handle};

pub(crate) type Reply<T> = oneshot::Sender<Result<T, Error>>;

/// The way to a dynamic supervisor. Cheap to clone.
pub struct DynamicRef<A: Clone + Send + Sync + 'static> {
    place: Arc<Place<A>>,
}

/// Where the supervisor is. Not a `watch` channel: those wake who waits in an order of chance.
struct Place<A: Clone + Send + Sync + 'static> {
    actor: Mutex<Option<ActorRef<Message<A>>>>,
    published: Notify,
}

impl<A: Clone + Send + Sync + 'static> Clone for DynamicRef<A> {
    fn clone(&self) -> Self {
        Self { place: self.place.clone() }
    }
}

impl<A: Clone + Send + Sync + 'static> DynamicRef<A> {
    pub(crate) fn new() -> Self {
        Self { place: Arc::new(Place { actor: Mutex::new(None), published: Notify::new() }) }
    }

    pub(crate) fn publish(&self, actor: ActorRef<Message<A>>) {
        *self.place.actor.lock().unwrap_or_else(PoisonError::into_inner) = Some(actor);
        self.place.published.notify_waiters();
    }

    fn living(&self) -> Option<ActorRef<Message<A>>> {
        let actor = self.place.actor.lock().unwrap_or_else(PoisonError::into_inner).clone();
        actor.filter(|actor| lives(&actor.get_cell()))
    }

    async fn published(&self) -> ActorRef<Message<A>> {
        loop {
            // Created before the look, so that nothing published in between is missed.
            let published = self.place.published.notified();
            if let Some(actor) = self.living() {
                return actor;
            }
            published.await;
        }
    }

    async fn ask<T>(&self, request: impl FnOnce(Reply<T>) -> Message<A>) -> Result<T, Error> {
        let actor = tokio::time::timeout(limits::RESTART_WAIT, self.published())
            .await
            .map_err(|_| Error::NoSupervisor)?;
        let (reply, answer) = oneshot::channel();
        actor.cast(request(reply)).map_err(|_| Error::NoSupervisor)?;
        answer.await.unwrap_or(Err(Error::NoSupervisor))
    }

    /// Starts a child from the template with this argument.
    ///
    /// # Errors
    /// [`Error::AlreadyStarted`] where a child of its key lives; [`Error::Start`] when it does not
    /// start, and then nothing is kept of it.
    pub async fn start_child(&self, argument: A) -> Result<Handle, Error> {
        self.ask(|reply| Message::Start(argument, reply)).await
    }

    /// Stops a child and waits until it is dead. One that is dead already is fine.
    ///
    /// # Errors
    /// [`Error::NotFound`] for a living actor that is not a child.
    pub async fn terminate_child(&self, child: &ActorCell) -> Result<(), Error> {
        let target = Target::Cell(child.clone());
        self.ask(|reply| Message::Terminate(target, reply)).await
    }

    /// Stops the child of this key and waits until it is dead.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub async fn terminate_key(&self, key: &str) -> Result<(), Error> {
        let target = Target::Key(key.to_owned());
        self.ask(|reply| Message::Terminate(target, reply)).await
    }

    /// How a child is declared: as all are.
    ///
    /// # Errors
    /// [`Error::NotFound`] for an actor that is not a child.
    pub async fn template(&self, child: &ActorCell) -> Result<Template, Error> {
        let child = child.clone();
        self.ask(|reply| Message::Template(child, reply)).await
    }

    /// All children, in the order of their start.
    ///
    /// # Errors
    /// [`Error::NoSupervisor`].
    pub async fn which_children(&self) -> Result<Vec<Child>, Error> {
        self.ask(Message::Which).await
    }

    /// How many children there are; the declaration is one, whatever their number.
    ///
    /// # Errors
    /// [`Error::NoSupervisor`].
    pub async fn count_children(&self) -> Result<Count, Error> {
        self.ask(Message::Count).await
    }

    /// The supervisor's actor, if one lives.
    pub fn cell(&self) -> Option<ActorCell> {
        self.living().map(|actor| actor.get_cell())
    }
}

/// Whether an actor has not begun to end.
pub(crate) fn lives(actor: &ActorCell) -> bool {
    use ractor::ActorStatus;
    !matches!(
        actor.get_status(),
        ActorStatus::Draining | ActorStatus::Stopping | ActorStatus::Stopped
    )
}

impl<A: Clone + Send + Sync + 'static> std::fmt::Debug for DynamicRef<A> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DynamicRef")
    }
}
