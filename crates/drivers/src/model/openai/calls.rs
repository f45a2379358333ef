//! Calls, put together from their pieces.
//!
//! By the protocol each piece has its call's index, and the first one the id and the name. Servers
//! leave out the index, give every call the index 0, repeat the id and the name or leave out the
//! id. Only one thing can be relied on: a piece that brings a name is a call's first one, unless it
//! repeats what the call has already.

use planaria_core::model::Block;
use serde_json::{Map, Value};

use super::chunk::CallPiece;
use crate::model::input::tool_input;

/// The calls of an answer while it arrives, in the order in which they began.
#[derive(Default)]
pub(super) struct Calls {
    calls: Vec<Call>,
}

#[derive(Default)]
struct Call {
    index: Option<u64>,
    id: String,
    name: String,
    arguments: String,
}

impl Calls {
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.calls.is_empty()
    }

    /// Adds a piece, and says whether a call has begun with it. `place` is its place among the
    /// pieces of its chunk, where there are several.
    pub fn take(&mut self, mut piece: CallPiece, place: Option<u64>) -> bool {
        if piece.id().is_empty() {
            piece.index = piece.index.or(place);
        }
        let arguments = piece.arguments();
        let found = self.find(&piece, &arguments);
        if found.is_none() && piece.says_nothing() {
            return false;
        }
        let begun = found.is_none();
        if begun {
            self.calls.push(Call { index: piece.index, ..Call::default() });
        }
        let number = found.unwrap_or(self.calls.len() - 1);
        self.calls[number].grow(&piece, &arguments);
        begun
    }

    /// The call that a piece belongs to; `None` where it begins one.
    fn find(&self, piece: &CallPiece, arguments: &str) -> Option<usize> {
        let last = self.calls.len().checked_sub(1);
        let nameless = piece.name().is_empty();
        let found = match (piece.index, piece.id()) {
            (Some(index), id) => {
                let known = self.calls.iter().rposition(|call| call.index == Some(index));
                // An index that nothing begins with belongs to the call that is open.
                known.or_else(|| {
                    last.filter(|last| {
                        nameless && id.is_empty() && !self.calls[*last].is_complete()
                    })
                })
            }
            (None, "") if nameless => return last,
            (None, "") => last.filter(|last| self.calls[*last].name == piece.name()),
            (None, id) => self.calls.iter().rposition(|call| call.id == id),
        };
        found.filter(|number| !self.calls[*number].is_followed_by(piece, arguments))
    }

    /// The calls as blocks, in order.
    ///
    /// # Errors
    /// When one has no name.
    pub fn finish(self) -> Result<Vec<Block>, String> {
        let finish = |(number, call): (usize, Call)| match call.name.is_empty() {
            true => Err(format!("tool call {number} has no name")),
            false => Ok(Block::ToolUse { name: call.name, input: tool_input(call.arguments) }),
        };
        self.calls.into_iter().enumerate().map(finish).collect()
    }
}

impl Call {
    /// Whether a piece that seems to be of this call begins the next one.
    fn is_followed_by(&self, piece: &CallPiece, arguments: &str) -> bool {
        let (id, name) = (piece.id(), piece.name());
        if name.is_empty() {
            return false;
        }
        if !id.is_empty() && !self.id.is_empty() && id != self.id {
            return true;
        }
        // Nothing can follow a whole input but blanks.
        let brings_more = !arguments.trim().is_empty() || name != self.name;
        brings_more && self.is_complete()
    }

    /// Whether the input is whole.
    fn is_complete(&self) -> bool {
        // Looked at first, because it is cheap and seldom true.
        self.arguments.trim_end().ends_with('}')
            && serde_json::from_str::<Map<String, Value>>(&self.arguments).is_ok()
    }

    fn grow(&mut self, piece: &CallPiece, arguments: &str) {
        if self.id.is_empty() {
            self.id.push_str(piece.id());
        }
        // A name comes in one piece or, before any input, in several.
        let unfinished = self.arguments.is_empty() && self.name != piece.name();
        if self.name.is_empty() || unfinished {
            self.name.push_str(piece.name());
        }
        self.arguments.push_str(arguments);
    }
}
