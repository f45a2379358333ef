//! The port of sandboxes: how hands are started and spoken to.
//!
//! A hand outlives the process that started it. It runs each call at most once per generation,
//! journals the intent before it starts a call and the outcome before it answers.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::BoxFuture;
use crate::id::{EventId, SessionId};
use crate::tool::Outcome;

/// Starts hands and finds them again. Drivers differ only in how a hand is started.
pub trait Driver: Send + Sync {
    /// The driver's name (`local`).
    fn name(&self) -> &str;

    /// What this driver really enforces here.
    fn isolation(&self) -> Isolation;

    /// Starts a hand for a session. Before it returns, no process that a lower generation recorded
    /// is left running on the workspace.
    fn provision(&self, spec: Spec) -> BoxFuture<'_, Result<Locator, Error>>;

    /// Connects to a hand that was started before, by this process or by one that is dead.
    ///
    /// # Errors
    /// [`Error::Dead`] only where it is proved that the hand and its calls run no more.
    fn attach(&self, locator: Locator, epoch: u64) -> BoxFuture<'_, Result<Arc<dyn Hand>, Error>>;

    /// Kills a hand with everything it started, and waits until it is gone. Fine on a dead one.
    fn destroy(&self, locator: Locator) -> BoxFuture<'_, Result<(), Error>>;
}

/// A shared driver is a driver.
impl<D: Driver + ?Sized> Driver for Arc<D> {
    fn name(&self) -> &str {
        (**self).name()
    }

    fn isolation(&self) -> Isolation {
        (**self).isolation()
    }

    fn provision(&self, spec: Spec) -> BoxFuture<'_, Result<Locator, Error>> {
        (**self).provision(spec)
    }

    fn attach(&self, locator: Locator, epoch: u64) -> BoxFuture<'_, Result<Arc<dyn Hand>, Error>> {
        (**self).attach(locator, epoch)
    }

    fn destroy(&self, locator: Locator) -> BoxFuture<'_, Result<(), Error>> {
        (**self).destroy(locator)
    }
}

/// What a hand is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spec {
    /// Whose hand.
    pub session: SessionId,
    /// The writer's epoch at the time.
    pub epoch: u64,
    /// One more than the last generation bound for this session; the first is 1.
    pub generation: u64,
}

/// Where a hand is: opaque to everybody but its driver, durable in `hand.bound`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Locator {
    /// The driver that knows what the address means.
    pub driver: String,
    /// Which hand of the session this is.
    pub generation: u64,
    /// The session.
    pub session: SessionId,
    /// The driver's own words: socket, pid, start time.
    pub address: String,
}

/// One call as it goes to a hand.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// The id of the tool-use event.
    pub id: EventId,
    /// The tool.
    pub name: String,
    /// The model's input, as JSON.
    pub input: serde_json::Value,
    /// How long the call may run, in microseconds.
    pub deadline: u64,
    /// Whether a call whose outcome was lost with an earlier generation is run again (`read` and
    /// `idempotent` tools). Otherwise such a call answers [`Ended::Lost`].
    pub rerun: bool,
}

/// How a call ended, as its hand knows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Ended {
    /// It ran to an end, good or bad.
    Outcome(Outcome),
    /// It was sealed before it started, and never will.
    Sealed,
    /// An earlier generation may have started it and left no outcome: nobody knows.
    Lost,
}

/// A connection to a live hand. Dropping it leaves the hand and its calls alone.
pub trait Hand: Send + Sync {
    /// Starts the call, or joins it, or returns its journaled end; never starts it twice.
    ///
    /// # Errors
    /// [`Error::Disconnected`] says nothing about the call: attach again and ask again.
    fn ensure(&self, call: Call) -> BoxFuture<'_, Result<Ended, Error>>;

    /// Asks a running call to stop: its whole process group is killed and the waiting `ensure`
    /// answers with an outcome that says so. A call that is not running is sealed.
    fn cancel(&self, call: EventId) -> BoxFuture<'_, Result<(), Error>>;

    /// Ends the hand: running calls are killed, the workspace stays.
    fn retire(&self) -> BoxFuture<'_, Result<(), Error>>;
}

/// What a sandbox driver enforces, for people and for the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Isolation {
    /// One word: `none`, `landlock`, `namespaces`, `container`.
    pub level: String,
    /// One plain line that says what that means here.
    pub summary: String,
}

/// Why a sandbox cannot do what was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The hand is proved dead, with everything it started.
    #[error("the hand of generation {generation} is dead: {problem}")]
    Dead {
        /// Which hand.
        generation: u64,
        /// How that is known.
        problem: String,
    },
    /// The connection broke; the hand may live.
    #[error("the connection to the hand broke: {0}")]
    Disconnected(String),
    /// A hand with a higher generation or an epoch above ours refused us.
    #[error("the hand refused us: {0}")]
    Fenced(String),
    /// The hand speaks another version of the protocol.
    #[error("the hand speaks protocol {theirs}, this server {ours}: {hint}")]
    Version {
        /// The hand's version.
        theirs: u32,
        /// Ours.
        ours: u32,
        /// What to do.
        hint: String,
    },
    /// A hand could not be started.
    #[error("a hand could not be started: {0}")]
    Start(String),
    /// The call cannot be sent as it is (too large, malformed).
    #[error("the call was not sent: {0}")]
    Refused(String),
}

impl Error {
    /// Whether the same call may succeed later.
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Disconnected(_) | Self::Start(_))
    }
}
