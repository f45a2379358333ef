//! fleet-file.md, from the JSON Schemas.

use serde_json::Value;

use super::{cell, hold, table};
use crate::support::{planaria, success};

/// The kinds of files, with their headings and where they lie.
const KINDS: &[(&str, &str, &str)] = &[
    (
        "fleet",
        "fleet.yaml",
        "In the fleet's directory. `config/fleet.yaml` shows every key with its default.",
    ),
    (
        "agent",
        "Agents",
        "In `agents/`: YAML, or Markdown whose front matter has these keys and whose body is the system prompt.",
    ),
    ("environment", "Environments", "In `environments/`; optional."),
    (
        "script",
        "Scripts",
        "In `scripts/`, named after the session: what the scripted model says. Not needed with a real one.",
    ),
];

fn schema(kind: &str) -> Value {
    let output = planaria().args(["schema", kind]).output().unwrap();
    serde_json::from_str(&success(&output)).unwrap()
}

fn about(schema: &Value) -> String {
    schema["description"].as_str().unwrap_or_default().to_owned()
}

/// What kind of value a key takes, in words.
fn kind(schema: &Value) -> String {
    if let Some(target) = schema["$ref"].as_str() {
        return format!("[{0}](#{1})", word(target), word(target).to_lowercase());
    }
    if let Some(value) = schema["const"].as_str() {
        return format!("`{value}`");
    }
    if let Some(values) = schema["enum"].as_array() {
        let values = values.iter().filter_map(Value::as_str).map(|value| format!("`{value}`"));
        return values.collect::<Vec<_>>().join(", ");
    }
    if let Some(several) = schema["anyOf"].as_array() {
        let several = several.iter().filter(|one| one["type"] != "null").map(kind);
        return several.collect::<Vec<_>>().join(" or ");
    }
    let types: Vec<&str> = match &schema["type"] {
        Value::String(one) => vec![one],
        Value::Array(several) => several.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let types = types.into_iter().filter(|name| *name != "null");
    let words = types.map(|name| match name {
        "string" => "text".to_owned(),
        "integer" => "whole number".to_owned(),
        "boolean" => "true or false".to_owned(),
        "array" if schema["items"].is_object() => format!("list of {}", kind(&schema["items"])),
        "array" => "list".to_owned(),
        "object" if schema["additionalProperties"].is_object() => {
            format!("by name: {}", kind(&schema["additionalProperties"]))
        }
        other => other.to_owned(),
    });
    words.collect::<Vec<_>>().join(" or ")
}

/// The name of what a reference leads to.
fn word(target: &str) -> &str {
    target.rsplit('/').next().unwrap_or(target)
}

/// The keys of an object.
fn keys(schema: &Value) -> String {
    let Some(properties) = schema["properties"].as_object() else { return String::new() };
    let required: Vec<&str> =
        schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let current = properties.iter().filter(|(_, about)| about["deprecated"] != true);
    let rows = current.map(|(key, value)| {
        let must = if required.contains(&key.as_str()) { "yes" } else { "" };
        vec![format!("`{key}`"), kind(value), must.to_owned(), about(value)]
    });
    table(&["key", "value", "must be there", "what it is"], rows)
}

/// A definition: an object, a choice of words, or a choice of objects.
fn definition(name: &str, schema: &Value) -> String {
    let mut text = format!("\n### {name}\n\n{}\n", about(schema));
    let keys = keys(schema);
    if !keys.is_empty() {
        text.push_str(&format!("\n{keys}"));
    }
    if schema["enum"].is_array() || schema["anyOf"].is_array() {
        text.push_str(&format!("\nOne of {}.\n", kind(schema)));
    }
    let choices = schema["oneOf"].as_array().cloned().unwrap_or_default();
    if choices.iter().all(|choice| choice["const"].is_string()) && !choices.is_empty() {
        let rows = choices.iter().map(|choice| vec![kind(choice), about(choice)]);
        text.push_str(&format!("\n{}", table(&["word", "meaning"], rows)));
        return text;
    }
    for choice in &choices {
        let word = choice["properties"]["type"]["const"].as_str().unwrap_or_default();
        text.push_str(&format!("\n`type: {word}`: {}\n", cell(&about(choice))));
        if choice["properties"].as_object().is_some_and(|keys| keys.len() > 1) {
            text.push_str(&format!("\n{}", self::keys(choice)));
        }
    }
    text
}

#[test]
fn the_page_of_fleet_files_holds_every_key_of_the_schemas() {
    let mut body = "# Fleet files\n\nThe files of a fleet's directory, key by key. `planaria check` \
                    checks files by the same schemas, and `planaria schema` prints them for editors. \
                    A walk through a first fleet is in [the guide](../guides/first-fleet.md).\n"
        .to_owned();
    for (kind, heading, place) in KINDS {
        let schema = schema(kind);
        body.push_str(&format!("\n## {heading}\n\n{}\n{place}\n\n", about(&schema)));
        body.push_str(&keys(&schema));
        for (name, value) in schema["$defs"].as_object().into_iter().flatten() {
            body.push_str(&definition(name, value));
        }
    }
    hold("fleet-file.md", "`planaria schema`", &body);
}
