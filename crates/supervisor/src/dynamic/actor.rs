//! The actor of a dynamic supervisor.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use ractor::{Actor, ActorCell, ActorProcessingErr, ActorRef, SupervisionEvent};

use super::children::{Children, Target};
use super::handle::{DynamicRef, Reply};
use super::spec::{DynamicSpec, Template};
use crate::announced::Announced;
use crate::budget::Budget;
use crate::context::Context;
use crate::error::StartError;
use crate::launch::{Notice, StartResult, Started};
use crate::supervisor::{Child, Count, Handle, Key};

/// What a dynamic supervisor is told.
pub(crate) enum Message<A> {
    Start(A, Reply<Handle>),
    Child { key: Key, incarnation: u64, notice: Notice },
    Retry { key: Key },
    Terminate(Target, Reply<()>),
    Template(ActorCell, Reply<Template>),
    Which(Reply<Vec<Child>>),
    Count(Reply<Count>),
}

/// The state of a dynamic supervisor.
pub(crate) struct State<A> {
    pub me: ActorRef<Message<A>>,
    pub context: Context,
    pub spec: Arc<DynamicSpec<A>>,
    pub budget: Budget,
    pub children: Children<A>,
    pub announced: Announced,
    pub ending: bool,
}

/// Starts a dynamic supervisor as a child, and publishes the way to it.
pub(crate) async fn start<A: Clone + Send + Sync + 'static>(
    context: Context,
    spec: Arc<DynamicSpec<A>>,
    place: DynamicRef<A>,
) -> StartResult {
    spec.check()?;
    let supervisor = context.supervisor().ok_or(StartError::SupervisorGone)?;
    let arguments = (context, spec);
    let spawned = Actor::spawn_linked(None, Dynamic(Default::default()), arguments, supervisor);
    let (actor, _) = spawned.await.map_err(|error| StartError::Failed(error.to_string()))?;
    let cell = actor.get_cell();
    place.publish(actor);
    Ok(Started::running(cell))
}

struct Dynamic<A>(std::marker::PhantomData<fn() -> A>);

impl<A: Clone + Send + Sync + 'static> Actor for Dynamic<A> {
    type Msg = Message<A>;
    type State = State<A>;
    type Arguments = (Context, Arc<DynamicSpec<A>>);

    async fn pre_start(
        &self,
        me: ActorRef<Message<A>>,
        (context, spec): Self::Arguments,
    ) -> Result<State<A>, ActorProcessingErr> {
        context.node.clear();
        let max = spec.intensity.max_restarts;
        context.node.update(|node| node.budget = Some((0, max)));
        Ok(State {
            me,
            context,
            budget: Budget::new(spec.intensity),
            spec,
            children: Children::default(),
            announced: Announced::default(),
            ending: false,
        })
    }

    async fn handle(
        &self,
        _: ActorRef<Message<A>>,
        message: Message<A>,
        state: &mut State<A>,
    ) -> Result<(), ActorProcessingErr> {
        state.take(message);
        Ok(())
    }

    async fn post_stop(
        &self,
        _: ActorRef<Message<A>>,
        state: &mut State<A>,
    ) -> Result<(), ActorProcessingErr> {
        state.stop_all().await;
        Ok(())
    }

    async fn handle_supervisor_evt(
        &self,
        _: ActorRef<Message<A>>,
        event: SupervisionEvent,
        state: &mut State<A>,
    ) -> Result<(), ActorProcessingErr> {
        state.announced.hear(&event);
        // The event may carry a stranger's state, whose destructor must not be ours to die of.
        let _ = catch_unwind(AssertUnwindSafe(|| drop(event)));
        Ok(())
    }
}
