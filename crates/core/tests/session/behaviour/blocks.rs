//! Content that the model's API would refuse is refused at the door: once it is history, every
//! later request would fail.

use planaria_core::event::ClientEvent;
use planaria_core::limits::DOCUMENT_TITLE_CHARS_MAX;
use planaria_core::record::payload::CustomToolResult;
use planaria_core::session::Rejection;
use serde_json::{Value, json};

use super::answered;
use crate::world::*;

fn send(event: ClientEvent) -> Result<(), String> {
    let sent = World::new().send([event]);
    sent.map(|_| ()).map_err(|rejection| rejection.to_string())
}

fn result(block: Value) -> Result<(), String> {
    let mut world = answered([call("lookup")]);
    let custom_tool_use_id = world.call("lookup");
    let result = CustomToolResult { custom_tool_use_id, content: vec![block], is_error: false };
    let sent = world.send([ClientEvent::CustomToolResult(result)]);
    sent.map(|_| ()).map_err(|rejection| rejection.to_string())
}

fn good_everywhere() -> Vec<Value> {
    vec![
        json!({ "type": "text", "text": "hi" }),
        json!({ "type": "image", "source": { "type": "base64", "media_type": "image/png", "data": "AA==" } }),
        json!({ "type": "image", "source": { "type": "url", "url": "https://example.com/a.png" } }),
        json!({ "type": "document", "source": { "type": "text", "media_type": "text/plain", "data": "x" } }),
        json!({
            "type": "document", "title": "t".repeat(DOCUMENT_TITLE_CHARS_MAX), "context": "c",
            "source": { "type": "url", "url": "https://example.com/a.pdf" },
        }),
        json!({
            "type": "document", "title": null, "context": null,
            "source": { "type": "base64", "media_type": "application/pdf", "data": "JVBERi0=" },
        }),
    ]
}

fn image(source: Value) -> Value {
    json!({ "type": "image", "source": source })
}

fn document(field: &str, value: Value) -> Value {
    let source = json!({ "type": "text", "media_type": "text/plain", "data": "x" });
    json!({ "type": "document", "source": source, field: value })
}

fn search_result() -> Value {
    let content = json!([{ "type": "text", "text": "x" }]);
    json!({
        "type": "search_result", "source": "s", "title": "t", "content": content,
        "citations": { "enabled": false },
    })
}

#[test]
fn blocks_of_the_contract_are_accepted_where_they_belong() {
    for block in good_everywhere() {
        assert_eq!(send(ClientEvent::Message { content: vec![block.clone()] }), Ok(()), "{block}");
        assert_eq!(result(block.clone()), Ok(()), "{block}");
    }
    assert_eq!(result(search_result()), Ok(()));
    assert!(send(ClientEvent::Message { content: vec![search_result()] }).is_err());
}

#[test]
fn other_blocks_are_refused_with_their_place() {
    let bad = [
        json!("just text"),
        json!({ "type": "text" }),
        json!({ "type": "text", "text": "" }),
        json!({ "type": "text", "text": " \n" }),
        json!({ "type": "text", "text": 7 }),
        json!({ "type": "text", "text": "x", "cache_control": { "type": "ephemeral" } }),
        json!({ "type": "image" }),
        json!({ "type": "image", "source": { "type": "base64", "data": "AA==" } }),
        json!({ "type": "document", "source": "x" }),
        json!({ "type": "redacted" }),
        json!({ "type": "tool_use", "id": "x", "name": "bash", "input": {} }),
    ];
    for block in bad {
        let content = vec![json!({ "type": "text", "text": "x" }), block.clone()];
        let refusal = send(ClientEvent::Message { content }).expect_err(&block.to_string());
        assert!(
            refusal.starts_with("Invalid user.message event at events[0]: content.1"),
            "{block}: {refusal}"
        );
        // In a result an empty text is no harm: the model is told that there was none.
        let blank = block["text"].as_str().is_some_and(|text| text.trim().is_empty());
        if !blank {
            result(block.clone()).expect_err(&block.to_string());
        }
    }
}

#[test]
fn a_source_has_its_own_fields_and_real_base64() {
    let base64 = |data: &str| json!({ "type": "base64", "media_type": "image/png", "data": data });
    let mut more = base64("AA==");
    more["filename"] = json!("a.png");
    let url = json!({ "type": "url", "url": "https://example.com/a.png", "detail": "high" });
    let of_both = json!({ "type": "url", "url": "https://example.com/a.png", "data": "AA==" });
    let bad = [
        (more, ".source.filename: not allowed here"),
        (url, ".source.detail: not allowed here"),
        (of_both, ".source.data: not allowed here"),
        (base64("AA"), ".source.data: must be base64"),
        (base64("AA==\n"), ".source.data: must be base64"),
        (base64("not base64!!"), ".source.data: must be base64"),
        (base64("data:image/png;base64,AA=="), ".source.data: must be base64"),
        (json!({ "type": "file", "file_id": "file_1" }), ".source.type: `file` is not supported"),
    ];
    for (source, problem) in bad {
        let content = vec![image(source.clone())];
        let refusal = send(ClientEvent::Message { content }).expect_err(&source.to_string());
        let expected = format!("Invalid user.message event at events[0]: content.0{problem}");
        assert!(refusal.starts_with(&expected), "{source}: {refusal}");
    }
}

#[test]
fn title_and_context_of_a_document_are_texts() {
    let long = "t".repeat(DOCUMENT_TITLE_CHARS_MAX + 1);
    let bad = [
        document("title", json!(7)),
        document("title", json!("")),
        document("title", json!(long)),
        document("context", json!(["x"])),
        document("context", json!("")),
    ];
    for block in bad {
        let content = vec![block.clone()];
        let refusal = send(ClientEvent::Message { content }).expect_err(&block.to_string());
        let field = if block.get("title").is_some() { "title" } else { "context" };
        assert!(refusal.contains(&format!("content.0.{field}: must be")), "{block}: {refusal}");
    }
}

#[test]
fn messages_have_content_and_system_messages_only_text() {
    assert!(send(ClientEvent::Message { content: vec![] }).is_err());
    assert!(send(ClientEvent::System { content: vec![] }).is_err());
    assert!(send(ClientEvent::System { content: vec![good_everywhere().remove(1)] }).is_err());
    assert!(send(ClientEvent::System { content: vec![json!({ "type": "text" })] }).is_err());
    assert_eq!(send(system("Be brief.")), Ok(()));
    let many = (0..1_001).map(|_| json!({ "type": "text", "text": "x" })).collect();
    assert!(send(ClientEvent::System { content: many }).is_err());
}

#[test]
fn a_refusal_of_content_is_an_invalid_request() {
    let refusal = World::new().send([message("")]).unwrap_err();
    assert!(matches!(refusal, Rejection::Invalid(_)));
}
