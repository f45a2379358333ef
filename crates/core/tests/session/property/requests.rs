//! What the Messages API demands of a request, and what only these tests know.

use planaria_core::model::Request;

pub fn check(request: &Request) {
    if let Err(problem) = request.check() {
        panic!("{problem}: {request:#?}");
    }
    // The tests' own signature: thinking that nobody signed must not go back.
    for block in request.messages.iter().flat_map(|message| &message.content) {
        assert!(block["type"] != "thinking" || block["signature"] == "s", "{block} is not signed");
    }
}
