//! What a dynamic supervisor does about its children.

use std::time::Duration;

use futures_util::future::join_all;

use super::actor::{Message, State};
use super::children::{Member, Target, reason};
use super::handle::{Reply, lives};
use crate::child::{Kind, Restart};
use crate::context::{Context, now};
use crate::error::Error;
use crate::exit::ExitReason;
use crate::launch::{Arrival, Started, launch};
use crate::living::{Living, expected};
use crate::node::{Exit, NodeCell};
use crate::report::ReportContext;
use crate::scope::Scope;
use crate::supervisor::{Child, Count, Handle, Key, Place, living_of, put};

impl<A: Clone + Send + Sync + 'static> State<A> {
    pub fn take(&mut self, message: Message<A>) {
        match message {
            Message::Start(argument, reply) => self.start_child(argument, reply),
            Message::Arrived { key, incarnation, arrival } => {
                self.arrived(key, incarnation, arrival);
            }
            Message::Gone { key, incarnation, zombie } => self.gone(key, incarnation, zombie),
            Message::Retry { key, wait } => self.retry(key, wait),
            Message::Terminate(target, reply) => self.terminate(&target, reply),
            Message::Which(reply) => {
                let children = self.children.members.values().map(|m| self.child(m)).collect();
                let _ = reply.send(Ok(children));
            }
            Message::Count(reply) => drop(reply.send(Ok(self.count()))),
        }
    }

    fn start_child(&mut self, argument: A, reply: Reply<Handle>) {
        let name = self.spec.key.as_ref().map(|key| key(&argument));
        if let Some(key) = name.as_ref().and_then(|name| self.children.named(name)) {
            let member = self.children.members.get_mut(&key).expect("a name leads to a child");
            match living_of(&member.place) {
                Some(living) if lives(&living.cell) => {
                    let _ = reply.send(Err(Error::AlreadyStarted(living.cell.clone())));
                }
                // It is on its way, or on its way out: whoever asks gets the next one.
                _ => member.starters.push(reply),
            }
            return;
        }
        self.add(argument, name, vec![reply]);
    }

    fn add(&mut self, argument: A, name: Option<String>, starters: Vec<Reply<Handle>>) {
        let id = name.clone().unwrap_or_else(|| self.children.next_key().to_string());
        let node = NodeCell::new(format!("{}/{id}", self.context.path), self.spec.kind);
        let member = Member {
            argument,
            name,
            place: Place::Absent,
            incarnation: 0,
            failures: 0,
            started_at: None,
            node: node.clone(),
            starters,
            terminators: Vec::new(),
        };
        let key = self.children.add(member);
        self.context.node.add(key, node);
        self.launch(key, false);
    }

    fn launch(&mut self, key: Key, restarted: bool) {
        let Some(member) = self.children.members.get_mut(&key) else { return };
        put(&mut member.place, &member.node, Place::Starting);
        member.incarnation += 1;
        let incarnation = member.incarnation;
        member.node.update(|node| {
            node.incarnation = incarnation;
            node.restarts += u64::from(restarted);
        });
        let id = member.name.clone().unwrap_or_else(|| key.to_string());
        let context = Context {
            path: format!("{}/{id}", self.context.path).into(),
            incarnation,
            scope: Scope::default(),
            supervisor: Some(self.me.get_cell()),
            node: member.node.clone(),
            tree: self.context.tree.clone(),
        };
        let (template, argument) = (self.spec.template.clone(), member.argument.clone());
        let me = self.me.clone();
        launch(
            &self.context.scope,
            context,
            self.spec.start_timeout,
            move |context| template(context, argument),
            move |arrival| drop(me.cast(Message::Arrived { key, incarnation, arrival })),
        );
    }

    fn arrived(&mut self, key: Key, incarnation: u64, arrival: Arrival) {
        let Some(member) = self.children.members.get_mut(&key) else { return };
        if member.incarnation != incarnation {
            return;
        }
        let scope = arrival.scope();
        match arrival.take() {
            Ok(Started::Running { cell, info, supervisor }) => {
                let living = Living::new(cell, scope, info, supervisor);
                let handle = Handle::of(&living);
                member.started_at = Some(now());
                put(&mut member.place, &member.node, Place::Running(living.clone()));
                for reply in member.starters.drain(..) {
                    let _ = reply.send(Ok(handle.clone()));
                }
                let wanted = member.terminators.is_empty();
                self.children.runs_as(key, &living.cell);
                let me = self.me.clone();
                let zombie_after = self.context.tree.options.zombie_after;
                living.watch(&self.context.scope, zombie_after, move |zombie| {
                    let _ = me.cast(Message::Gone { key, incarnation, zombie });
                });
                if !wanted {
                    self.stop(key);
                }
            }
            Ok(Started::Ignore) => {
                if let Some(member) = self.remove(key) {
                    let ignored = |reply: Reply<Handle>| drop(reply.send(Ok(Handle::ignored())));
                    member.starters.into_iter().for_each(ignored);
                    member.terminators.into_iter().for_each(|reply| drop(reply.send(Ok(()))));
                }
            }
            Err(error) => self.not_started(key, error),
        }
    }

    fn not_started(&mut self, key: Key, error: crate::StartError) {
        let reason = ExitReason::StartFailed(error.to_string());
        self.context.report(ReportContext::StartError, &self.name(key), Some(reason.clone()));
        let Some(member) = self.children.members.get_mut(&key) else { return };
        put(&mut member.place, &member.node, Place::Absent);
        if member.incarnation > 1 && member.terminators.is_empty() {
            return self.failed(key, reason);
        }
        if let Some(member) = self.remove(key) {
            for reply in member.starters {
                let _ = reply.send(Err(Error::Start(error.clone())));
            }
            member.terminators.into_iter().for_each(|reply| drop(reply.send(Ok(()))));
        }
    }

    fn gone(&mut self, key: Key, incarnation: u64, zombie: bool) {
        let Some(member) = self.children.members.get_mut(&key) else { return };
        if member.incarnation != incarnation {
            return;
        }
        let Some(living) = living_of(&member.place).cloned() else { return };
        let announced = self.announced.remove(&living.cell.get_id());
        let reason = reason(living.exit(), announced);
        let asked = matches!(member.place, Place::Stopping(_));
        let exit = Exit { reason: reason.clone(), at: self.context.elapsed() };
        member.node.update(|node| node.last_exit = Some(exit));
        put(&mut member.place, &member.node, Place::Absent);
        self.children.runs_no_more(&living.cell);
        let name = self.name(key);
        if zombie {
            self.context.report(ReportContext::Zombie, &name, Some(reason.clone()));
        }
        let restart = self.spec.restart;
        if asked {
            if !expected(self.spec.shutdown, restart == Restart::Permanent, &reason) {
                self.context.report(ReportContext::ShutdownError, &name, Some(reason.clone()));
            }
            return self.ended(key, &reason);
        }
        let restarts = match restart {
            Restart::Permanent => true,
            Restart::Transient => !reason.is_clean(),
            Restart::Temporary => false,
        };
        if restarts || !reason.is_clean() {
            self.context.report(ReportContext::ChildTerminated, &name, Some(reason.clone()));
        }
        if restarts { self.failed(key, reason) } else { self.ended(key, &reason) }
    }

    /// A child has ended for good.
    fn ended(&mut self, key: Key, reason: &ExitReason) {
        let Some(member) = self.remove(key) else { return };
        if let Some(on_exit) = &self.spec.on_exit {
            on_exit(&member.argument, reason);
        }
        member.terminators.into_iter().for_each(|reply| drop(reply.send(Ok(()))));
        if !member.starters.is_empty() && !self.ending {
            self.add(member.argument, member.name, member.starters);
        }
    }

    fn remove(&mut self, key: Key) -> Option<Member<A>> {
        self.context.node.remove(key);
        self.children.remove(key)
    }

    fn failed(&mut self, key: Key, reason: ExitReason) {
        if self.ending {
            return;
        }
        let at = now();
        let allowed = self.budget.spend(at);
        let budget = (self.budget.used(at), self.budget.max());
        self.context.node.update(|node| node.budget = Some(budget));
        if !allowed {
            let child = self.name(key);
            self.context.report(ReportContext::GaveUp, &child, Some(reason.clone()));
            self.ending = true;
            self.context.scope.set_exit(ExitReason::GaveUp { child, last: Box::new(reason) });
            return self.me.stop(None);
        }
        self.waits += 1;
        let (wait, backoff) = (self.waits, self.spec.backoff.clone());
        let Some(member) = self.children.members.get_mut(&key) else { return };
        let ran = member.started_at.take().map_or(Duration::ZERO, |at| now() - at);
        if backoff.as_ref().is_some_and(|b| ran >= b.reset_after) {
            member.failures = 0;
        }
        member.failures = member.failures.saturating_add(1);
        let delay = backoff.map_or(Duration::ZERO, |b| b.delay(member.failures));
        put(&mut member.place, &member.node, Place::Restarting(wait));
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

    fn retry(&mut self, key: Key, wait: u64) {
        let member = self.children.members.get(&key);
        let waits = |m: &Member<A>| matches!(m.place, Place::Restarting(w) if w == wait);
        if member.is_some_and(waits) {
            self.launch(key, true);
        }
    }

    fn terminate(&mut self, target: &Target, reply: Reply<()>) {
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
        match member.place {
            Place::Running(_) => self.stop(key),
            Place::Restarting(_) | Place::Absent => self.ended(key, &ExitReason::Shutdown),
            // Stopped when it has arrived, or on its way out already.
            Place::Starting | Place::Stopping(_) => {}
        }
    }

    fn stop(&mut self, key: Key) {
        let Some(member) = self.children.members.get_mut(&key) else { return };
        let Place::Running(living) = &member.place else { return };
        let living = living.clone();
        put(&mut member.place, &member.node, Place::Stopping(living.clone()));
        let (shutdown, own) = (self.spec.shutdown, self.context.scope.clone());
        self.context.scope.spawn(async move { living.stop(shutdown, &own).await });
    }

    /// Stops all children at the same time: one request to each, the same time for all.
    pub async fn stop_all(&mut self) {
        self.ending = true;
        let (shutdown, own) = (self.spec.shutdown, self.context.scope.clone());
        let living: Vec<Living> =
            self.children.members.values().filter_map(|m| living_of(&m.place).cloned()).collect();
        join_all(living.iter().map(|living| living.stop(shutdown, &own))).await;
        for key in self.children.members.keys().copied().collect::<Vec<_>>() {
            let member = &self.children.members[&key];
            let said = living_of(&member.place).map(|living| {
                let killed = living.scope.is_doomed();
                let silent = if killed { ExitReason::Killed } else { ExitReason::Shutdown };
                living.exit().unwrap_or(silent)
            });
            let reason = said.unwrap_or(ExitReason::Shutdown);
            if !expected(shutdown, self.spec.restart == Restart::Permanent, &reason) {
                let name = self.name(key);
                self.context.report(ReportContext::ShutdownError, &name, Some(reason.clone()));
            }
            self.ended(key, &reason);
        }
        self.context.scope.set_exit(ExitReason::Shutdown);
    }

    fn name(&self, key: Key) -> String {
        let name = self.children.members.get(&key).and_then(|m| m.name.clone());
        name.unwrap_or_else(|| key.to_string())
    }

    fn child(&self, member: &Member<A>) -> Child {
        Child::of(None, self.spec.kind, &member.place)
    }

    fn count(&self) -> Count {
        let members = self.children.members.values();
        let active =
            members.filter(|m| living_of(&m.place).is_some_and(|l| !l.gone.is_cancelled())).count();
        let all = self.children.members.len();
        let (workers, supervisors) = match self.spec.kind {
            Kind::Worker => (all, 0),
            Kind::Supervisor => (0, all),
        };
        Count { specs: 1, active, supervisors, workers }
    }
}
