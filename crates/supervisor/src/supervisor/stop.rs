//! The end of a supervisor: its children first, one after another, the last one first.

use super::actor::State;
use super::family::Key;
use super::place::Place;
use crate::child::Restart;
use crate::exit::ExitReason;
use crate::launch::give_up;
use crate::living::{Living, expected};
use crate::report::ReportContext;

impl State {
    /// Stops every child. A kill of this supervisor meanwhile kills them all at once.
    pub async fn stop_all(&mut self) {
        self.ending = true;
        let keys = self.family.keys(..);
        // What ractor would announce is not heard any more. Without the link a child's state stays
        // with the child, whatever its destructor does.
        for living in keys.iter().filter_map(|key| self.family.get(*key)?.living()) {
            living.cell.unlink(self.me.get_cell());
        }
        for key in keys.into_iter().rev() {
            let Some(member) = self.family.get_mut(key) else { continue };
            match &member.place {
                Place::Running(living) | Place::Stopping(living) => {
                    let living = living.clone();
                    member.put(Place::Stopping(living.clone()));
                    self.stop_one(key, living).await;
                }
                Place::Starting(scope) => {
                    let starting = scope.clone();
                    give_up(&starting, self.context.tree.options.zombie_after).await;
                }
                Place::Absent | Place::Restarting(_) => {}
            }
            if let Some(member) = self.family.get_mut(key) {
                member.node.settle();
                member.put(Place::Absent);
            }
        }
        self.context.scope.set_exit(ExitReason::Shutdown);
        // Who still waits for an answer need not wait until this state is dropped, wherever that
        // is.
        (self.underway, self.boot) = (None, None);
        self.requests.clear();
    }

    async fn stop_one(&mut self, key: Key, living: Living) {
        let Some(member) = self.family.get(key) else { return };
        let (shutdown, permanent) =
            (member.spec.shutdown, member.spec.restart == Restart::Permanent);
        living.stop(shutdown).await;
        let reason = living.exit_when_stopped();
        let id = &member.spec.id;
        if living.scope.is_zombie() {
            self.context.report(ReportContext::Zombie, id, Some(&reason));
        }
        if !expected(shutdown, permanent, &reason) {
            self.context.report(ReportContext::ShutdownError, id, Some(&reason));
        }
        member.node.ended(reason, self.context.elapsed());
    }
}
