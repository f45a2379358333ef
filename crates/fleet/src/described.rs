//! From a schema to the shape that files are read by.

use serde_json::{Map, Value};

use crate::schema::{Kind, schema};
use crate::shape::{Key, Shape};

impl Shape {
    /// What a kind of file may say.
    pub fn of(kind: Kind) -> Self {
        let root = schema(kind);
        shape(&root, &root)
    }
}

fn shape(schema: &Value, root: &Value) -> Shape {
    let schema = resolved(schema, root);
    let text = |key: &str| schema[key].as_str();
    if let Some(words) = words(schema) {
        let what = text("title").unwrap_or("word").to_owned();
        return Shape::Word { what, words };
    }
    if let Some(several) = schema["anyOf"].as_array().or(schema["oneOf"].as_array()) {
        let several: Vec<&Value> =
            several.iter().filter(|schema| schema["type"] != "null").collect();
        return match several.as_slice() {
            [one] => shape(one, root),
            several => choice(several, root),
        };
    }
    match one_type(schema) {
        "string" => Shape::Text,
        "boolean" => Shape::Flag,
        "integer" => Shape::Whole,
        "array" => Shape::List(Box::new(shape(&schema["items"], root))),
        "object" if schema["properties"].is_object() => Shape::Keys(keys(schema, root)),
        "object" if schema["additionalProperties"].is_object() => {
            Shape::Names(Box::new(shape(&schema["additionalProperties"], root)))
        }
        _ => Shape::Any,
    }
}

fn resolved<'s>(schema: &'s Value, root: &'s Value) -> &'s Value {
    let target = schema["$ref"].as_str().and_then(|path| path.strip_prefix('#'));
    target.and_then(|path| root.pointer(path)).unwrap_or(schema)
}

/// A type apart from "nothing", which is the same as a key that is not there.
fn one_type(schema: &Value) -> &str {
    match &schema["type"] {
        Value::String(name) => name,
        Value::Array(names) => {
            names.iter().filter_map(Value::as_str).find(|name| *name != "null").unwrap_or_default()
        }
        _ => "",
    }
}

/// The words of an enumeration, whether its words are described or not.
fn words(schema: &Value) -> Option<Vec<String>> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    if let Some(words) = schema["enum"].as_array() {
        return words.iter().map(text).collect();
    }
    schema["oneOf"].as_array()?.iter().map(|word| text(&word["const"])).collect()
}

/// Mappings that are told apart by their `type`, or a scalar beside a mapping.
fn choice(several: &[&Value], root: &Value) -> Shape {
    let kind = |schema: &&Value| {
        let schema = resolved(schema, root);
        let name = schema["properties"]["type"]["const"].as_str()?;
        Some((name.to_owned(), keys(schema, root)))
    };
    if let Some(kinds) = several.iter().map(kind).collect() {
        return Shape::Kinds(kinds);
    }
    match several {
        [short, long] => Shape::Either(Box::new(shape(short, root)), Box::new(shape(long, root))),
        _ => Shape::Any,
    }
}

fn keys(schema: &Value, root: &Value) -> Vec<Key> {
    let required: Vec<&str> =
        schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let none = Map::new();
    let properties = schema["properties"].as_object().unwrap_or(&none);
    let key = |(name, of): (&String, &Value)| Key {
        name: name.clone(),
        shape: if of.get("const").is_some() { Shape::Any } else { shape(of, root) },
        required: required.contains(&name.as_str()),
    };
    properties.iter().map(key).collect()
}
