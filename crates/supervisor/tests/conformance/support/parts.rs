//! The children: a worker, and a plain ractor actor with manners.
//!
//! Waits here are virtual: the tests run under paused time (`start_paused`).

use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use planaria_supervisor::{BoxFuture, ExitReason, Flow, Scope, Worker};
use ractor::{Actor, ActorCell, ActorProcessingErr, ActorRef, SupervisionEvent};

use super::lab::Lab;

/// What a child is told.
pub enum Do {
    Exit(ExitReason),
    Fail(String),
    Panic(String),
    /// Run this in a task of the child.
    Task(BoxFuture<'static, ()>),
    /// Wait in the handler for ever.
    Hang,
    /// Block the thread until something comes.
    Block(mpsc::Receiver<()>),
}

pub struct Part {
    pub lab: Lab,
    pub id: String,
    pub scope: Scope,
}

impl Worker for Part {
    type Message = Do;

    fn handle(&mut self, _: &ActorRef<Do>, message: Do) -> Result<Flow, String> {
        match message {
            Do::Exit(reason) => return Ok(Flow::StopWith(reason)),
            Do::Fail(text) => return Err(text),
            Do::Panic(text) => panic!("{text}"),
            Do::Task(task) => drop(self.scope.spawn(task)),
            Do::Hang => unreachable!("a worker cannot wait"),
            Do::Block(release) => {
                self.lab.say(format!("{} blocks", self.id));
                let _ = release.recv();
            }
        }
        Ok(Flow::Continue)
    }

    fn stopping(&mut self, _: &ActorRef<Do>) {
        self.lab.say(format!("stop {}", self.id));
    }
}

/// How a plain actor behaves.
#[derive(Clone, Default)]
pub struct Manners {
    /// How long its stop callback waits.
    pub stop_wait: Duration,
    /// Its stop callback fails.
    pub stop_fails: bool,
    /// Its stop callback panics.
    pub stop_panics: bool,
    /// The destructor of its state panics.
    pub drop_panics: bool,
    /// Its stop callback blocks its thread until something comes.
    pub stop_blocks: Option<Arc<Mutex<mpsc::Receiver<()>>>>,
}

pub async fn spawn_raw(
    lab: Lab,
    id: String,
    manners: Manners,
    supervisor: Option<ActorCell>,
) -> ActorCell {
    let arguments = State { lab: lab.clone(), id: id.clone(), manners };
    let spawned = match supervisor {
        Some(supervisor) => Actor::spawn_linked(None, Raw, arguments, supervisor).await,
        None => Actor::spawn(None, Raw, arguments).await,
    };
    let (actor, _) = spawned.expect("it starts");
    lab.runs(&id, actor.clone());
    actor.get_cell()
}

struct Raw;

struct State {
    lab: Lab,
    id: String,
    manners: Manners,
}

impl Drop for State {
    fn drop(&mut self) {
        self.lab.say(format!("drop {}", self.id));
        if self.manners.drop_panics {
            panic!("a destructor that panics");
        }
    }
}

impl Actor for Raw {
    type Msg = Do;
    type State = State;
    type Arguments = State;

    async fn pre_start(&self, _: ActorRef<Do>, state: State) -> Result<State, ActorProcessingErr> {
        Ok(state)
    }

    async fn handle(
        &self,
        me: ActorRef<Do>,
        message: Do,
        _: &mut State,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            Do::Exit(reason) => me.stop((!reason.is_clean()).then(|| "odd".to_owned())),
            Do::Fail(text) => return Err(text.into()),
            Do::Panic(text) => panic!("{text}"),
            Do::Task(task) => task.await,
            Do::Hang => std::future::pending().await,
            Do::Block(release) => drop(release.recv()),
        }
        Ok(())
    }

    async fn post_stop(
        &self,
        _: ActorRef<Do>,
        state: &mut State,
    ) -> Result<(), ActorProcessingErr> {
        state.lab.say(format!("stopping {}", state.id));
        if let Some(release) = &state.manners.stop_blocks {
            let _ = release.lock().expect("one waits").recv();
        }
        if !state.manners.stop_wait.is_zero() {
            tokio::time::sleep(state.manners.stop_wait).await;
        }
        assert!(!state.manners.stop_panics, "a stop callback that panics");
        if state.manners.stop_fails {
            return Err("a stop callback that fails".into());
        }
        state.lab.say(format!("stop {}", state.id));
        Ok(())
    }

    async fn handle_supervisor_evt(
        &self,
        _: ActorRef<Do>,
        _: SupervisionEvent,
        _: &mut State,
    ) -> Result<(), ActorProcessingErr> {
        Ok(())
    }
}
