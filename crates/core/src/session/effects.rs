//! What must be in flight: a function of the state alone.

use serde::{Deserialize, Serialize};

use super::state::{ModelRequest, Phase, SessionState, Status};
use crate::id::EventId;
use crate::tool::{EffectClass, Runner};

/// Names an effect: the position of the record that called for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct EffectId(pub u64);

/// Something that must be in flight.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Effect {
    /// Ask the model.
    Model {
        /// What the report carries.
        id: EffectId,
        /// The request's start event; previews derive their ids from it.
        start: EventId,
        /// Not before this time, in microseconds.
        due: u64,
        /// Set when the context is to be summarised first: the level.
        compact: Option<u32>,
    },
    /// Run a call, or see to its end.
    Tool {
        /// What the report carries.
        id: EffectId,
        /// The call.
        call: EventId,
        /// Where its input stands in the log.
        use_seq: u64,
        /// The tool.
        name: String,
        /// Its class.
        class: EffectClass,
        /// Who runs it.
        runner: Runner,
        /// Set when the call is to stop: sealed if it has not ended by then, in microseconds.
        cancel_by: Option<u64>,
    },
    /// Report when a time has come.
    Timer {
        /// What the report carries.
        id: EffectId,
        /// When, in microseconds.
        due: u64,
    },
}

impl Effect {
    /// The effect's name.
    pub fn id(&self) -> EffectId {
        match self {
            Self::Model { id, .. } | Self::Tool { id, .. } | Self::Timer { id, .. } => *id,
        }
    }
}

/// What must be in flight right now, in the order in which it was called for.
pub fn effects(state: &SessionState) -> Vec<Effect> {
    let mut wanted = Vec::new();
    if let Some(model) = &state.model {
        let ModelRequest { effect: id, start, due, compact, .. } = *model;
        wanted.push(Effect::Model { id, start, due, compact });
    }
    if let Status::Rescheduling { effect, due } = state.status {
        wanted.push(Effect::Timer { id: effect, due });
    }
    for call in &state.calls {
        let (id, class, cancel_by) = match call.phase {
            Phase::Wanted(id, class) => (id, class, None),
            Phase::Cancelling(id, class, by) => (id, class, Some(by)),
            Phase::Ask(_) | Phase::Client | Phase::Ready(_) => continue,
        };
        wanted.push(Effect::Tool {
            id,
            call: call.id,
            use_seq: call.use_seq,
            name: call.name.clone(),
            class,
            runner: call.runner,
            cancel_by,
        });
    }
    wanted.sort_by_key(Effect::id);
    wanted
}
