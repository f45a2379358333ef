//! The supervision tree as its host sees it.

use serde::{Deserialize, Serialize};

/// One supervised part, as it was published last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Node {
    /// Where it stands in the tree: `runtime/sessions/sesn_…/harness`.
    pub path: String,
    /// `supervisor` or `worker`.
    pub kind: String,
    /// `running`, `restarting`, `stopping`, …
    pub status: String,
    /// Which run of it this is, from 1.
    pub incarnation: u64,
    /// Restarts so far.
    pub restarts: u64,
    /// Restarts that count against its supervisor's budget now, and how many are allowed.
    pub budget: Option<(u32, u32)>,
    /// How its last run ended.
    pub last_exit: Option<String>,
}

impl From<planaria_supervisor::Node> for Node {
    fn from(node: planaria_supervisor::Node) -> Self {
        Self {
            path: node.path,
            kind: node.kind.to_string(),
            status: node.status.to_string(),
            incarnation: node.incarnation,
            restarts: node.restarts,
            budget: node.budget,
            last_exit: node.last_exit.map(|exit| exit.reason.to_string()),
        }
    }
}
