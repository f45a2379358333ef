//! A child of a dynamic supervisor has ended: what follows from it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use super::actor::{Message, State};
use super::children::Member;
use crate::child::Restart;
use crate::context::now;
use crate::exit::ExitReason;
use crate::living::expected;
use crate::report::ReportContext;
use crate::spec::AutoShutdown;
use crate::supervisor::{Key, Place, living_of, put};

/// A wait that is cancelled ends its key with it, so that there is only one to be told apart.
const ONCE: u64 = 0;

impl<A: Clone + Send + Sync + 'static> State<A> {
    pub fn gone(&mut self, key: Key, zombie: bool) {
        let member = self.children.members.get_mut(&key).expect("it is kept while it lives");
        let living = living_of(&member.place).expect("it has started, and its end is told once");
        let announced = self.announced.take(&living.cell);
        let reason = living.exit().or(announced).unwrap_or(ExitReason::Killed);
        let asked = matches!(member.place, Place::Stopping(_));
        let cell = living.cell.get_id();
        member.node.ended(reason.clone(), self.context.elapsed());
        member.last_exit = Some(reason.clone());
        // Published already.
        member.place = Place::Absent;
        let (id, restart) = (member.id(key), self.spec.restart);
        if zombie {
            self.context.report(ReportContext::Zombie, &id, Some(&reason));
        }
        if asked && !expected(self.spec.shutdown, restart == Restart::Permanent, &reason) {
            self.context.report(ReportContext::ShutdownError, &id, Some(&reason));
        }
        self.children.runs_no_more(cell);
        if asked {
            return self.ended(key);
        }
        let restarts = match restart {
            Restart::Permanent => true,
            Restart::Transient => !reason.is_clean(),
            Restart::Temporary => false,
        };
        if restarts || !reason.is_clean() {
            self.complain(ReportContext::ChildTerminated, key, &reason);
        }
        if restarts { self.failed(key, reason) } else { self.significant_ended(key) }
    }

    /// A child has ended by itself and for good, and it may be that the supervisor ends with it.
    pub fn significant_ended(&mut self, key: Key) {
        let mode = self.spec.auto_shutdown;
        if mode == AutoShutdown::AnySignificant {
            self.end(ExitReason::Shutdown);
        }
        self.ended(key);
        if mode == AutoShutdown::AllSignificant && self.children.members.is_empty() {
            self.end(ExitReason::Shutdown);
        }
    }

    /// Ends this supervisor; its children are stopped on the way.
    pub fn end(&mut self, reason: ExitReason) {
        self.ending = true;
        self.context.scope.set_exit(reason);
        self.me.stop(None);
    }

    /// A child has ended for good. The next of its key, if somebody waits for it, may start.
    pub fn ended(&mut self, key: Key) {
        let Some(member) = self.remove(key) else { return };
        // What never ran has not ended.
        if let (Some(on_exit), Some(reason)) = (&self.spec.on_exit, &member.last_exit) {
            // A listener's bug is not the supervisor's.
            let _ = catch_unwind(AssertUnwindSafe(|| on_exit(&member.argument, reason)));
        }
        member.terminators.into_iter().for_each(|reply| drop(reply.send(Ok(()))));
        if let Some(argument) = member.successor
            && !self.ending
        {
            self.start_new(argument, member.name, member.starters);
        }
    }

    pub fn remove(&mut self, key: Key) -> Option<Member<A>> {
        self.context.node.remove(key);
        self.children.remove(key)
    }

    pub fn failed(&mut self, key: Key, reason: ExitReason) {
        if self.ending {
            return;
        }
        let at = now();
        let allowed = self.budget.spend(at);
        let budget = (self.budget.used(at), self.budget.max());
        self.context.node.update(|node| node.budget = Some(budget));
        if !allowed {
            self.complain(ReportContext::GaveUp, key, &reason);
            let child = self.children.members.get(&key).map(|m| m.id(key).to_string());
            let child = child.unwrap_or_default();
            return self.end(ExitReason::GaveUp { child, last: Box::new(reason) });
        }
        let backoff = self.spec.backoff.clone();
        let Some(member) = self.children.members.get_mut(&key) else { return };
        let ran = member.started_at.take().map(|started| at - started);
        if backoff.as_ref().is_some_and(|b| ran.is_some_and(|ran| ran >= b.reset_after)) {
            member.failures = 0;
        }
        member.failures = member.failures.saturating_add(1);
        let delay = backoff.map_or(Duration::ZERO, |b| b.delay(member.failures));
        if delay.is_zero() {
            return self.launch(key, true);
        }
        put(&mut member.place, &member.node, Place::Restarting(ONCE));
        let me = self.me.clone();
        let retry = Message::Retry { key };
        self.context.scope.spawn(async move {
            tokio::time::sleep(delay).await;
            let _ = me.cast(retry);
        });
    }

    pub fn retry(&mut self, key: Key) {
        let member = self.children.members.get(&key);
        let waits = |m: &Member<A>| matches!(m.place, Place::Restarting(_));
        if member.is_some_and(waits) {
            self.launch(key, true);
        }
    }

    pub fn complain(&self, context: ReportContext, key: Key, reason: &ExitReason) {
        if let Some(member) = self.children.members.get(&key) {
            self.context.report(context, &member.id(key), Some(reason));
        }
    }
}
