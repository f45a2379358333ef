//! The children of a supervisor, in the order of their start.

use std::collections::{BTreeMap, HashMap};
use std::ops::RangeBounds;
use std::sync::Arc;

use tokio::time::Instant;

use super::place::{Place, living_of, put};
use crate::child::ChildSpec;
use crate::exit::ExitReason;
use crate::living::Living;
use crate::node::NodeCell;

/// Names a child for as long as its declaration is kept. Keys grow in the order of the start.
pub(crate) type Key = u64;

/// A child, running or not.
pub(crate) struct Member {
    pub spec: ChildSpec,
    pub place: Place,
    pub incarnation: u64,
    /// Failures in a row, for the back-off.
    pub failures: u32,
    pub started_at: Option<Instant>,
    pub last_exit: Option<ExitReason>,
    /// It has ended by itself, and the policy has not been applied yet.
    pub unjudged: bool,
    pub node: Arc<NodeCell>,
}

impl Member {
    pub fn living(&self) -> Option<&Living> {
        living_of(&self.place)
    }

    pub fn put(&mut self, place: Place) {
        put(&mut self.place, &self.node, place);
    }
}

/// All children.
#[derive(Default)]
pub(crate) struct Family {
    members: BTreeMap<Key, Member>,
    ids: HashMap<String, Key>,
    next: Key,
}

impl Family {
    /// Adds a child at the end; `None` if its id is taken.
    pub fn add(&mut self, spec: ChildSpec, parent: &NodeCell) -> Option<Key> {
        if self.ids.contains_key(&spec.id) {
            return None;
        }
        let key = self.next;
        self.next += 1;
        let node = NodeCell::new(format!("{}/{}", parent.path(), spec.id), spec.kind);
        parent.add(key, node.clone());
        self.ids.insert(spec.id.clone(), key);
        let member = Member {
            spec,
            place: Place::Absent,
            incarnation: 0,
            failures: 0,
            started_at: None,
            last_exit: None,
            unjudged: false,
            node,
        };
        self.members.insert(key, member);
        Some(key)
    }

    pub fn remove(&mut self, key: Key, parent: &NodeCell) {
        if let Some(member) = self.members.remove(&key) {
            self.ids.remove(&member.spec.id);
            parent.remove(key);
        }
    }

    pub fn find(&self, id: &str) -> Option<Key> {
        self.ids.get(id).copied()
    }

    pub fn get(&self, key: Key) -> Option<&Member> {
        self.members.get(&key)
    }

    pub fn get_mut(&mut self, key: Key) -> Option<&mut Member> {
        self.members.get_mut(&key)
    }

    /// Keys in a range, in the order of the start.
    pub fn keys(&self, range: impl RangeBounds<Key>) -> Vec<Key> {
        self.members.range(range).map(|(key, _)| *key).collect()
    }

    /// Children in the order of the start.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (Key, &Member)> {
        self.members.iter().map(|(key, member)| (*key, member))
    }
}
