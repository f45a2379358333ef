//! Where a request asks the endpoint to cache what came before.
//!
//! The endpoint caches prefixes of (tools, system, messages), each ending at a breakpoint, of which
//! it takes four. It writes an entry at every breakpoint, and reads the longest entry that it finds
//! at a breakpoint or at most twenty blocks before one. So they are put where a later request has
//! the same bytes in front of it:
//!
//! * behind the last tool: every session whose agent has the same tools begins like this;
//! * behind the system prompt: every session of the same agent does;
//! * behind the newest user message: the next request of this session begins with all of this one;
//! * behind the user message before that: this is where the request before this one wrote its
//!   entry. It is named again because a turn of many calls has more than twenty blocks, and the
//!   endpoint would no longer find it from the newest message.
//!
//! Only the words of the request are concerned. Its digest is the domain's and does not change.

use planaria_core::model::{Request, Role};
use serde_json::Value;

/// Breakpoints that the endpoint takes in one request, by the API's rule.
#[cfg(test)]
const BREAKPOINTS_MAX: usize = 4;
/// User messages that get one; the tools and the system prompt have the others.
const MESSAGES_MARKED: usize = 2;

/// The places of a request that get a breakpoint.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Breakpoints {
    /// The last tool.
    pub tools: bool,
    /// The system prompt.
    pub system: bool,
    /// Blocks of messages: (message, block).
    pub blocks: Vec<(usize, usize)>,
}

/// Chooses the places. The same request has the same places.
pub(super) fn breakpoints(request: &Request) -> Breakpoints {
    let users = request.messages.iter().enumerate().rev();
    let users = users.filter(|(_, message)| message.role == Role::User);
    let blocks = users.take(MESSAGES_MARKED).filter_map(|(index, message)| {
        let block = message.content.iter().rposition(can_end_a_prefix)?;
        Some((index, block))
    });
    Breakpoints {
        tools: !request.tools.is_empty(),
        system: !request.system.trim().is_empty(),
        blocks: blocks.collect(),
    }
}

/// Whether the API takes a breakpoint at such a block: not at thinking, and not at an empty text.
fn can_end_a_prefix(block: &Value) -> bool {
    match block.get("type").and_then(Value::as_str) {
        Some("text") => {
            let text = block.get("text").and_then(Value::as_str);
            text.is_some_and(|text| !text.trim().is_empty())
        }
        Some("image" | "document" | "tool_result" | "tool_use") => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use planaria_core::model::Message;
    use planaria_core::tool::{BUILTINS, text_block};
    use serde_json::json;

    use super::*;

    fn request(messages: &[(Role, Vec<Value>)]) -> Request {
        let message = |(role, content): &(Role, Vec<Value>)| Message {
            role: *role,
            content: content.clone(),
        };
        Request {
            model: "m".to_owned(),
            effort: None,
            system: "Be brief.".to_owned(),
            messages: messages.iter().map(message).collect(),
            tools: vec![BUILTINS[0].spec()],
            max_tokens: 1,
        }
    }

    fn user(texts: &[&str]) -> (Role, Vec<Value>) {
        (Role::User, texts.iter().map(|text| text_block(text)).collect())
    }

    fn model() -> (Role, Vec<Value>) {
        (Role::Assistant, vec![text_block("Yes.")])
    }

    #[test]
    fn the_tools_the_system_prompt_and_the_last_two_user_messages_are_marked() {
        let conversation =
            [user(&["1"]), model(), user(&["2", "3"]), model(), user(&["4", "5", "6"])];
        let places = breakpoints(&request(&conversation));
        assert_eq!(places, Breakpoints { tools: true, system: true, blocks: vec![(4, 2), (2, 1)] });
        assert_eq!(2 + places.blocks.len(), BREAKPOINTS_MAX);
    }

    #[test]
    fn the_first_request_of_a_session_marks_its_only_message() {
        assert_eq!(breakpoints(&request(&[user(&["1"])])).blocks, [(0, 0)]);
    }

    #[test]
    fn what_is_not_there_is_not_marked() {
        let bare = Request { system: " ".to_owned(), tools: vec![], ..request(&[]) };
        assert_eq!(breakpoints(&bare), Breakpoints::default());
    }

    #[test]
    fn a_block_that_takes_no_mark_leaves_it_to_the_one_before() {
        let result = json!({ "type": "tool_result", "tool_use_id": "x", "content": [] });
        let thinking = json!({ "type": "thinking", "thinking": "Hm.", "signature": "c2ln" });
        let content = vec![result, text_block(" \n"), thinking.clone()];
        assert_eq!(breakpoints(&request(&[(Role::User, content)])).blocks, [(0, 0)]);
        let nothing = vec![text_block(""), thinking];
        assert!(breakpoints(&request(&[(Role::User, nothing)])).blocks.is_empty());
    }

    #[test]
    fn what_one_request_writes_the_next_one_names_again() {
        let mut conversation = vec![user(&["1"])];
        let mut newest = breakpoints(&request(&conversation)).blocks[0];
        for text in ["2", "3", "4"] {
            conversation.extend([model(), user(&[text])]);
            let places = breakpoints(&request(&conversation));
            assert_eq!(places.blocks[1], newest);
            newest = places.blocks[0];
        }
    }
}
