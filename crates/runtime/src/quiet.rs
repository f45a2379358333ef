//! How long a session has heard nothing.

use std::time::Duration;

use planaria_supervisor::Scope;
use ractor::ActorRef;
use tokio::task::AbortHandle;

use crate::session::SessionMsg;

/// Counts what a session hears, and tells it when that was long ago.
pub(crate) struct Quiet {
    /// `None`: it is never told.
    after: Option<Duration>,
    heard: u64,
    timer: Option<AbortHandle>,
}

impl Quiet {
    pub fn new(after: Option<Duration>) -> Self {
        Self { after, heard: 0, timer: None }
    }

    /// The session has heard something.
    pub fn hear(&mut self) {
        self.heard += 1;
        if let Some(timer) = self.timer.take() {
            timer.abort();
        }
    }

    /// The session has nothing to do from now on.
    pub fn begin(&mut self, scope: &Scope, me: &ActorRef<SessionMsg>) {
        let (Some(after), None) = (self.after, &self.timer) else { return };
        let (me, heard) = (me.clone(), self.heard);
        self.timer = Some(scope.spawn(async move {
            tokio::time::sleep(after).await;
            let _ = me.cast(SessionMsg::Quiet { heard });
        }));
    }

    /// The timer has run out; says whether it is the one that was set last.
    pub fn is_over(&mut self, heard: u64) -> bool {
        let current = self.since(heard);
        if current {
            self.timer = None;
        }
        current
    }

    /// Whether nothing was heard after the `heard`th message.
    pub fn since(&self, heard: u64) -> bool {
        self.heard == heard
    }
}
