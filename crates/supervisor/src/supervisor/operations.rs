//! What a supervisor does, one thing after another.

use tokio::sync::oneshot;

use super::actor::{Message, State};
use super::family::Key;
use super::handle::Handle;
use super::place::Place;
use super::requests::Reply;
use crate::child::Restart;
use crate::context::{Context, now};
use crate::error::{Error, StartError};
use crate::exit::ExitReason;
use crate::launch::{Notice, StartResult, Started, launch};
use crate::living::Living;
use crate::report::ReportContext;
use crate::scope::Scope;

/// Something to do.
pub(crate) enum Operation {
    Start {
        key: Key,
        why: Starting,
    },
    Stop {
        key: Key,
        why: Stopping,
    },
    /// Wait before the restart of what failed, if there is a back-off.
    Revive {
        key: Key,
    },
    /// Restart what failed and what goes with it, unless it was taken care of meanwhile.
    Begin {
        key: Key,
        wait: u64,
    },
}

/// Why a child is started.
pub(crate) enum Starting {
    Boot,
    Restart,
    /// Somebody asked; the declaration is forgotten again if it is `new` and does not start.
    Asked {
        reply: Reply<Handle>,
        new: bool,
    },
}

/// Why a child is stopped.
pub(crate) enum Stopping {
    /// Another one failed.
    Bystander,
    /// Somebody asked.
    Asked(Reply<()>),
}

/// The operation under way.
pub(crate) enum Underway {
    Start { key: Key, why: Starting },
    Stop { key: Key, why: Stopping },
}

impl State {
    pub fn boot(&mut self, reply: oneshot::Sender<Result<(), StartError>>) {
        self.boot = Some(reply);
        for key in self.family.keys(..) {
            self.queue.push_back(Operation::Start { key, why: Starting::Boot });
        }
    }

    /// Goes on until something is under way or there is nothing to do. What was begun is brought to
    /// its end first, then deaths are judged, then requests are served: whoever has seen a death
    /// finds its consequences.
    pub fn proceed(&mut self) {
        while self.underway.is_none() && !self.ending {
            if let Some(operation) = self.queue.pop_front() {
                self.perform(operation);
            } else if let Some(reply) = self.boot.take() {
                let _ = reply.send(Ok(()));
            } else if let Some(key) = self.ended.pop_front() {
                self.ended(key);
            } else if let Some(request) = self.next_request() {
                self.serve(request);
            } else {
                return;
            }
        }
    }

    fn perform(&mut self, operation: Operation) {
        match operation {
            Operation::Start { key, why } => self.start(key, why),
            Operation::Stop { key, why } => self.stop(key, why),
            Operation::Revive { key } => self.revive(key),
            Operation::Begin { key, wait } => self.begin(key, wait),
        }
    }

    fn start(&mut self, key: Key, why: Starting) {
        let Some(member) = self.family.get_mut(key) else { return };
        if !matches!(member.place, Place::Absent | Place::Restarting(_)) {
            return;
        }
        debug_assert!(!member.unjudged, "what has died is judged, or stopped with its group");
        member.incarnation += 1;
        let incarnation = member.incarnation;
        let restarted = matches!(why, Starting::Restart);
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
        let (start, limit) = (member.spec.start.clone(), member.spec.start_timeout);
        let me = self.me.clone();
        self.underway = Some(Underway::Start { key, why });
        let scope = launch(
            &self.context.scope,
            context,
            limit,
            move |context| start(context),
            move |notice| drop(me.cast(Message::Child { key, incarnation, notice })),
        );
        member.put(Place::Starting(scope));
    }

    pub fn heard(&mut self, key: Key, incarnation: u64, notice: Notice) {
        // A run that is not over is not forgotten, and nothing comes after its end: stale notices
        // would be a bug here.
        let member = self.family.get(key).expect("a child that was launched is kept");
        assert_eq!(member.incarnation, incarnation, "one run ends before the next is launched");
        match notice {
            Notice::Arrived(result) => self.arrived(key, result),
            Notice::Gone { zombie } => self.gone(key, zombie),
        }
    }

