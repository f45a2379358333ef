//! What a session shows without being asked: its state, its follower's wake-up, its previews.

use std::sync::{Arc, OnceLock};

use planaria_core::id::EventId;
use planaria_core::session::SessionState;
use tokio::sync::{broadcast, watch};

use crate::limits::PREVIEWS_MAX;

/// A piece of an answer that is still arriving. Never stored; the event with the same id supersedes
/// it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Preview {
    /// An `agent.message` begins.
    MessageStart {
        /// The id of the event to come.
        id: EventId,
    },
    /// An `agent.thinking` begins.
    ThinkingStart {
        /// The id of the event to come.
        id: EventId,
    },
    /// More text.
    Text {
        /// The id of the event to come.
        id: EventId,
        /// Which content block of the message, from 0, without gaps.
        index: usize,
        /// The text to append.
        text: String,
    },
}

/// How a session stands with its runtime.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub enum Condition {
    /// No actor; only its log. The state shown beside it may be empty for a moment, until somebody
    /// has read the log for those who watch.
    #[default]
    Asleep,
    /// Its actor is folding the log.
    Starting,
    /// Its actor owns the log.
    Awake,
    /// Its log cannot be used. It stays stopped.
    Unreadable(String),
}

/// A session as it stands after the last durable record.
#[derive(Debug, Clone, Default)]
pub struct View {
    /// The fold of the log.
    pub state: Arc<SessionState>,
    /// Whether there is an actor.
    pub condition: Condition,
}

/// The published side of a session. Survives its actors.
#[derive(Clone)]
pub(crate) struct Shared {
    pub view: watch::Sender<View>,
    /// Made for the first who listens: most sessions have nobody.
    previews: Arc<OnceLock<broadcast::Sender<Preview>>>,
}

impl Default for Shared {
    fn default() -> Self {
        Self { view: watch::Sender::new(View::default()), previews: Arc::default() }
    }
}

impl Shared {
    pub fn listen(&self) -> broadcast::Receiver<Preview> {
        self.previews.get_or_init(|| broadcast::Sender::new(PREVIEWS_MAX)).subscribe()
    }

    /// Whether nobody else holds this, watches the session or listens to it.
    pub fn is_alone(&self) -> bool {
        let silent = self.previews.get().is_none_or(|previews| previews.receiver_count() == 0);
        let unseen = self.view.receiver_count() == 0 && self.view.sender_count() == 1;
        silent && unseen && Arc::strong_count(&self.previews) == 1
    }

    /// Shows what the log says of a session that has no actor.
    pub fn asleep(&self, state: SessionState) {
        self.view.send_if_modified(|view| {
            let asleep = matches!(view.condition, Condition::Asleep);
            let newer = asleep && state.seq >= view.state.seq;
            if newer {
                view.state = Arc::new(state);
            }
            newer
        });
    }

    /// Best effort: nobody may be listening.
    pub fn preview(&self, preview: Preview) {
        if let Some(previews) = self.previews.get() {
            let _ = previews.send(preview);
        }
    }

    pub fn condition(&self, condition: Condition) {
        self.view.send_modify(|view| view.condition = condition);
    }
}
