//! The committed schemas are what the types say.

use std::path::PathBuf;

use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::{Value, json};

use super::{Kind, written};

fn generated(kind: Kind) -> Value {
    let mut settings = SchemaSettings::draft2020_12();
    settings.inline_subschemas = false;
    let generator = SchemaGenerator::new(settings);
    let schema = match kind {
        Kind::Fleet => generator.into_root_schema_for::<crate::file::FleetFile>(),
        Kind::Agent => generator.into_root_schema_for::<written::Agent>(),
        Kind::Environment => generator.into_root_schema_for::<written::Environment>(),
        Kind::Script => generator.into_root_schema_for::<written::Script>(),
    };
    let mut schema = schema.to_value();
    flow(&mut schema);
    schema
}

/// Comments in the source are broken into lines; in a schema they are paragraphs.
fn flow(schema: &mut Value) {
    match schema {
        Value::Object(map) => {
            if let Some(Value::String(text)) = map.get_mut("description") {
                *text = text.replace('\n', " ");
            }
            map.values_mut().for_each(flow);
        }
        Value::Array(items) => items.iter_mut().for_each(flow),
        _ => {}
    }
}

fn path(kind: Kind) -> PathBuf {
    let file = format!("../../config/schema/{}.schema.json", kind.name());
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(file)
}

#[test]
fn the_committed_schemas_are_those_of_the_types() {
    for kind in Kind::ALL {
        let fresh = serde_json::to_string_pretty(&generated(kind)).unwrap() + "\n";
        if std::env::var_os("UPDATE_EXPECT").is_some() {
            std::fs::write(path(kind), &fresh).unwrap();
        }
        let committed = std::fs::read_to_string(path(kind)).unwrap();
        let what = format!(
            "config/schema/{}.schema.json is stale; UPDATE_EXPECT=1 cargo test -p planaria-fleet writes it",
            kind.name()
        );
        assert!(committed == fresh, "{what}");
    }
}

#[test]
fn every_key_of_every_schema_is_described() {
    fn undescribed(schema: &Value, at: &str, found: &mut Vec<String>) {
        if let Some(properties) = schema["properties"].as_object() {
            for (name, property) in properties {
                if !property["description"].is_string() && property.get("const").is_none() {
                    found.push(format!("{at}.{name}"));
                }
            }
        }
        match schema {
            Value::Object(map) => {
                for (key, value) in map {
                    undescribed(value, &format!("{at}/{key}"), found);
                }
            }
            Value::Array(items) => items.iter().for_each(|item| undescribed(item, at, found)),
            _ => {}
        }
    }
    for kind in Kind::ALL {
        let mut found = Vec::new();
        let schema = generated(kind);
        undescribed(&schema, kind.name(), &mut found);
        assert_eq!(found, Vec::<String>::new());
        assert_eq!(schema["$schema"], json!("https://json-schema.org/draft/2020-12/schema"));
    }
}
