//! What may be asked of a supervisor: OTP's management calls.

use tokio::sync::oneshot;

use super::actor::State;
use super::family::Member;
use super::handle::{Child, Count, Handle};
use super::operations::{Operation, Starting, Stopping};
use super::place::Place;
use crate::child::{ChildSpec, Kind};
use crate::error::Error;
use crate::living::is_dead;
use crate::spec::check_child;

pub(crate) type Reply<T> = oneshot::Sender<Result<T, Error>>;

/// A request with its way back.
pub(crate) enum Request {
    StartChild(Box<ChildSpec>, Reply<Handle>),
    RestartChild(String, Reply<Handle>),
    TerminateChild(String, Reply<()>),
    DeleteChild(String, Reply<()>),
    ChildSpec(String, Reply<ChildSpec>),
    WhichChild(String, Reply<Child>),
    WhichChildren(Reply<Vec<Child>>),
    CountChildren(Reply<Count>),
}

impl State {
    /// Questions are answered at once; what changes something waits its turn.
    pub fn request(&mut self, request: Request) {
        match request {
            Request::ChildSpec(id, reply) => {
                let member = self.family.find(&id).and_then(|key| self.family.get(key));
                let _ = reply.send(member.map(|m| m.spec.clone()).ok_or(Error::NotFound));
            }
            Request::WhichChild(id, reply) => {
                let member = self.family.find(&id).and_then(|key| self.family.get(key));
                let _ = reply.send(member.map(shown).ok_or(Error::NotFound));
            }
            Request::WhichChildren(reply) => {
                let children = self.family.iter().rev().map(|(_, member)| shown(member));
                let _ = reply.send(Ok(children.collect()));
            }
            Request::CountChildren(reply) => {
                let _ = reply.send(Ok(self.count()));
            }
            change => self.requests.push_back(change),
        }
    }

    fn count(&self) -> Count {
        let mut count = Count::default();
        for (_, member) in self.family.iter() {
            count.specs += 1;
            count.active += usize::from(member.living().is_some_and(|l| !l.scope.is_gone()));
            match member.spec.kind {
                Kind::Worker => count.workers += 1,
                Kind::Supervisor => count.supervisors += 1,
            }
        }
        count
    }

    /// The next request that changes something. One about a child that is dead waits until the
    /// death is complete: an answer before would be about a child that is not there any more.
    pub fn next_request(&mut self) -> Option<Request> {
        let id = match self.requests.front()? {
            Request::StartChild(spec, _) => Some(spec.id()),
            Request::RestartChild(id, _) | Request::DeleteChild(id, _) => Some(id.as_str()),
            _ => None,
        };
        let member = id.and_then(|id| self.family.find(id)).and_then(|key| self.family.get(key));
        let dies = member.and_then(|m| m.living()).is_some_and(|l| is_dead(&l.cell));
        if dies { None } else { self.requests.pop_front() }
    }

    /// Serves a request that changes something; nothing is under way.
    pub fn serve(&mut self, request: Request) {
        match request {
            Request::StartChild(spec, reply) => self.start_child(*spec, reply),
            Request::RestartChild(id, reply) => self.restart_child(&id, reply),
            Request::TerminateChild(id, reply) => match self.family.find(&id) {
                Some(key) => {
                    let why = Stopping::Asked(reply);
                    self.queue.push_front(Operation::Stop { key, why });
                }
                None => drop(reply.send(Err(Error::NotFound))),
            },
            Request::DeleteChild(id, reply) => {
                let _ = reply.send(self.delete_child(&id));
            }
            question => self.request(question),
        }
    }

    fn start_child(&mut self, spec: ChildSpec, reply: Reply<Handle>) {
        if let Err(error) = check_child(&spec, self.auto_shutdown) {
            let _ = reply.send(Err(Error::Start(error)));
            return;
        }
        let known = self.family.find(&spec.id).and_then(|key| self.family.get(key));
        if let Some(member) = known {
            let error = match member.living() {
                Some(living) => Error::AlreadyStarted(living.cell.clone()),
                None => Error::AlreadyPresent,
            };
            let _ = reply.send(Err(error));
            return;
        }
        let key = self.family.add(spec, &self.context.node);
        let key = key.expect("the id was looked for");
        let why = Starting::Asked { reply, new: true };
        self.queue.push_front(Operation::Start { key, why });
    }

    fn restart_child(&mut self, id: &str, reply: Reply<Handle>) {
        let Some(key) = self.family.find(id) else {
            let _ = reply.send(Err(Error::NotFound));
            return;
        };
        let place = self.family.get(key).map(|m| &m.place);
        let refusal = match place {
            Some(Place::Absent) => None,
            Some(Place::Restarting(_)) => Some(Error::Restarting),
            _ => Some(Error::Running),
        };
        if let Some(refusal) = refusal {
            let _ = reply.send(Err(refusal));
            return;
        }
        let why = Starting::Asked { reply, new: false };
        self.queue.push_front(Operation::Start { key, why });
    }

    fn delete_child(&mut self, id: &str) -> Result<(), Error> {
        let key = self.family.find(id).ok_or(Error::NotFound)?;
        match self.family.get(key).map(|m| &m.place) {
            Some(Place::Absent) => {
                self.forget(key);
                Ok(())
            }
            Some(Place::Restarting(_)) => Err(Error::Restarting),
            _ => Err(Error::Running),
        }
    }
}

fn shown(member: &Member) -> Child {
    Child::of(Some(member.spec.id.clone()), member.spec.kind, &member.place)
}
