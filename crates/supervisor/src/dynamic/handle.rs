//! The way to a dynamic supervisor, whichever incarnation runs.

use std::time::Duration;

use ractor::{ActorCell, ActorRef};
use tokio::sync::{oneshot, watch};

use super::actor::Message;
use super::children::Target;
use crate::error::Error;
use crate::supervisor::{Child, Count, Handle};

/// How long a request waits for a supervisor that is being restarted.
const RESTART_WAIT: Duration = Duration::from_secs(5);

pub(crate) type Reply<T> = oneshot::Sender<Result<T, Error>>;

/// The way to a dynamic supervisor. Cheap to clone.
pub struct DynamicRef<A: Clone + Send + Sync + 'static> {
    place: watch::Sender<Option<ActorRef<Message<A>>>>,
}

impl<A: Clone + Send + Sync + 'static> Clone for DynamicRef<A> {
    fn clone(&self) -> Self {
        Self { place: self.place.clone() }
    }
}

impl<A: Clone + Send + Sync + 'static> DynamicRef<A> {
    pub(crate) fn new() -> Self {
        Self { place: watch::Sender::new(None) }
    }

    pub(crate) fn publish(&self, actor: ActorRef<Message<A>>) {
        self.place.send_replace(Some(actor));
    }

    async fn ask<T>(&self, request: impl FnOnce(Reply<T>) -> Message<A>) -> Result<T, Error> {
        let mut place = self.place.subscribe();
        let alive = place.wait_for(|actor| actor.as_ref().is_some_and(|a| lives(&a.get_cell())));
        let actor = match tokio::time::timeout(RESTART_WAIT, alive).await {
            Ok(Ok(actor)) => actor.clone(),
            _ => None,
        };
        let (reply, answer) = oneshot::channel();
        let actor = actor.ok_or(Error::NoSupervisor)?;
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
        self.place.borrow().as_ref().filter(|a| lives(&a.get_cell())).map(ActorRef::get_cell)
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
