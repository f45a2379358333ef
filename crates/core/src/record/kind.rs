//! The kinds of records: code on disk, name outside, who may see it.

use std::borrow::Cow;

/// Who sees a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Visibility {
    /// Nobody but us.
    Private,
    /// An event of the API.
    Public,
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $variant:ident = $code:literal, $name:literal, $visibility:ident;)*) => {
        /// What a record says happened. Codes are on disk and never reused.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Kind {
            $($(#[$doc])* $variant,)*
            /// A kind of a newer version that may be passed over.
            Unknown(u16),
        }

        impl Kind {
            /// Every kind this version knows, in the order of the codes.
            pub const ALL: &'static [Kind] = &[$(Kind::$variant),*];

            /// The code on disk.
            pub fn code(self) -> u16 {
                match self {
                    $(Kind::$variant => $code,)*
                    Kind::Unknown(code) => code,
                }
            }

            /// The inverse of `code`.
            pub fn from_code(code: u16) -> Self {
                match code {
                    $($code => Kind::$variant,)*
                    other => Kind::Unknown(other),
                }
            }

            /// The event type of a public kind, our own word for a private one.
            pub fn name(self) -> Cow<'static, str> {
                match self {
                    $(Kind::$variant => Cow::Borrowed($name),)*
                    Kind::Unknown(code) => Cow::Owned(format!("unknown.{code}")),
                }
            }

            /// Who sees records of this kind.
            pub fn visibility(self) -> Visibility {
                match self {
                    $(Kind::$variant => Visibility::$visibility,)*
                    Kind::Unknown(_) => Visibility::Private,
                }
            }
        }
    };
}

kinds! {
    /// Record 1: who the session is (workspace, agent, environment).
    Genesis = 1, "genesis", Private;
    /// A client's event, durable, not yet taken up.
    Accepted = 2, "accepted", Private;
    /// A harness took over; effects handed out before are stale.
    Claim = 3, "claim", Private;
    /// A model's raw answer, from which public events in the same batch were made.
    Answer = 4, "model.answer", Private;
    /// A model request failed and is tried again within its span.
    Attempt = 5, "model.attempt", Private;
    /// A tool call became runnable.
    Dispatch = 6, "tool.dispatch", Private;
    /// A hand was started for the session.
    HandBound = 7, "hand.bound", Private;
    /// An open custom tool call was closed by us (interrupt), with the text the model gets.
    CallClosed = 8, "call.closed", Private;
    /// The session's restart budget is spent.
    Parked = 9, "session.parked", Private;
    /// The context is to be summarised before the request in flight goes on.
    CompactionWanted = 10, "compaction.wanted", Private;
    /// The summary that stands for what came before.
    Compacted = 11, "compacted", Private;

    /// A person or program says something to the agent. It starts a turn, or joins the one under
    /// way at its next model request.
    UserMessage = 100, "user.message", Public;
    /// Somebody stopped what the session was doing. Calls that ran were ended, and the turn is over
    /// unless a message came with it.
    UserInterrupt = 101, "user.interrupt", Public;
    /// A person's verdict on a call that needed permission.
    UserToolConfirmation = 102, "user.tool_confirmation", Public;
    /// The result of a custom tool, which the client runs.
    UserCustomToolResult = 103, "user.custom_tool_result", Public;
    /// The result of a built-in tool that a client ran. This version knows the kind and does not
    /// write it.
    UserToolResult = 104, "user.tool_result", Public;
    /// An addition to the agent's system prompt, from its place in the history on.
    SystemMessage = 105, "system.message", Public;

    /// The model thought before it answered. What it thought stands in `model.answer`.
    AgentThinking = 120, "agent.thinking", Public;
    /// The agent says something: all text of one answer of the model.
    AgentMessage = 121, "agent.message", Public;
    /// The agent calls a built-in tool, or one of the host's.
    AgentToolUse = 122, "agent.tool_use", Public;
    /// How a call of a tool ended: well, badly, or with an outcome that nobody knows.
    AgentToolResult = 123, "agent.tool_result", Public;
    /// The agent calls a custom tool: the client is to run it and to send the result.
    AgentCustomToolUse = 124, "agent.custom_tool_use", Public;
    /// From here on the model sees a summary of the older part. The log keeps everything.
    ThreadContextCompacted = 125, "agent.thread_context_compacted", Public;

    /// The session went to work.
    SessionStatusRunning = 140, "session.status_running", Public;
    /// The turn is over, and this says why. Nothing runs until a client sends something.
    SessionStatusIdle = 141, "session.status_idle", Public;
    /// A model request failed and waits for its next attempt.
    SessionStatusRescheduled = 142, "session.status_rescheduled", Public;
    /// The session has ended for good. This version knows the kind and does not write it.
    SessionStatusTerminated = 143, "session.status_terminated", Public;
    /// Something went wrong that a client should know of, and what it may expect.
    SessionError = 144, "session.error", Public;
    /// What the session has cost so far, at the end of each turn.
    SessionUsage = 145, "session.usage", Public;
    /// As `session.status_running`, of one thread.
    ThreadStatusRunning = 146, "session.thread_status_running", Public;
    /// As `session.status_idle`, of one thread.
    ThreadStatusIdle = 147, "session.thread_status_idle", Public;
    /// As `session.status_rescheduled`, of one thread.
    ThreadStatusRescheduled = 148, "session.thread_status_rescheduled", Public;
    /// As `session.status_terminated`, of one thread. This version knows the kind and does not
    /// write it.
    ThreadStatusTerminated = 149, "session.thread_status_terminated", Public;

    /// A model request is to be made.
    ModelRequestStart = 160, "span.model_request_start", Public;
    /// A model request is over, with an answer or without one, and what it cost.
    ModelRequestEnd = 161, "span.model_request_end", Public;
}

impl Kind {
    /// The kind of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.name() == name)
    }

    /// Whether records of this kind are events of the API.
    pub fn is_public(self) -> bool {
        self.visibility() == Visibility::Public
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_names_are_unique_and_lead_back_to_their_kind() {
        for kind in Kind::ALL {
            assert_eq!(Kind::from_code(kind.code()), *kind);
            assert_eq!(Kind::from_name(&kind.name()), Some(*kind));
        }
    }
}
