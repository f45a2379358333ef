//! The children of a dynamic supervisor.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::Arc;

use ractor::{ActorCell, ActorId};
use tokio::time::Instant;

use super::handle::Reply;
use crate::exit::ExitReason;
use crate::node::NodeCell;
use crate::supervisor::{Handle, Key, Place};

/// Who is meant.
pub(crate) enum Target {
    Cell(ActorCell),
    Key(String),
}

/// One child.
pub(crate) struct Member<A> {
    pub argument: A,
    pub name: Option<String>,
    pub place: Place,
    pub incarnation: u64,
    pub failures: u32,
    pub started_at: Option<Instant>,
    pub last_exit: Option<ExitReason>,
    pub node: Arc<NodeCell>,
    /// Who waits for its next start.
    pub starters: Vec<Reply<Handle>>,
    /// What they want started, if it does not start again by itself.
    pub successor: Option<A>,
    /// Who waits for its end.
    pub terminators: Vec<Reply<()>>,
}

impl<A> Member<A> {
    /// What it is called in reports: its name, or the number that it was started as.
    pub fn id(&self, key: Key) -> Id<'_> {
        self.name.as_deref().map_or(Id::Key(key), Id::Name)
    }
}

/// What a child is called.
pub(crate) enum Id<'a> {
    Name(&'a str),
    Key(Key),
}

impl fmt::Display for Id<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::Key(key) => write!(f, "{key}"),
        }
    }
}

/// All children, and where to find them.
pub(crate) struct Children<A> {
    pub members: BTreeMap<Key, Member<A>>,
    names: HashMap<String, Key>,
    cells: HashMap<ActorId, Key>,
    next: Key,
}

impl<A> Default for Children<A> {
    fn default() -> Self {
        Self { members: BTreeMap::new(), names: HashMap::new(), cells: HashMap::new(), next: 0 }
    }
}

impl<A> Children<A> {
    pub fn add(&mut self, member: Member<A>) -> Key {
        let key = self.next_key();
        self.next += 1;
        if let Some(name) = &member.name {
            self.names.insert(name.clone(), key);
        }
        self.members.insert(key, member);
        key
    }

    pub fn all(&self) -> Vec<Key> {
        self.members.keys().copied().collect()
    }

    pub fn next_key(&self) -> Key {
        self.next
    }

    pub fn remove(&mut self, key: Key) -> Option<Member<A>> {
        let member = self.members.remove(&key)?;
        if let Some(name) = &member.name {
            self.names.remove(name);
        }
        Some(member)
    }

    pub fn runs_as(&mut self, key: Key, cell: ActorId) {
        self.cells.insert(cell, key);
    }

    pub fn runs_no_more(&mut self, cell: ActorId) {
        self.cells.remove(&cell);
    }

    pub fn named(&self, name: &str) -> Option<Key> {
        self.names.get(name).copied()
    }

    pub fn find(&self, target: &Target) -> Option<Key> {
        match target {
            Target::Cell(cell) => self.cells.get(&cell.get_id()).copied(),
            Target::Key(name) => self.named(name),
        }
    }
}
