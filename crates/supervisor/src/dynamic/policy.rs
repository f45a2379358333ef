//! What a dynamic supervisor does about its children.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use futures_util::future::{join, join_all};

use super::actor::{Message, State};
use super::children::{Member, Target};
use super::handle::{Reply, lives};
use crate::child::{Kind, Restart, Shutdown};
use crate::context::{Context, now};
use crate::error::{Error, StartError};
use crate::exit::{ExitReason, panic_text};
use crate::launch::{Notice, StartResult, Started, give_up, launch};
use crate::living::{Living, expected, overdue};
use crate::node::NodeCell;
use crate::report::ReportContext;
use crate::scope::Scope;
use crate::supervisor::{Child, Count, Handle, Key, Place, living_of, put};

impl<A: Clone + Send + Sync + 'static> State<A> {
    pub fn take(&mut self, message: Message<A>) {
        match message {
            Message::Start(argument, reply) => self.start_child(argument, reply),
            Message::Child { key, incarnation, notice } => self.heard(key, incarnation, notice),
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
        let name = match self.name_of(&argument) {
            Ok(name) => name,
            Err(error) => return drop(reply.send(Err(Error::Start(error)))),
        };
        let Some(key) = name.as_ref().and_then(|name| self.children.named(name)) else {
            return self.start_new(argument, name, vec![reply]);
        };
        let member = self.children.members.get_mut(&key).expect("a name leads to a child");
        match &member.place {
            Place::Running(living) if lives(&living.cell) => {
                let _ = reply.send(Err(Error::AlreadyStarted(living.cell.clone())));
            }
            // It is on its way: whoever asks again gets the same one.
            Place::Starting(_) | Place::Restarting(_) => member.starters.push(reply),
            // It is on its way out: the next one starts when it is dead.
            Place::Running(_) | Place::Stopping(_) | Place::Absent => {
                member.successor = Some(argument);
                member.starters.push(reply);
            }
        }
    }

    fn name_of(&self, argument: &A) -> Result<Option<String>, StartError> {
        let Some(key) = &self.spec.key else { return Ok(None) };
        let name = catch_unwind(AssertUnwindSafe(|| key(argument)));
        name.map(Some).map_err(|panic| StartError::Failed(panic_text(panic.as_ref())))
    }

    fn start_new(&mut self, argument: A, name: Option<String>, starters: Vec<Reply<Handle>>) {
        let id = name.clone().unwrap_or_else(|| self.children.next_key().to_string());
        let node = NodeCell::new(format!("{}/{id}", self.context.path()), self.spec.kind);
        let member = Member {
            argument,
            name,
            place: Place::Absent,
            incarnation: 0,
            failures: 0,
            started_at: None,
            last_exit: None,
            node: node.clone(),
            starters,
            successor: None,
            terminators: Vec::new(),
        };
        let key = self.children.add(member);
        self.context.node.add(key, node);
        self.launch(key, false);
    }

    fn launch(&mut self, key: Key, restarted: bool) {
        let Some(member) = self.children.members.get_mut(&key) else { return };
        member.incarnation += 1;
        let incarnation = member.incarnation;
        member.node.update(|node| {
            node.incarnation = incarnation;
            node.restarts += u64::from(restarted);
        });
        let context = Context {
            incarnation,
            scope: Scope::default(),
            supervisor: Some(self.me.get_cell()),
            node: member.node.clone(),
            tree: self.context.tree.clone(),
        };
        let (template, argument) = (self.spec.template.clone(), member.argument.clone());
        let me = self.me.clone();
        let scope = launch(
            &self.context.scope,
            context,
            self.spec.start_timeout,
            move |context| template(context, argument),
            move |notice| drop(me.cast(Message::Child { key, incarnation, notice })),
        );
        put(&mut member.place, &member.node, Place::Starting(scope));
    }

    fn heard(&mut self, key: Key, incarnation: u64, notice: Notice) {
        // A run that is not over is not forgotten, and nothing comes after its end: stale notices
        // would be a bug here.
        let member = self.children.members.get(&key).expect("a child that was launched is kept");
        assert_eq!(member.incarnation, incarnation, "one run ends before the next is launched");
        match notice {
            Notice::Arrived(result) => self.arrived(key, result),
            Notice::Gone { zombie } => self.gone(key, zombie),
        }
    }

    fn arrived(&mut self, key: Key, result: StartResult) {
        let member = self.children.members.get_mut(&key).expect("it is kept while it starts");
        let Place::Starting(scope) = &member.place else {
            panic!("a start that is not over is where it was");
        };
        let scope = scope.clone();
        match result {
            Ok(Started::Running { cell, info, supervisor }) => {
                let id = cell.get_id();
                let living = Living { cell, scope, info, supervisor };
                for reply in member.starters.drain(..) {
                    let _ = reply.send(Ok(Handle::of(&living)));
                }
                member.started_at = Some(now());
                member.successor = None;
                let wanted = member.terminators.is_empty();
                put(&mut member.place, &member.node, Place::Running(living));
                self.children.runs_as(key, id);
                if !wanted {
                    self.stop(key);
                }
            }
            Ok(Started::Ignore) => self.ignored(key),
            Err(error) => {
                scope.cell().and_then(|cell| self.announced.take(&cell));
                self.not_started(key, error);
            }
        }
    }

    /// Nothing is kept of a child that has nothing to run.
    fn ignored(&mut self, key: Key) {
        let Some(member) = self.children.members.get_mut(&key) else { return };
        member.successor = None;
        for reply in member.starters.drain(..) {
            let _ = reply.send(Ok(Handle::ignored()));
        }
        self.ended(key);
    }

    fn not_started(&mut self, key: Key, error: StartError) {
        let Some(member) = self.children.members.get_mut(&key) else { return };
        put(&mut member.place, &member.node, Place::Absent);
        let again = member.incarnation > 1 && member.terminators.is_empty();
        if member.terminators.is_empty() {
            let reason = ExitReason::StartFailed(error.to_string());
            self.context.report(ReportContext::StartError, &member.id(key), Some(&reason));
            if again {
                return self.failed(key, reason);
            }
        }
        let Some(member) = self.children.members.get_mut(&key) else { return };
        member.successor = None;
        for reply in member.starters.drain(..) {
            let _ = reply.send(Err(Error::Start(error.clone())));
        }
        self.ended(key);
    }

    fn gone(&mut self, key: Key, zombie: bool) {
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
        if restarts { self.failed(key, reason) } else { self.ended(key) }
    }

    /// A child has ended for good. The next of its key, if somebody waits for it, may start.
    fn ended(&mut self, key: Key) {
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
            self.complain(ReportContext::GaveUp, key, &reason);
            let child = self.children.members.get(&key).map(|m| m.id(key).to_string());
            let child = child.unwrap_or_default();
            self.ending = true;
            self.context.scope.set_exit(ExitReason::GaveUp { child, last: Box::new(reason) });
            return self.me.stop(None);
        }
        self.waits += 1;
        let (wait, backoff) = (self.waits, self.spec.backoff.clone());
        let Some(member) = self.children.members.get_mut(&key) else { return };
        let ran = member.started_at.take().map(|started| at - started);
        if backoff.as_ref().is_some_and(|b| ran.is_some_and(|ran| ran >= b.reset_after)) {
            member.failures = 0;
        }
        member.failures = member.failures.saturating_add(1);
        let delay = backoff.map_or(Duration::ZERO, |b| b.delay(member.failures));
        if ran.is_some() && delay.is_zero() {
            return self.launch(key, true);
        }
        put(&mut member.place, &member.node, Place::Restarting(wait));
        let me = self.me.clone();
        let retry = Message::Retry { key, wait };
        // A start that fails again and again goes through the mailbox, and shuts nobody out.
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
        match &member.place {
            Place::Running(_) => self.stop(key),
            Place::Restarting(_) | Place::Absent => self.ended(key),
            // Its arrival will be a failure.
            Place::Starting(scope) => scope.kill(),
            // On its way out already.
            Place::Stopping(_) => {}
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
        join(stop_together(&living, shutdown, &own), given_up).await;
        for key in self.children.all() {
            self.stopped(key);
        }
        self.context.scope.set_exit(ExitReason::Shutdown);
    }

    fn stopped(&mut self, key: Key) {
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

    fn complain(&self, context: ReportContext, key: Key, reason: &ExitReason) {
        if let Some(member) = self.children.members.get(&key) {
            self.context.report(context, &member.id(key), Some(reason));
        }
    }

    fn child(&self, member: &Member<A>) -> Child {
        Child::of(None, self.spec.kind, &member.place)
    }

    fn count(&self) -> Count {
        let members = self.children.members.values();
        let active =
            members.filter(|m| living_of(&m.place).is_some_and(|l| !l.scope.is_gone())).count();
        let all = self.children.members.len();
        let (workers, supervisors) = match self.spec.kind {
            Kind::Worker => (all, 0),
            Kind::Supervisor => (0, all),
        };
        Count { specs: 1, active, supervisors, workers }
    }
}

/// One request to each, the same time for all; then those that are left are killed.
async fn stop_together(children: &[Living], shutdown: Shutdown, own: &Scope) {
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
        () = own.doomed() => {}
        () = overdue(limit) => {}
    }
    children.iter().filter(|child| !child.scope.is_gone()).for_each(|child| child.scope.kill());
    all_gone().await;
}
