//! Starting a supervisor, as a root or below another one.

use ractor::{Actor, ActorCell, ActorRef};
use tokio::sync::oneshot;

use super::actor::{Message, Supervisor};
use super::handle::{Done, SupervisorRef};
use crate::child::Kind;
use crate::context::{Context, Options, Tree};
use crate::error::StartError;
use crate::exit::ExitReason;
use crate::launch::{StartResult, Started};
use crate::living::watch;
use crate::node::{NodeCell, Status};
use crate::report::ReportContext;
use crate::scope::Scope;
use crate::spec::Spec;

/// Starts a tree: the root supervisor and everything that its declaration names. It ends with
/// [`SupervisorRef::stop`], or when its root gives up.
///
/// # Errors
/// The first child that could not be started; those before it were stopped again.
pub async fn start(name: &str, spec: Spec, options: Options) -> Result<SupervisorRef, StartError> {
    let node = NodeCell::new(name.to_owned(), Kind::Supervisor);
    let context = Context {
        incarnation: 1,
        scope: Scope::default(),
        supervisor: None,
        node: node.clone(),
        tree: Tree::new(options),
    };
    let zombie_after = context.tree.options.zombie_after;
    let done = Some(Done::default());
    let supervisor = spawn(&context, spec, done).await?;
    node.update(|node| {
        node.status = Status::Running;
        node.incarnation = 1;
    });
    // Nobody is above a root: its own watcher says how it ended.
    let (watcher, done) = (Scope::default(), supervisor.clone());
    let nobody = watcher.clone();
    watcher.attend(async move {
        if watch(&done.cell(), &context.scope, &nobody, zombie_after).await {
            let reason = context.scope.exit().unwrap_or(ExitReason::Killed);
            context.report(ReportContext::Zombie, &context.path(), Some(&reason));
        }
        node.settle();
        node.status(Status::Stopped);
        done.finish();
    });
    Ok(supervisor)
}

/// Starts a supervisor as a child: for start functions, such as a dynamic supervisor's template.
///
/// # Errors
/// The first child that could not be started; those before it were stopped again.
pub async fn start_nested(context: Context, spec: Spec) -> StartResult {
    let supervisor = spawn(&context, spec, None).await?;
    Ok(Started::Running { cell: supervisor.cell(), info: None, supervisor: Some(supervisor) })
}

async fn spawn(
    context: &Context,
    spec: Spec,
    done: Option<Done>,
) -> Result<SupervisorRef, StartError> {
    spec.check()?;
    let arguments = (context.clone(), spec);
    let spawned = match context.supervisor() {
        Some(parent) => Actor::spawn_linked(None, Supervisor, arguments, parent).await,
        None => Actor::spawn(None, Supervisor, arguments).await,
    };
    let (actor, _) = spawned.map_err(|error| StartError::Failed(error.to_string()))?;
    context.scope.adopt(&actor.get_cell());
    boot(context, &actor).await?;
    Ok(SupervisorRef::new(actor, context, done))
}

/// Waits until all children run. Whoever stops waiting takes the supervisor back.
async fn boot(context: &Context, actor: &ActorRef<Message>) -> Result<(), StartError> {
    let abandoned = Abandoned(Some(context.scope.clone()));
    let (reply, booted) = oneshot::channel();
    let result = match actor.cast(Message::Boot(reply)) {
        Ok(()) => booted.await.unwrap_or(Err(StartError::SupervisorGone)),
        Err(_) => Err(StartError::SupervisorGone),
    };
    if result.is_err() {
        ended(context, &actor.get_cell()).await;
    }
    abandoned.keep();
    result
}

/// Waits until a supervisor that could not start its children has stopped the others.
async fn ended(context: &Context, cell: &ActorCell) {
    // It stops by itself; what it started is awaited by its own tasks.
    let _ = cell.wait(None).await;
    context.scope.set_exit(ExitReason::Shutdown);
    context.scope.end();
    context.scope.empty().await;
}

/// Kills a half-started supervisor when its starter is dropped.
struct Abandoned(Option<Scope>);

impl Abandoned {
    fn keep(mut self) {
        self.0 = None;
    }
}

impl Drop for Abandoned {
    fn drop(&mut self) {
        if let Some(scope) = self.0.take() {
            scope.kill();
        }
    }
}
