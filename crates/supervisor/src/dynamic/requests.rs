//! What may be asked of a dynamic supervisor, and how it starts what is asked for.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::actor::{Message, State};
use super::children::{Member, Target};
use super::handle::{Reply, lives};
use crate::child::Kind;
use crate::context::{Context, now};
use crate::error::{Error, StartError};
use crate::exit::{ExitReason, panic_text};
use crate::launch::{Notice, StartResult, Started, launch};
use crate::living::Living;
use crate::node::NodeCell;
use crate::report::ReportContext;
use crate::scope::Scope;
use crate::supervisor::{Child, Count, Handle, Key, Place, living_of, put};

impl<A: Clone + Send + Sync + 'static> State<A> {
    pub fn take(&mut self, message: Message<A>) {
        match message {
            Message::Start(argument, reply) => self.start_child(argument, reply),
            Message::Child { key, incarnation, notice } => self.heard(key, incarnation, notice),
            Message::Retry { key } => self.retry(key),
            Message::Terminate(target, reply) => self.terminate(&target, reply),
            Message::Template(child, reply) => {
                let known = self.children.find(&Target::Cell(child));
                let _ = reply.send(known.map(|_| self.spec.template()).ok_or(Error::NotFound));
            }
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

    pub fn start_new(&mut self, argument: A, name: Option<String>, starters: Vec<Reply<Handle>>) {
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

    pub fn launch(&mut self, key: Key, restarted: bool) {
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
