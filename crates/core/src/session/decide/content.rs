//! Content that clients send (contract §7.2). What the model's API would refuse must not get in:
//! once it is history, every later request would fail.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use crate::limits::{DOCUMENT_TITLE_CHARS_MAX, SYSTEM_BLOCKS_MAX};

/// Where content stands; decides which blocks are allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// `user.message`.
    Message,
    /// `system.message`.
    System,
    /// Result of a tool.
    Result,
}

/// Says what is wrong with the content and where (`content.0.text: …`).
pub(super) fn check(content: &[Value], place: Place) -> Result<(), String> {
    if content.is_empty() && place != Place::Result {
        return Err("content: at least one block is required".to_owned());
    }
    if content.len() > SYSTEM_BLOCKS_MAX && place == Place::System {
        return Err(format!("content: at most {SYSTEM_BLOCKS_MAX} blocks are allowed"));
    }
    content.iter().enumerate().try_for_each(|(index, value)| {
        block(value, place).map_err(|problem| format!("content.{index}{problem}"))
    })
}

fn block(value: &Value, place: Place) -> Result<(), String> {
    let object = value.as_object().ok_or(": must be an object with a type")?;
    match (text_of(object, "type").unwrap_or_default(), place) {
        ("text", _) => text(object, place),
        ("image", Place::Message | Place::Result) => {
            only(object, &["type", "source"])?;
            source(object, &["image/png", "image/jpeg", "image/gif", "image/webp"], false)
        }
        ("document", Place::Message | Place::Result) => document(object),
        ("search_result", Place::Result) => search_result(object),
        (_, Place::Message) => Err(".type: must be text, image or document".to_owned()),
        (_, Place::System) => Err(".type: must be text".to_owned()),
        (_, Place::Result) => {
            Err(".type: must be text, image, document or search_result".to_owned())
        }
    }
}

fn text_of<'a>(object: &'a Map<String, Value>, field: &str) -> Option<&'a str> {
    object.get(field).and_then(Value::as_str)
}

fn only(object: &Map<String, Value>, known: &[&str]) -> Result<(), String> {
    match object.keys().find(|key| !known.contains(&key.as_str())) {
        Some(key) => Err(format!(".{key}: not allowed here")),
        None => Ok(()),
    }
}

fn text(object: &Map<String, Value>, place: Place) -> Result<(), String> {
    only(object, &["type", "text"])?;
    let text = text_of(object, "text").ok_or(".text: must be a string")?;
    // A tool may have nothing to say; the context leaves that out.
    if text.trim().is_empty() && place != Place::Result {
        return Err(".text: must not be blank".to_owned());
    }
    Ok(())
}

fn document(object: &Map<String, Value>) -> Result<(), String> {
    only(object, &["type", "source", "title", "context"])?;
    for field in ["title", "context"] {
        match object.get(field) {
            None | Some(Value::Null) => {}
            Some(Value::String(text)) if !text.is_empty() => {}
            Some(_) => return Err(format!(".{field}: must be a string that is not empty")),
        }
    }
    let title = text_of(object, "title").unwrap_or_default();
    if title.chars().count() > DOCUMENT_TITLE_CHARS_MAX {
        return Err(format!(".title: must be at most {DOCUMENT_TITLE_CHARS_MAX} characters"));
    }
    source(object, &["application/pdf"], true)
}

fn source(object: &Map<String, Value>, media: &[&str], plain: bool) -> Result<(), String> {
    let source = object.get("source").and_then(Value::as_object);
    let source = source.ok_or(".source: must be an object")?;
    let has = |field: &str| match text_of(source, field) {
        Some(text) if !text.is_empty() => Ok(text),
        _ => Err(format!(".source.{field}: must be a string that is not empty")),
    };
    let fields =
        |known: &[&str]| only(source, known).map_err(|problem| format!(".source{problem}"));
    match has("type")? {
        "base64" => {
            fields(&["type", "media_type", "data"])?;
            let (data, kind) = (has("data")?, has("media_type")?);
            if !media.contains(&kind) {
                return Err(format!(".source.media_type: must be {}", media.join(" or ")));
            }
            let decoded = STANDARD.decode(data).map(|_| ());
            decoded.map_err(|problem| format!(".source.data: must be base64 ({problem})"))
        }
        "text" if plain => {
            fields(&["type", "media_type", "data"])?;
            match has("media_type")? {
                "text/plain" => has("data").map(|_| ()),
                _ => Err(".source.media_type: must be text/plain".to_owned()),
            }
        }
        "url" => {
            fields(&["type", "url"])?;
            has("url").map(|_| ())
        }
        "file" => Err(".source.type: `file` is not supported by this version yet".to_owned()),
        _ if plain => Err(".source.type: must be base64, text or url".to_owned()),
        _ => Err(".source.type: must be base64 or url".to_owned()),
    }
}

fn search_result(object: &Map<String, Value>) -> Result<(), String> {
    only(object, &["type", "source", "title", "content", "citations"])?;
    for field in ["source", "title"] {
        text_of(object, field).ok_or_else(|| format!(".{field}: must be a string"))?;
    }
    if !object.get("citations").is_some_and(|citations| citations["enabled"].is_boolean()) {
        return Err(".citations.enabled: must be true or false".to_owned());
    }
    let content = object.get("content").and_then(Value::as_array);
    let content = content.filter(|blocks| !blocks.is_empty());
    let content = content.ok_or(".content: at least one text block is required")?;
    check(content, Place::System).map_err(|problem| format!(".{problem}"))
}
