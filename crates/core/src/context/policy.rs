//! Who chooses the context.

use super::{Compaction, Context, HARNESS, HARNESS_VERSION};
use crate::limits::{COMPACT_ANSWERS_MIN, COMPACT_AT_TOKENS};
use crate::model::Request;

/// A way to choose what the model sees of a session: the part of a harness that thinks.
///
/// It is a pure function of the context, which is a pure function of the log: the same log gives
/// the same request, whichever process asks. Its name and version are recorded with every answer,
/// and a digest of the request, so it can be told later what the model saw. A session goes on with
/// another policy from one request to the next, without a restart; the log does not depend on it.
pub trait ContextPolicy: Send + Sync {
    /// Its name, as the log has it.
    fn name(&self) -> &str;

    /// Its version: raised whenever the same log gives another request.
    fn version(&self) -> u32;

    /// The request that the session sends now; `None` before its first record.
    fn request(&self, context: &Context) -> Option<Request> {
        context.request()
    }

    /// Whether the older part is to be summed up before the next request. A model that refuses a
    /// request as too long starts a summary all the same.
    fn is_full(&self, context: &Context) -> bool;

    /// The request for a summary; `None` if there is nothing to sum up. See
    /// [`Context::compaction`].
    fn compaction(&self, context: &Context, level: u32) -> Option<Compaction> {
        context.compaction(level)
    }
}

/// Everything that was said, and a summary of the older part once it is too much.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WholeLog {
    /// Tokens of a request at which the conversation is summed up.
    pub compact_at: u64,
}

impl Default for WholeLog {
    fn default() -> Self {
        Self { compact_at: COMPACT_AT_TOKENS }
    }
}

impl ContextPolicy for WholeLog {
    fn name(&self) -> &str {
        HARNESS
    }

    fn version(&self) -> u32 {
        HARNESS_VERSION
    }

    fn is_full(&self, context: &Context) -> bool {
        let moved_on = context.since_summary().is_none_or(|n| n >= COMPACT_ANSWERS_MIN);
        moved_on && context.tokens() >= self.compact_at
    }
}
