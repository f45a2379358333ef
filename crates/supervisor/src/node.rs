//! The published picture of a tree: written by supervisors in passing, read without asking them.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::child::Kind;
use crate::exit::ExitReason;

/// Where a child stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Status {
    /// Its start function runs.
    Starting,
    /// It runs.
    Running,
    /// It waits for its next restart.
    Restarting,
    /// It was asked to stop.
    Stopping,
    /// It does not run.
    Stopped,
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Starting => "starting",
            Self::Running => "running",
            Self::Restarting => "restarting",
            Self::Stopping => "stopping",
            Self::Stopped => "stopped",
        })
    }
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Exit {
    /// Why.
    pub reason: ExitReason,
    /// When, counted from the start of the tree.
    pub at: Duration,
}

/// One supervised part.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Node {
    /// Ids from the root down, joined by `/`.
    pub path: String,
    /// Worker or supervisor.
    pub kind: Kind,
    /// Where it stands.
    pub status: Status,
    /// Which run this is, from 1.
    pub incarnation: u64,
    /// Automatic restarts so far.
    pub restarts: u64,
    /// Of a supervisor: restarts within its window when the last one was counted, and how many are
    /// allowed.
    pub budget: Option<(u32, u32)>,
    /// How its last run ended.
    pub last_exit: Option<Exit>,
}

/// What changes about a node.
#[derive(Debug)]
pub(crate) struct Data {
    pub status: Status,
    pub incarnation: u64,
    pub restarts: u64,
    pub budget: Option<(u32, u32)>,
    pub last_exit: Option<Exit>,
}

/// A node, and those below it.
#[derive(Debug)]
pub(crate) struct NodeCell {
    path: String,
    kind: Kind,
    data: Mutex<Data>,
    children: Mutex<BTreeMap<u64, Arc<NodeCell>>>,
}

impl NodeCell {
    pub fn new(path: String, kind: Kind) -> Arc<Self> {
        let data = Data {
            status: Status::Stopped,
            incarnation: 0,
            restarts: 0,
            budget: None,
            last_exit: None,
        };
        Arc::new(Self { path, kind, data: Mutex::new(data), children: Mutex::default() })
    }

    pub fn path(&self) -> &str {
        &self.path
    }

    pub fn update(&self, change: impl FnOnce(&mut Data)) {
        change(&mut lock(&self.data));
    }

    pub fn status(&self, status: Status) {
        self.update(|node| node.status = status);
    }

    /// A run of it has ended, and with it everything below.
    pub fn ended(&self, reason: ExitReason, at: Duration) {
        self.update(|node| {
            node.last_exit = Some(Exit { reason, at });
            node.status = Status::Stopped;
        });
        self.settle();
    }

    pub fn add(&self, key: u64, child: Arc<NodeCell>) {
        lock(&self.children).insert(key, child);
    }

    pub fn remove(&self, key: u64) {
        lock(&self.children).remove(&key);
    }

    /// Before a new incarnation of a supervisor publishes its own children.
    pub fn clear(&self) {
        lock(&self.children).clear();
    }

    /// Nothing below runs any more, whether or not it could say so.
    pub fn settle(&self) {
        let children: Vec<Arc<NodeCell>> = lock(&self.children).values().cloned().collect();
        for child in children {
            child.status(Status::Stopped);
            child.settle();
        }
    }

    /// Parents before children, children in the order of their start. No lock is held while another
    /// is taken.
    pub fn collect(&self, nodes: &mut Vec<Node>) {
        let data = lock(&self.data);
        nodes.push(Node {
            path: self.path.clone(),
            kind: self.kind,
            status: data.status,
            incarnation: data.incarnation,
            restarts: data.restarts,
            budget: data.budget,
            last_exit: data.last_exit.clone(),
        });
        drop(data);
        let children: Vec<Arc<NodeCell>> = lock(&self.children).values().cloned().collect();
        children.iter().for_each(|child| child.collect(nodes));
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