    /// A start function has returned.
    fn arrived(&mut self, key: Key, result: StartResult) {
        let Some(Underway::Start { key: expected, why }) = self.underway.take() else {
            panic!("an arrival answers the start under way");
        };
        assert_eq!(expected, key, "starts are one after another");
        let member = self.family.get_mut(key).expect("a child that starts is not forgotten");
        let Place::Starting(scope) = &member.place else {
            panic!("a start that is not over is where it was");
        };
        let scope = scope.clone();
        match result {
            Ok(Started::Running { cell, info, supervisor }) => {
                let living = Living { cell, scope, info, supervisor };
                let asked = match why {
                    Starting::Asked { reply, .. } => Some((reply, Handle::of(&living))),
                    Starting::Boot | Starting::Restart => None,
                };
                member.started_at = Some(now());
                member.put(Place::Running(living));
                self.context.report(ReportContext::Started, &member.spec.id, None);
                if let Some((reply, handle)) = asked {
                    let _ = reply.send(Ok(handle));
                }
            }
            Ok(Started::Ignore) => {
                member.put(Place::Absent);
                if member.spec.restart == Restart::Temporary {
                    self.forget(key);
                }
                if let Starting::Asked { reply, .. } = why {
                    let _ = reply.send(Ok(Handle::ignored()));
                }
            }
            Err(error) => {
                member.put(Place::Absent);
                scope.cell().and_then(|cell| self.announced.take(&cell));
                let id = member.spec.id.clone();
                self.not_started(key, &id, why, error);
            }
        }
    }

    fn not_started(&mut self, key: Key, id: &str, why: Starting, error: StartError) {
        let reason = ExitReason::StartFailed(error.to_string());
        self.context.report(ReportContext::StartError, &id, Some(&reason));
        match why {
            Starting::Boot => {
                let cause = StartError::Child { id: id.to_owned(), cause: Box::new(error) };
                self.end(ExitReason::StartFailed(cause.to_string()));
                if let Some(reply) = self.boot.take() {
                    let _ = reply.send(Err(cause));
                }
            }
            Starting::Restart => {
                // What was to be started after it is started with it.
                self.queue
                    .retain(|op| !matches!(op, Operation::Start { why: Starting::Restart, .. }));
                self.failed(key, reason);
            }
            Starting::Asked { reply, new } => {
                if new {
                    self.forget(key);
                }
                let _ = reply.send(Err(Error::Start(error)));
            }
        }
    }

    fn stop(&mut self, key: Key, why: Stopping) {
        let Some(member) = self.family.get_mut(key) else { return finish(why) };
        let living = match &member.place {
            Place::Running(living) => living.clone(),
            // A pending restart is cancelled by this.
            _ => {
                member.put(Place::Absent);
                self.absorb(key);
                self.stopped(key);
                return finish(why);
            }
        };
        member.put(Place::Stopping(living.clone()));
        let shutdown = member.spec.shutdown;
        self.context.scope.spawn(async move { living.stop(shutdown).await });
        self.underway = Some(Underway::Stop { key, why });
    }

    /// A child that was to stop has ended by itself shortly before: as if it had ended while it was
    /// asked to.
    fn absorb(&mut self, key: Key) {
        let Some(member) = self.family.get_mut(key) else { return };
        if !std::mem::take(&mut member.unjudged) {
            return;
        }
        let permanent = member.spec.restart == Restart::Permanent;
        if let Some(reason) = member.last_exit.clone()
            && !crate::living::expected(member.spec.shutdown, permanent, &reason)
        {
            self.context.report(ReportContext::ShutdownError, &member.spec.id, Some(&reason));
        }
    }

    /// A child is dead with everything below it.
    fn gone(&mut self, key: Key, zombie: bool) {
        let member = self.family.get_mut(key).expect("a child that lives is not forgotten");
        let living = member.living().expect("it has started, and its end is told once");
        let announced = self.announced.take(&living.cell);
        let reason = living.exit().or(announced).unwrap_or(ExitReason::Killed);
        let asked = matches!(member.place, Place::Stopping(_));
        member.node.ended(reason.clone(), self.context.elapsed());
        // Published already.
        member.place = Place::Absent;
        member.unjudged = !asked;
        let (id, permanent) = (&member.spec.id, member.spec.restart == Restart::Permanent);
        if zombie {
            self.context.report(ReportContext::Zombie, id, Some(&reason));
        }
        if asked && !crate::living::expected(member.spec.shutdown, permanent, &reason) {
            self.context.report(ReportContext::ShutdownError, id, Some(&reason));
        }
        member.last_exit = Some(reason);
        if !asked {
            self.ended.push_back(key);
            return;
        }
        let Some(Underway::Stop { key: expected, why }) = self.underway.take() else {
            panic!("a child that was asked to stop is the operation under way");
        };
        assert_eq!(expected, key, "stops are one after another");
        self.stopped(key);
        finish(why);
    }

    /// A temporary child that was stopped is forgotten.
    fn stopped(&mut self, key: Key) {
        let temporary = self.family.get(key).map(|m| m.spec.restart) == Some(Restart::Temporary);
        if temporary {
            self.forget(key);
        }
    }

    pub fn forget(&mut self, key: Key) {
        self.family.remove(key, &self.context.node);
    }
}

fn finish(why: Stopping) {
    if let Stopping::Asked(reply) = why {
        let _ = reply.send(Ok(()));
    }
}
