//! A running child: how it is stopped, and how its death is noticed.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ractor::{ActorCell, ActorStatus};
use tokio_util::sync::CancellationToken;

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
    /// Told when it is dead with everything below it, or has been given up as a zombie.
    pub gone: CancellationToken,
    zombie: Arc<AtomicBool>,
}

impl Living {
    pub fn new(
        cell: ActorCell,
        scope: Scope,
        info: Option<Info>,
        supervisor: Option<SupervisorRef>,
    ) -> Self {
        scope.set_cell(cell.clone());
        Self {
            cell,
            scope,
            info,
            supervisor,
            gone: CancellationToken::new(),
            zombie: Arc::default(),
        }
    }

    /// Watches it as a task of its supervisor, which is told when it is gone and whether it left a
    /// zombie. The task sees to the child's end also when the supervisor dies.
    pub fn watch(
        &self,
        own: &Scope,
        zombie_after: Duration,
        on_gone: impl FnOnce(bool) + Send + 'static,
    ) {
        let (living, supervisor) = (self.clone(), own.clone());
        own.attend(async move {
            let zombie = living.attend(&supervisor, zombie_after).await;
            living.zombie.store(zombie, Ordering::Release);
            living.gone.cancel();
            on_gone(zombie);
        });
    }

    async fn attend(&self, supervisor: &Scope, zombie_after: Duration) -> bool {
        let dead = tokio::select! { biased;
            _ = self.cell.wait(None) => true,
            () = self.scope.doomed() => false,
            () = supervisor.doomed() => false,
            () = supervisor.ended() => false,
        };
        let mut zombie = false;
        if !dead {
            self.scope.kill();
            zombie = self.cell.wait(Some(zombie_after)).await.is_err();
        }
        self.scope.end();
        zombie |= tokio::time::timeout(zombie_after, self.scope.empty()).await.is_err();
        zombie
    }

    /// Stops it as its declaration says, and returns when it is gone.
    pub async fn stop(&self, shutdown: Shutdown, own: &Scope) {
        let limit = match shutdown {
            Shutdown::BrutalKill => {
                self.scope.kill();
                return self.gone.cancelled().await;
            }
            Shutdown::Timeout(limit) => Some(limit),
            Shutdown::Infinity => None,
        };
        self.cell.stop(Some("shutdown".to_owned()));
        let overdue = async {
            match limit {
                Some(limit) => tokio::time::sleep(limit).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! { biased;
            () = self.gone.cancelled() => return,
            () = own.doomed() => {}
            () = overdue => {}
        }
        self.scope.kill();
        self.gone.cancelled().await;
    }

    /// Whether it was given up instead of found dead.
    pub fn is_zombie(&self) -> bool {
        self.zombie.load(Ordering::Acquire)
    }

    /// Why it ended, as far as it said so itself.
    pub fn exit(&self) -> Option<ExitReason> {
        self.scope.exit()
    }
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
