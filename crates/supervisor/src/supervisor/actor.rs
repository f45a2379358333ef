//! The actor: what it hears, and what it keeps.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};

use ractor::{Actor, ActorProcessingErr, ActorRef, SupervisionEvent};
use tokio::sync::oneshot;

use super::family::{Family, Key};
use super::operations::{Operation, Underway};
use super::requests::Request;
use crate::announced::Announced;
use crate::backoff::Backoff;
use crate::budget::Budget;
use crate::context::Context;
use crate::error::StartError;
use crate::launch::Notice;
use crate::spec::{AutoShutdown, Spec, Strategy};

/// What a supervisor is told.
pub(crate) enum Message {
    /// Start the children; answered when all run or one could not be started.
    Boot(oneshot::Sender<Result<(), StartError>>),
    /// A child has started, or has not, or is dead.
    Child { key: Key, incarnation: u64, notice: Notice },
    /// The wait before a restart is over.
    Retry { key: Key, wait: u64 },
    /// Somebody asks something.
    Request(Request),
}

/// The state of a supervisor.
pub(crate) struct State {
    pub me: ActorRef<Message>,
    pub context: Context,
    pub strategy: Strategy,
    pub auto_shutdown: AutoShutdown,
    pub backoff: Option<Backoff>,
    pub budget: Budget,
    pub family: Family,
    /// What is to be done next; requests wait behind it.
    pub queue: VecDeque<Operation>,
    pub requests: VecDeque<Request>,
    pub underway: Option<Underway>,
    /// Children that have ended by themselves and wait for the policy.
    pub ended: VecDeque<Key>,
    pub announced: Announced,
    pub boot: Option<oneshot::Sender<Result<(), StartError>>>,
    pub waits: u64,
    /// The decision to end is taken: nothing is started any more.
    pub ending: bool,
}

impl State {
    fn new(me: ActorRef<Message>, context: Context, spec: Spec) -> Self {
        let Spec { strategy, intensity, backoff, auto_shutdown, children } = spec;
        let mut family = Family::default();
        context.node.clear();
        for child in children {
            family.add(child, &context.node).expect("ids were checked");
        }
        let budget = Budget::new(intensity);
        context.node.update(|node| node.budget = Some((0, intensity.max_restarts)));
        Self {
            me,
            context,
            strategy,
            auto_shutdown,
            backoff,
            budget,
            family,
            queue: VecDeque::new(),
            requests: VecDeque::new(),
            underway: None,
            ended: VecDeque::new(),
            announced: Announced::default(),
            boot: None,
            waits: 0,
            ending: false,
        }
    }

    fn take(&mut self, message: Message) {
        match message {
            Message::Boot(reply) => self.boot(reply),
            Message::Child { key, incarnation, notice } => self.heard(key, incarnation, notice),
            Message::Retry { key, wait } => self.queue.push_back(Operation::Begin { key, wait }),
            Message::Request(request) => self.request(request),
        }
        self.proceed();
    }
}

/// ractor's side of a supervisor.
pub(crate) struct Supervisor;

impl Actor for Supervisor {
    type Msg = Message;
    type State = State;
    type Arguments = (Context, Spec);

    async fn pre_start(
        &self,
        me: ActorRef<Message>,
        (context, spec): (Context, Spec),
    ) -> Result<State, ActorProcessingErr> {
        Ok(State::new(me, context, spec))
    }

    async fn handle(
        &self,
        _: ActorRef<Message>,
        message: Message,
        state: &mut State,
    ) -> Result<(), ActorProcessingErr> {
        state.take(message);
        Ok(())
    }

    async fn post_stop(
        &self,
        _: ActorRef<Message>,
        state: &mut State,
    ) -> Result<(), ActorProcessingErr> {
        state.stop_all().await;
        Ok(())
    }

    async fn handle_supervisor_evt(
        &self,
        _: ActorRef<Message>,
        event: SupervisionEvent,
        state: &mut State,
    ) -> Result<(), ActorProcessingErr> {
        state.announced.hear(&event);
        // The event may carry a stranger's state, whose destructor must not be ours to die of.
        let _ = catch_unwind(AssertUnwindSafe(|| drop(event)));
        Ok(())
    }
}
