//! An actor made of a state and handlers that cannot await.
//!
//! A handler that cannot wait cannot block its supervisor, and a stop is never behind a slow one.
//! Work that waits runs in the actor's [`Scope`](crate::Scope) and comes back as a message.

use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind};

use ractor::{Actor, ActorProcessingErr, ActorRef, SpawnErr, SupervisionEvent};

use crate::context::Context;
use crate::error::StartError;
use crate::exit::{ExitReason, panic_text};
use crate::launch::{StartResult, Started};
use crate::scope::Scope;

/// The state of an actor.
pub trait Worker: Send + Sized + 'static {
    /// What it is told.
    type Message: ractor::Message;

    /// Takes one message.
    ///
    /// # Errors
    /// Ends the actor abnormally, as [`ExitReason::Failed`]. So does a panic, as
    /// [`ExitReason::Panicked`].
    fn handle(
        &mut self,
        me: &ActorRef<Self::Message>,
        message: Self::Message,
    ) -> Result<Flow, String>;

    /// Last words before an orderly stop. Not called after a kill or a failure.
    fn stopping(&mut self, me: &ActorRef<Self::Message>) {
        let _ = me;
    }
}

/// Whether an actor goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Flow {
    /// It does.
    Continue,
    /// It ends: [`ExitReason::Normal`].
    Stop,
    /// It ends for this reason.
    StopWith(ExitReason),
}

/// Starts a worker as a child. `init` must be quick: it runs within the start timeout, and whoever
/// asked for the child waits for it.
///
/// The worker is not linked to its supervisor in ractor: its [`Scope`] is what its supervisor knows
/// it by. Of several workers that one start function starts, the child is the one that it returns;
/// the others live and die with the supervisor.
///
/// # Errors
/// When `init` fails or panics.
pub async fn worker<W: Worker>(
    context: Context,
    init: impl FnOnce(&ActorRef<W::Message>, &Context) -> Result<W, String> + Send + 'static,
) -> StartResult {
    let arguments = Arguments { init: Box::new(init), context };
    // Not linked: its scope knows it and says why it ended, and its supervisor awaits its death
    // there. A link would only be heard a second time, and is guarded by a lock for all actors of
    // the process.
    match Actor::spawn(None, Host::<W>(PhantomData), arguments).await {
        Ok((actor, _)) => Ok(Started::running(actor.get_cell())),
        Err(SpawnErr::StartupFailed(error)) => Err(StartError::Failed(error.to_string())),
        Err(error) => Err(StartError::Failed(error.to_string())),
    }
}

/// Its scope says why.
#[derive(Debug, thiserror::Error)]
#[error("the worker has failed")]
struct Failed;

type Init<W> = dyn FnOnce(&ActorRef<<W as Worker>::Message>, &Context) -> Result<W, String> + Send;

struct Arguments<W: Worker> {
    init: Box<Init<W>>,
    context: Context,
}

struct Host<W>(PhantomData<fn() -> W>);

/// The state, wherever it is dropped: ractor hands it to the supervisor after an orderly end, and a
/// panic in its destructor must not be the supervisor's.
struct Held<W> {
    worker: Option<W>,
    scope: Scope,
    /// Why it stops, once it has decided to; it may yet be killed, or fail on the way.
    parting: Option<ExitReason>,
}

impl<W> Held<W> {
    fn discard(&mut self) {
        let worker = self.worker.take();
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| drop(worker))) {
            self.scope.set_exit(ExitReason::Panicked(panic_text(panic.as_ref())));
        }
    }
}

impl<W> Drop for Held<W> {
    fn drop(&mut self) {
        self.discard();
    }
}

impl<W: Worker> Actor for Host<W> {
    type Msg = W::Message;
    type State = Held<W>;
    type Arguments = Arguments<W>;

    async fn pre_start(
        &self,
        me: ActorRef<W::Message>,
        arguments: Arguments<W>,
    ) -> Result<Held<W>, ActorProcessingErr> {
        let Arguments { init, context } = arguments;
        let first = context.scope.claim(&me.get_cell());
        if let (false, Some(supervisor)) = (first, context.supervisor()) {
            // The scope's actor is another one; whoever gives up the start must not forget this.
            me.get_cell().link(supervisor);
            if me.get_cell().try_get_supervisor().is_none() {
                return Err("the supervisor is about to end".into());
            }
        }
        let worker = catch_unwind(AssertUnwindSafe(|| init(&me, &context)))
            .unwrap_or_else(|panic| Err(panic_text(panic.as_ref())))?;
        Ok(Held { worker: Some(worker), scope: context.scope, parting: None })
    }

    async fn handle(
        &self,
        me: ActorRef<W::Message>,
        message: W::Message,
        held: &mut Held<W>,
    ) -> Result<(), ActorProcessingErr> {
        let Some(worker) = held.worker.as_mut() else { return Ok(()) };
        let reason = match catch_unwind(AssertUnwindSafe(|| worker.handle(&me, message))) {
            Ok(Ok(Flow::Continue)) => return Ok(()),
            Ok(Ok(Flow::Stop)) => ExitReason::Normal,
            Ok(Ok(Flow::StopWith(reason))) => reason,
            Ok(Err(error)) => ExitReason::Failed(error),
            Err(panic) => ExitReason::Panicked(panic_text(panic.as_ref())),
        };
        if reason.is_clean() {
            held.parting = Some(reason);
            me.stop(None);
            return Ok(());
        }
        held.scope.set_exit(reason);
        held.discard();
        Err(Failed.into())
    }

    async fn post_stop(
        &self,
        me: ActorRef<W::Message>,
        held: &mut Held<W>,
    ) -> Result<(), ActorProcessingErr> {
        if let Some(worker) = held.worker.as_mut()
            && let Err(panic) = catch_unwind(AssertUnwindSafe(|| worker.stopping(&me)))
        {
            held.scope.set_exit(ExitReason::Panicked(panic_text(panic.as_ref())));
        }
        held.discard();
        held.scope.set_exit(held.parting.take().unwrap_or(ExitReason::Shutdown));
        Ok(())
    }

    /// Workers link to nobody; whoever links to one must not bring it down.
    async fn handle_supervisor_evt(
        &self,
        _: ActorRef<W::Message>,
        _: SupervisionEvent,
        _: &mut Held<W>,
    ) -> Result<(), ActorProcessingErr> {
        Ok(())
    }
}
