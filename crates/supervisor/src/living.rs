//! A running child: how it is stopped, and how its death is noticed.

use std::time::Duration;

use ractor::{ActorCell, ActorStatus};

use crate::child::Shutdown;
use crate::exit::ExitReason;
use crate::launch::Info;
use crate::scope::Scope;
use crate::supervisor::SupervisorRef;

/// One incarnation of a child, from its start until its whole subtree is dead. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Living {
    pub cell: ActorCell,
    pub scope: Scope,
    pub info: Option<Info>,
    pub supervisor: Option<SupervisorRef>,
}

impl Living {
    /// Asks it to stop, or kills it, as its declaration says; the time that it may take.
    pub fn ask(&self, shutdown: Shutdown) -> Option<Duration> {
        match shutdown {
            Shutdown::BrutalKill => self.scope.kill(),
            Shutdown::Timeout(_) | Shutdown::Infinity => {
                self.cell.stop(Some("shutdown".to_owned()));
            }
        }
        match shutdown {
            Shutdown::Timeout(limit) => Some(limit),
            Shutdown::BrutalKill | Shutdown::Infinity => None,
        }
    }

    /// Stops it as its declaration says, and returns when it is gone. If its supervisor is killed
    /// meanwhile, it is too: by its [`watch`].
    pub async fn stop(&self, shutdown: Shutdown) {
        let limit = self.ask(shutdown);
        tokio::select! { biased;
            () = self.scope.gone() => return,
            () = overdue(limit) => {}
        }
        self.scope.kill();
        self.scope.gone().await;
    }

    /// Why it ended, as far as it said so itself.
    pub fn exit(&self) -> Option<ExitReason> {
        self.scope.exit()
    }

    /// Why it ended, where nobody heard what ractor had to say: one that says nothing was killed,
    /// if it was to be.
    pub fn exit_when_stopped(&self) -> ExitReason {
        let killed = self.scope.is_doomed();
        let silent = if killed { ExitReason::Killed } else { ExitReason::Shutdown };
        self.exit().unwrap_or(silent)
    }
}

/// After the limit, or never.
pub(crate) async fn overdue(limit: Option<Duration>) {
    match limit {
        Some(limit) => tokio::time::sleep(limit).await,
        None => std::future::pending().await,
    }
}

/// Sees to the end of an actor: returns when it is dead with everything below it, or has been given
/// up; then it has left a zombie. It is killed when its scope is doomed, or when its supervisor is
/// or has ended.
pub(crate) async fn watch(
    cell: &ActorCell,
    scope: &Scope,
    supervisor: &Scope,
    zombie_after: Duration,
) -> bool {
    let dead = tokio::select! { biased;
        _ = cell.wait(None) => true,
        () = scope.doomed() => false,
        () = supervisor.closing() => false,
    };
    let mut zombie = false;
    if !dead {
        scope.kill();
        zombie = Box::pin(cell.wait(Some(zombie_after))).await.is_err();
    }
    scope.end();
    zombie |= !scope.emptied(zombie_after).await;
    zombie || scope.is_haunted()
}

/// Whether an actor is dead, whatever is left of its subtree.
pub(crate) fn is_dead(cell: &ActorCell) -> bool {
    cell.get_status() == ActorStatus::Stopped
}

/// Whether a stop had the outcome that was asked for (OTP's D06).
pub(crate) fn expected(shutdown: Shutdown, permanent: bool, reason: &ExitReason) -> bool {
    match reason {
        ExitReason::Shutdown => true,
        ExitReason::Killed => shutdown == Shutdown::BrutalKill,
        clean => !permanent && clean.is_clean(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};

    use crate::launch::Started;
    use crate::{ChildSpec, Flow, Options, Spec, Worker, worker};

    struct Idle;

    impl Worker for Idle {
        type Message = ();

        fn handle(&mut self, _: &ractor::ActorRef<()>, (): ()) -> Result<Flow, String> {
            Ok(Flow::Continue)
        }
    }

    /// Stands for synchronous code: a task that does not end, whatever happens to its child.
    fn undying(kept: Arc<Mutex<Option<Scope>>>) -> ChildSpec {
        ChildSpec::worker("w", move |context| {
            let scope = context.scope().clone();
            scope.attend(std::future::pending());
            *kept.lock().expect("one") = Some(scope);
            Box::pin(async move {
                let started: Started = worker(context, |_, _| Ok(Idle)).await?;
                Ok(started)
            })
        })
    }

    #[tokio::test(start_paused = true)]
    async fn a_zombie_whose_supervisor_is_dead_when_it_is_given_up_is_reported_above() {
        let reports = Arc::new(Mutex::new(Vec::new()));
        let (heard, kept) = (reports.clone(), Arc::new(Mutex::new(None)));
        let limit = Duration::from_secs(10);
        let options = Options::default().zombie_after(limit).reports(move |report| {
            heard.lock().expect("one").push(format!("{:?} {}", report.context, report.child));
        });
        let below = kept.clone();
        let nested =
            ChildSpec::supervisor("n", move || Spec::default().child(undying(below.clone())));
        let root = crate::start("root", Spec::default().child(nested), options).await;
        let root = root.expect("it starts");
        let nested = root.which_child("n").await.expect("known").supervisor.expect("it runs");
        let first = kept.lock().expect("one").clone().expect("it runs");
        first.kill();
        tokio::time::sleep(limit / 2).await;
        nested.kill();
        // The child is given up after ten seconds, when the supervisor is dead; nothing else is
        // left of the supervisor then.
        nested.exit().await;
        tokio::time::sleep(Duration::from_secs(1)).await;
        let heard = reports.lock().expect("one").clone();
        assert!(heard.contains(&"Zombie n".to_owned()), "{heard:?}");
        root.kill();
        root.exit().await;
    }
}
