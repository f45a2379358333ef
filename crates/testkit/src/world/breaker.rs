//! Breaks things as planned.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use planaria_core::SessionId;
use planaria_runtime::{Fault, Runtime};
use tokio::sync::mpsc;

use super::limits::{FAULTS_UNTIL, HOLD_AFTER, HOLD_WAIT};
use super::observed::Acknowledged;
use super::plan::{Break, PlannedFault, Trigger};
use super::trace::Trace;
use crate::env::SimClock;
use crate::store::SimStore;

/// What has become of the plan. Survives the servers that it breaks. Clones are the same.
#[derive(Debug, Clone, Default)]
pub(super) struct Progress {
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    /// Faults whose time has come, by their place in the plan.
    begun: BTreeSet<usize>,
    /// Those that found something to break.
    fired: BTreeSet<usize>,
}

impl Progress {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn fired(&self) -> BTreeSet<usize> {
        self.state().fired.clone()
    }
}

/// One server and whoever breaks it.
#[derive(Clone)]
pub(super) struct Breaker {
    pub runtime: Runtime,
    pub store: Arc<SimStore>,
    pub sessions: Arc<Vec<SessionId>>,
    pub clock: SimClock,
    pub trace: Trace,
    pub progress: Progress,
    pub acknowledged: Acknowledged,
    /// Which server process of the world this is.
    pub life: usize,
    /// One commit is held at a time.
    pub turn: Arc<tokio::sync::Mutex<()>>,
    /// The end of the process.
    pub end: mpsc::UnboundedSender<Break>,
}

impl Breaker {
    /// The faults that are still to come.
    pub fn left(&self, plan: &[PlannedFault]) -> Vec<(usize, PlannedFault)> {
        let begun = self.progress.state().begun.clone();
        let left = plan.iter().cloned().enumerate().filter(|(index, _)| !begun.contains(index));
        left.collect()
    }

    /// Waits for one fault's trigger and breaks what it breaks, unless time is up.
    pub async fn see_to(self, index: usize, fault: PlannedFault) {
        tokio::select! { biased;
            () = self.trigger(fault.trigger) => {}
            () = self.clock.sleep_until(FAULTS_UNTIL) => return,
        }
        self.progress.state().begun.insert(index);
        match fault.hold {
            None => self.fire(index, &fault).await,
            Some(point) => {
                let _turn = self.turn.lock().await;
                self.store.hold(point);
                let held = tokio::time::timeout(HOLD_WAIT, self.store.held()).await;
                if held.is_ok() {
                    self.fire(index, &fault).await;
                    tokio::time::sleep(HOLD_AFTER).await;
                }
                self.store.release();
            }
        }
    }

    async fn trigger(&self, trigger: Trigger) {
        match trigger {
            Trigger::Start { life, after } if life == self.life => tokio::time::sleep(after).await,
            Trigger::Start { .. } => std::future::pending().await,
            Trigger::At(time) => self.clock.sleep_until(time).await,
            Trigger::Position { session, seq, after } => {
                self.acknowledged.reached(self.sessions[session], seq).await;
                tokio::time::sleep(after).await;
            }
        }
    }

    async fn fire(&self, index: usize, fault: &PlannedFault) {
        let fired = match fault.what {
            Break::Part { session, fault } => {
                self.runtime.inject(self.sessions[session], fault).await
            }
            Break::Bit { session, seq } => {
                let flipped = self.store.disk().corrupt(self.sessions[session], seq);
                if flipped {
                    self.runtime.inject(self.sessions[session], Fault::KillSession).await;
                }
                flipped
            }
            Break::Store(failure) => {
                self.store.fail_next(failure);
                true
            }
            Break::Process { .. } | Break::Stop { .. } => self.end.send(fault.what).is_ok(),
        };
        if fired {
            self.progress.state().fired.insert(index);
        }
        let missed = if fired { "" } else { ", and finds nothing to break" };
        self.trace.note(self.clock.now(), format!("FAULT {fault}{missed}"));
        if matches!(fault.what, Break::Process { .. } | Break::Stop { .. }) {
            // The process is gone before anything else of it moves.
            std::future::pending::<()>().await;
        }
    }
}
