//! The end of children of a dynamic supervisor that is asked for: of one, and of all together.

use futures_util::future::{join, join_all};

use super::actor::State;
use super::children::Target;
use super::handle::Reply;
use crate::child::{Restart, Shutdown};
use crate::error::Error;
use crate::exit::ExitReason;
use crate::launch::give_up;
use crate::living::{Living, expected, overdue};
use crate::report::ReportContext;
use crate::supervisor::{Key, Place, living_of, put};

impl<A: Clone + Send + Sync + 'static> State<A> {
    pub fn terminate(&mut self, target: &Target, reply: Reply<()>) {
        let Some(key) = self.children.find(target) else {
            let dead = match target {
                Target::Cell(cell) => cell.get_status() == ractor::ActorStatus::Stopped,
                Target::Key(_) => false,
            };
            let _ = reply.send(if dead { Ok(()) } else { Err(Error::NotFound) });
            return;
        };
        let member = self.children.members.get_mut(&key).expect("found");
        member.terminators.push(reply);
        match &member.place {
            Place::Running(_) => self.stop(key),
            Place::Restarting(_) | Place::Absent => self.ended(key),
            // Its arrival will be a failure.
            Place::Starting(scope) => scope.kill(),
            // On its way out already.
            Place::Stopping(_) => {}
        }
    }

    pub fn stop(&mut self, key: Key) {
        let Some(member) = self.children.members.get_mut(&key) else { return };
        let Place::Running(living) = &member.place else { return };
        let living = living.clone();
        put(&mut member.place, &member.node, Place::Stopping(living.clone()));
        let shutdown = self.spec.shutdown;
        self.context.scope.spawn(async move { living.stop(shutdown).await });
    }

    /// Stops all children at the same time: one request to each, the same time for all.
    pub async fn stop_all(&mut self) {
        self.ending = true;
        let zombie_after = self.context.tree.options.zombie_after;
        let me = self.me.get_cell();
        let (mut living, mut starting) = (Vec::new(), Vec::new());
        for member in self.children.members.values_mut() {
            if let Place::Starting(scope) = &member.place {
                starting.push(scope.clone());
            }
            if let Some(child) = living_of(&member.place).cloned() {
                // Without the link a child's state stays with the child, whatever its destructor
                // does; what ractor would announce is not heard any more.
                child.cell.unlink(me.clone());
                living.push(child.clone());
                put(&mut member.place, &member.node, Place::Stopping(child));
            }
        }
        let given_up = join_all(starting.iter().map(|scope| give_up(scope, zombie_after)));
        join(stop_together(&living, self.spec.shutdown), given_up).await;
        for key in self.children.all() {
            self.stopped(key);
        }
        self.context.scope.set_exit(ExitReason::Shutdown);
    }

    pub fn stopped(&mut self, key: Key) {
        let Some(member) = self.children.members.get_mut(&key) else { return };
        if let Some(living) = living_of(&member.place) {
            let reason = living.exit_when_stopped();
            let (id, permanent) = (member.id(key), self.spec.restart == Restart::Permanent);
            if living.scope.is_zombie() {
                self.context.report(ReportContext::Zombie, &id, Some(&reason));
            }
            if !expected(self.spec.shutdown, permanent, &reason) {
                self.context.report(ReportContext::ShutdownError, &id, Some(&reason));
            }
            member.last_exit = Some(reason);
        }
        self.ended(key);
    }
}

/// One request to each, the same time for all; then those that are left are killed.
async fn stop_together(children: &[Living], shutdown: Shutdown) {
    let all_gone = async || {
        for child in children {
            child.scope.gone().await;
        }
    };
    let mut limit = None;
    for child in children {
        limit = child.ask(shutdown);
    }
    tokio::select! { biased;
        () = all_gone() => return,
        () = overdue(limit) => {}
    }
    children.iter().filter(|child| !child.scope.is_gone()).for_each(|child| child.scope.kill());
    all_gone().await;
}
