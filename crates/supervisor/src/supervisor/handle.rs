//! The way to a supervisor.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use ractor::{ActorCell, ActorRef};
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use super::actor::Message;
use super::place::{Place, living_of, status_of};
use super::requests::{Reply, Request};
use crate::child::{ChildSpec, Kind};
use crate::context::Context;
use crate::error::Error;
use crate::exit::ExitReason;
use crate::launch::Info;
use crate::living::Living;
use crate::node::{Node, NodeCell, Status};
use crate::scope::Scope;

/// Where a root's end is published. Not a `watch` channel: those wake who waits in an order of
/// chance.
#[derive(Clone, Default)]
pub(crate) struct Done {
    reason: Arc<OnceLock<ExitReason>>,
    told: CancellationToken,
}

/// A child that was started on request.
#[derive(Clone)]
#[non_exhaustive]
pub struct Handle {
    /// Its actor; none if its start function said that there is nothing to run.
    pub cell: Option<ActorCell>,
    /// What its start function passed on.
    pub info: Option<Info>,
    /// Of a child supervisor, the way to it.
    pub supervisor: Option<SupervisorRef>,
}

impl Handle {
    pub(crate) fn of(living: &Living) -> Self {
        Self {
            cell: Some(living.cell.clone()),
            info: living.info.clone(),
            supervisor: living.supervisor.clone(),
        }
    }

    pub(crate) fn ignored() -> Self {
        Self { cell: None, info: None, supervisor: None }
    }
}

/// A child as `which_children` shows it.
#[derive(Clone)]
#[non_exhaustive]
pub struct Child {
    /// Its id; none for the children of a dynamic supervisor.
    pub id: Option<String>,
    /// Worker or supervisor.
    pub kind: Kind,
    /// Its actor, while it lives.
    pub cell: Option<ActorCell>,
    /// Where it stands.
    pub status: Status,
    /// Of a child supervisor, the way to it.
    pub supervisor: Option<SupervisorRef>,
}

impl Child {
    pub(crate) fn of(id: Option<String>, kind: Kind, place: &Place) -> Self {
        let living = living_of(place);
        Self {
            id,
            kind,
            cell: living.map(|l| l.cell.clone()),
            status: status_of(place),
            supervisor: living.and_then(|l| l.supervisor.clone()),
        }
    }
}

/// How many children there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Count {
    /// Declarations.
    pub specs: usize,
    /// Children that live.
    pub active: usize,
    /// Supervisors, alive or not.
    pub supervisors: usize,
    /// Workers, alive or not.
    pub workers: usize,
}

/// The way to one incarnation of a supervisor. Cheap to clone.
#[derive(Clone)]
pub struct SupervisorRef {
    actor: ActorRef<Message>,
    scope: Scope,
    node: Arc<NodeCell>,
    /// Set by a root's watcher; a nested supervisor's end shows in its scope.
    done: Option<Done>,
}

impl SupervisorRef {
    pub(crate) fn new(actor: ActorRef<Message>, context: &Context, done: Option<Done>) -> Self {
        Self { actor, scope: context.scope.clone(), node: context.node.clone(), done }
    }

    /// Its actor.
    pub fn cell(&self) -> ActorCell {
        self.actor.get_cell()
    }

    pub(crate) fn finish(&self) {
        if let Some(done) = &self.done {
            done.reason.get_or_init(|| self.reason());
            done.told.cancel();
        }
    }

    fn reason(&self) -> ExitReason {
        self.scope.exit().unwrap_or(ExitReason::Killed)
    }

    async fn ask<T>(&self, request: impl FnOnce(Reply<T>) -> Request) -> Result<T, Error> {
        let (reply, answer) = oneshot::channel();
        self.actor.cast(Message::Request(request(reply))).map_err(|_| Error::NoSupervisor)?;
        answer.await.unwrap_or(Err(Error::NoSupervisor))
    }

    /// Adds a child at the end and starts it.
    ///
    /// # Errors
    /// When its id is taken, its declaration is not allowed or it does not start; then nothing is
    /// kept of it.
    pub async fn start_child(&self, spec: ChildSpec) -> Result<Handle, Error> {
        self.ask(|reply| Request::StartChild(Box::new(spec), reply)).await
    }

    /// Starts a child that is declared and does not run. Does not count as a restart.
    ///
    /// # Errors
    /// When it runs, is being restarted, is not known or does not start.
    pub async fn restart_child(&self, id: &str) -> Result<Handle, Error> {
        self.ask(|reply| Request::RestartChild(id.to_owned(), reply)).await
    }

    /// Stops a child and waits until it is dead; cancels a restart. Its declaration stays, unless
    /// it is temporary.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub async fn terminate_child(&self, id: &str) -> Result<(), Error> {
        self.ask(|reply| Request::TerminateChild(id.to_owned(), reply)).await
    }

    /// Forgets a child that does not run.
    ///
    /// # Errors
    /// When it runs, is being restarted or is not known.
    pub async fn delete_child(&self, id: &str) -> Result<(), Error> {
        self.ask(|reply| Request::DeleteChild(id.to_owned(), reply)).await
    }

    /// A child's declaration.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub async fn child_spec(&self, id: &str) -> Result<ChildSpec, Error> {
        self.ask(|reply| Request::ChildSpec(id.to_owned(), reply)).await
    }

    /// All children, the one started last first.
    ///
    /// # Errors
    /// [`Error::NoSupervisor`].
    pub async fn which_children(&self) -> Result<Vec<Child>, Error> {
        self.ask(Request::WhichChildren).await
    }

    /// One child, whatever the number of the others.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub async fn which_child(&self, id: &str) -> Result<Child, Error> {
        self.ask(|reply| Request::WhichChild(id.to_owned(), reply)).await
    }

    /// How many children there are.
    ///
    /// # Errors
    /// [`Error::NoSupervisor`].
    pub async fn count_children(&self) -> Result<Count, Error> {
        self.ask(Request::CountChildren).await
    }

    /// Stops it with everything below it, the last child first, and waits until all is dead. Any
    /// number may ask; all wait for the same end.
    pub async fn stop(&self) -> ExitReason {
        self.cell().stop(Some("shutdown".to_owned()));
        self.exit().await
    }

    /// Stops it for a reason; what has not stopped by then is killed.
    pub async fn stop_with(&self, reason: ExitReason, limit: Duration) -> ExitReason {
        // One that is dead, or about to be, has its reason.
        if !self.scope.is_doomed() && !self.scope.has_ended() {
            self.scope.set_exit(reason);
        }
        if let Ok(reason) = tokio::time::timeout(limit, self.stop()).await {
            return reason;
        }
        self.kill();
        self.exit().await
    }

    /// Kills it with everything below it.
    pub fn kill(&self) {
        self.scope.kill();
    }

    /// Waits until it is dead with everything below it, and says why it ended.
    pub async fn exit(&self) -> ExitReason {
        let Some(done) = &self.done else {
            self.scope.ended().await;
            self.scope.empty().await;
            return self.reason();
        };
        done.told.cancelled().await;
        done.reason.get().cloned().unwrap_or_else(|| self.reason())
    }

    /// The tree from here down, as published last. Asks nobody, so it answers also in a storm.
    pub fn snapshot(&self) -> Vec<Node> {
        let mut nodes = Vec::new();
        self.node.collect(&mut nodes);
        nodes
    }
}

impl std::fmt::Debug for SupervisorRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SupervisorRef({})", self.actor.get_id())
    }
}
