//! The end of a supervisor: its children first, one after another, the last one first.

use super::actor::State;
use super::place::Place;
use crate::child::Restart;
use crate::exit::ExitReason;
use crate::living::expected;
use crate::report::ReportContext;

impl State {
    /// Stops every child. A kill of this supervisor meanwhile kills them all at once.
    pub async fn stop_all(&mut self) {
        self.ending = true;
        for key in self.family.keys(..).into_iter().rev() {
            let Some(member) = self.family.get_mut(key) else { continue };
            let Some(living) = member.living().cloned() else {
                member.put(Place::Absent);
                continue;
            };
            member.put(Place::Stopping(living.clone()));
            let (shutdown, permanent) =
                (member.spec.shutdown, member.spec.restart == Restart::Permanent);
            living.stop(shutdown, &self.context.scope).await;
            // What ractor announces is not heard any more; a child that says nothing was killed.
            let killed = living.scope.is_doomed();
            let silent = if killed { ExitReason::Killed } else { ExitReason::Shutdown };
            let reason = living.exit().unwrap_or(silent);
            let exit = crate::node::Exit { reason: reason.clone(), at: self.context.elapsed() };
            member.node.update(|node| node.last_exit = Some(exit));
            member.put(Place::Absent);
            if !expected(shutdown, permanent, &reason) {
                self.context.report(ReportContext::ShutdownError, &member.spec.id, Some(reason));
            }
        }
        self.context.scope.set_exit(ExitReason::Shutdown);
    }
}
