//! A child has ended by itself: what follows from it.

use std::time::Duration;

use super::actor::{Message, State};
use super::family::{Key, Member};
use super::operations::{Operation, Starting, Stopping};
use super::place::Place;
use crate::child::Restart;
use crate::context::now;
use crate::exit::ExitReason;
use crate::report::ReportContext;
use crate::spec::{AutoShutdown, Strategy};

impl State {
    /// Applies the policy to a child that has ended. One that was stopped or restarted with its
    /// siblings meanwhile needs nothing more.
    pub fn ended(&mut self, key: Key) {
        let Some(member) = self.family.get_mut(key) else { return };
        if !std::mem::take(&mut member.unjudged) {
            return;
        }
        let reason = member.last_exit.clone().unwrap_or(ExitReason::Killed);
        let (restart, significant) = (member.spec.restart, member.spec.significant);
        let restarts = match restart {
            Restart::Permanent => true,
            Restart::Transient => !reason.is_clean(),
            Restart::Temporary => false,
        };
        if restarts || !reason.is_clean() {
            let id = &member.spec.id;
            self.context.report(ReportContext::ChildTerminated, id, Some(&reason));
        }
        if restarts {
            return self.failed(key, reason);
        }
        if restart == Restart::Temporary {
            self.forget(key);
        }
        if significant {
            self.significant_ended();
        }
    }

    fn significant_ended(&mut self) {
        // One that has crashed meanwhile is about to be restarted, or is judged next.
        let another = |state: &Self| {
            let counts = |m: &Member| m.unjudged || !matches!(m.place, Place::Absent);
            state.family.iter().any(|(_, m)| m.spec.significant && counts(m))
        };
        let ends = match self.auto_shutdown {
            AutoShutdown::Never => false,
            AutoShutdown::AnySignificant => true,
            AutoShutdown::AllSignificant => !another(self),
        };
        if ends {
            self.end(ExitReason::Shutdown);
        }
    }

    /// Counts a restart and arranges for it: bystanders are stopped in reverse order first.
    pub fn failed(&mut self, key: Key, reason: ExitReason) {
        let at = now();
        let allowed = self.budget.spend(at);
        let budget = (self.budget.used(at), self.budget.max());
        self.context.node.update(|node| node.budget = Some(budget));
        if !allowed {
            let child = self.family.get(key).map(|m| m.spec.id.clone()).unwrap_or_default();
            self.context.report(ReportContext::GaveUp, &child, Some(&reason));
            return self.end(ExitReason::GaveUp { child, last: Box::new(reason) });
        }
        self.queue.push_front(Operation::Revive { key });
        for bystander in self.group(key).into_iter().filter(|other| *other != key) {
            let operation = Operation::Stop { key: bystander, why: Stopping::Bystander };
            self.queue.push_front(operation);
        }
    }

    /// Who is restarted with it, in the order of the start.
    fn group(&self, key: Key) -> Vec<Key> {
        match self.strategy {
            Strategy::OneForOne => vec![key],
            Strategy::OneForAll => self.family.keys(..),
            Strategy::RestForOne => self.family.keys(key..),
        }
    }

    /// Waits if there is a back-off; the mailbox is open meanwhile. Also without one a start that
    /// fails again and again goes through the mailbox, and shuts nobody out.
    pub fn revive(&mut self, key: Key) {
        let wait = self.next_wait();
        let backoff = self.backoff.clone();
        let Some(member) = self.family.get_mut(key) else { return };
        if !matches!(member.place, Place::Absent | Place::Restarting(_)) {
            return;
        }
        let ran = member.started_at.take().map(|started| now() - started);
        if backoff.as_ref().is_some_and(|b| ran.is_some_and(|ran| ran >= b.reset_after)) {
            member.failures = 0;
        }
        member.failures = member.failures.saturating_add(1);
        let delay = backoff.map_or(Duration::ZERO, |b| b.delay(member.failures));
        member.put(Place::Restarting(wait));
        if ran.is_some() && delay.is_zero() {
            return self.queue.push_front(Operation::Begin { key, wait });
        }
        let me = self.me.clone();
        let retry = Message::Retry { key, wait };
        if delay.is_zero() {
            let _ = me.cast(retry);
            return;
        }
        self.context.scope.spawn(async move {
            tokio::time::sleep(delay).await;
            let _ = me.cast(retry);
        });
    }

    fn next_wait(&mut self) -> u64 {
        self.waits += 1;
        self.waits
    }

    /// The wait is over: starts everything in the group that does not run, in order.
    pub fn begin(&mut self, key: Key, wait: u64) {
        let waits = |m: &Member| matches!(m.place, Place::Restarting(w) if w == wait);
        if !self.family.get(key).is_some_and(waits) {
            return;
        }
        for key in self.group(key).into_iter().rev() {
            self.queue.push_front(Operation::Start { key, why: Starting::Restart });
        }
    }

    /// Ends this supervisor; its children are stopped on the way.
    pub fn end(&mut self, reason: ExitReason) {
        self.ending = true;
        self.context.scope.set_exit(reason);
        self.me.stop(None);
    }
}
