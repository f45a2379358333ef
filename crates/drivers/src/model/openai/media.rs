//! Blocks of a message, as parts of chat completions.

use serde_json::{Value, json};

/// A part of a message's content.
pub(super) enum Part {
    /// Text.
    Text(String),
    /// Something that text cannot say.
    Media {
        /// What it is, in a word or two: the beginning of a sentence.
        what: &'static str,
        /// The part itself.
        part: Value,
    },
}

impl Part {
    /// The part as it is sent.
    pub fn into_value(self) -> Value {
        match self {
            Self::Text(text) => json!({ "type": "text", "text": text }),
            Self::Media { part, .. } => part,
        }
    }
}

/// Translates a block. What has no counterpart becomes a note, so that the model knows that
/// something is missing. `documents`: whether the endpoint takes PDF documents.
pub(super) fn part(block: &Value, documents: bool) -> Part {
    match block["type"].as_str() {
        Some("text") => Part::Text(text(block, "text").to_owned()),
        Some("image") => image(&block["source"]),
        Some("document") => document(block, documents),
        Some("search_result") => {
            let (title, source) = (text(block, "title"), text(block, "source"));
            Part::Text(format!("[{title}: {source}]\n{}", texts(&block["content"])))
        }
        other => left_out(&format!("A block of type {}", other.unwrap_or("unknown"))),
    }
}

fn image(source: &Value) -> Part {
    let url = match source["type"].as_str() {
        Some("base64") => data_url(source, "image/png"),
        Some("url") => text(source, "url").to_owned(),
        _ => return left_out("An image"),
    };
    let part = json!({ "type": "image_url", "image_url": { "url": url } });
    Part::Media { what: "An image", part }
}

fn document(block: &Value, documents: bool) -> Part {
    let (source, title) = (&block["source"], text(block, "title"));
    let titled = |text: String| match title {
        "" => Part::Text(text),
        title => Part::Text(format!("[{title}]\n{text}")),
    };
    match source["type"].as_str() {
        Some("text") => titled(text(source, "data").to_owned()),
        Some("content") => titled(texts(&source["content"])),
        Some("base64") if documents => {
            let name = if title.is_empty() { "document.pdf" } else { title };
            let data = data_url(source, "application/pdf");
            let part = json!({ "type": "file", "file": { "filename": name, "file_data": data } });
            Part::Media { what: "A document", part }
        }
        Some("url") => left_out(&format!("The document at {}", text(source, "url"))),
        _ if title.is_empty() => left_out("A document"),
        _ => left_out(&format!("The document `{title}`")),
    }
}

fn left_out(what: &str) -> Part {
    Part::Text(format!("[{what} was left out here: you cannot be shown it.]"))
}

fn data_url(source: &Value, usual: &str) -> String {
    let media = source["media_type"].as_str().unwrap_or(usual);
    format!("data:{media};base64,{}", text(source, "data"))
}

/// The text of a content: a text, or blocks of which some are text.
fn texts(content: &Value) -> String {
    match content {
        Value::String(text) => text.clone(),
        Value::Array(blocks) => {
            let texts = blocks.iter().filter_map(|block| block["text"].as_str());
            texts.collect::<Vec<_>>().join("\n")
        }
        _ => String::new(),
    }
}

fn text<'a>(block: &'a Value, field: &str) -> &'a str {
    block[field].as_str().unwrap_or_default()
}
