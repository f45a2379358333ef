//! What is measured: a child that answers, and a bare task that does the same.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use planaria_supervisor::{Context, Flow, StartResult, Worker, worker};
use ractor::{Actor, ActorProcessingErr, ActorRef};
use tokio::sync::{Notify, mpsc, oneshot};
use tokio::task::JoinHandle;

/// What a child or a task is told.
pub enum Tell {
    /// Answer.
    Ping(oneshot::Sender<()>),
    /// Say that you run.
    Hello,
    /// Fail.
    Crash,
}

/// Counts who runs, and wakes who waits for all.
#[derive(Default)]
pub struct Roll {
    here: AtomicUsize,
    all: AtomicUsize,
    full: Notify,
}

impl Roll {
    /// From now on so many are waited for.
    pub fn call(&self, number: usize) {
        self.here.store(0, Ordering::SeqCst);
        self.all.store(number, Ordering::SeqCst);
    }

    fn answer(&self) {
        if self.here.fetch_add(1, Ordering::SeqCst) + 1 == self.all.load(Ordering::SeqCst) {
            self.full.notify_one();
        }
    }

    /// Until all are here.
    pub async fn full(&self) {
        self.full.notified().await;
    }
}

/// A supervised child.
struct Subject(Arc<Roll>);

impl Worker for Subject {
    type Message = Tell;

    fn handle(&mut self, _: &ActorRef<Tell>, message: Tell) -> Result<Flow, String> {
        match message {
            Tell::Ping(reply) => drop(reply.send(())),
            Tell::Hello => self.0.answer(),
            Tell::Crash => return Err("crash".to_owned()),
        }
        Ok(Flow::Continue)
    }
}

/// Where a start function says who runs now.
pub type Born = mpsc::UnboundedSender<(usize, ActorRef<Tell>)>;

/// A start function: the child greets itself, and says who it is.
pub async fn subject(context: Context, number: usize, roll: Arc<Roll>, born: Born) -> StartResult {
    worker(context, move |me, _| {
        let _ = me.cast(Tell::Hello);
        let _ = born.send((number, me.clone()));
        Ok(Subject(roll))
    })
    .await
}

/// A bare task: takes what it is told, until it crashes or nobody is left to tell it anything.
pub async fn bare(mut told: mpsc::UnboundedReceiver<Tell>, roll: Arc<Roll>) {
    while let Some(message) = told.recv().await {
        match message {
            Tell::Ping(reply) => drop(reply.send(())),
            Tell::Hello => roll.answer(),
            Tell::Crash => return,
        }
    }
}

/// The way to a bare task, which is greeted already.
pub fn greeted() -> (mpsc::UnboundedSender<Tell>, mpsc::UnboundedReceiver<Tell>) {
    let (tell, told) = mpsc::unbounded_channel();
    let _ = tell.send(Tell::Hello);
    (tell, told)
}

/// A bare task and the way to it.
pub struct Bare {
    /// The way to it.
    pub tell: mpsc::UnboundedSender<Tell>,
    /// The task.
    pub task: JoinHandle<()>,
}

impl Bare {
    /// Spawns one, and greets it.
    pub fn spawn(roll: Arc<Roll>) -> Self {
        let (tell, told) = greeted();
        Self { tell, task: tokio::spawn(bare(told, roll)) }
    }
}

/// An actor that nobody supervises.
pub struct Alone;

impl Alone {
    /// Spawns one, and greets it.
    pub async fn spawn(roll: Arc<Roll>) -> ActorRef<Tell> {
        let (actor, _) = Actor::spawn(None, Self, roll).await.expect("it starts");
        let _ = actor.cast(Tell::Hello);
        actor
    }
}

impl Actor for Alone {
    type Msg = Tell;
    type State = Arc<Roll>;
    type Arguments = Arc<Roll>;

    async fn pre_start(
        &self,
        _: ActorRef<Tell>,
        roll: Arc<Roll>,
    ) -> Result<Arc<Roll>, ActorProcessingErr> {
        Ok(roll)
    }

    async fn handle(
        &self,
        me: ActorRef<Tell>,
        message: Tell,
        roll: &mut Arc<Roll>,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            Tell::Ping(reply) => drop(reply.send(())),
            Tell::Hello => roll.answer(),
            Tell::Crash => me.kill(),
        }
        Ok(())
    }
}
