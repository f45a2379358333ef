//! The YAML files of the repository, and its agents in Markdown: each names its schema, and is what
//! its schema says.

use std::path::{Path, PathBuf};

use serde_json::Value;

/// What the first line of a file, or of its front matter, begins with.
const HEADER: &str = "# yaml-language-server: $schema=";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// The YAML files below these directories, and the agents in Markdown.
fn shipped() -> Vec<PathBuf> {
    let (mut files, mut open) = (Vec::new(), vec![root().join("examples"), root().join("config")]);
    while let Some(dir) = open.pop() {
        for entry in std::fs::read_dir(&dir).unwrap() {
            let path = entry.unwrap().path();
            let extension = path.extension().and_then(|e| e.to_str()).unwrap_or_default();
            if path.is_dir() && !path.ends_with(".planaria") {
                open.push(path);
            } else if ["yaml", "yml"].contains(&extension)
                || (extension == "md" && dir.ends_with("agents"))
            {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

/// The YAML of a file.
fn front<'t>(file: &Path, text: &'t str) -> &'t str {
    if file.extension().is_none_or(|extension| extension != "md") {
        return text;
    }
    let front = text.strip_prefix("---\n").and_then(|text| text.split_once("\n---\n"));
    front.unwrap_or_else(|| panic!("{}: no front matter", file.display())).0
}

#[test]
fn every_file_names_its_schema_and_is_what_it_says() {
    let files = shipped();
    assert!(files.len() > 10, "{files:?}");
    assert!(files.iter().any(|file| file.ends_with("examples/fleet/agents/clerk.md")), "{files:?}");
    for file in files {
        let shown = file.display();
        let text = std::fs::read_to_string(&file).unwrap();
        let text = front(&file, &text);
        let first = text.lines().next().unwrap_or_default();
        let schema = first.strip_prefix(HEADER).unwrap_or_else(|| panic!("{shown}: no schema"));
        let schema = file.parent().unwrap().join(schema);
        let schema = std::fs::read_to_string(&schema).unwrap_or_else(|e| panic!("{shown}: {e}"));
        let schema: Value = serde_json::from_str(&schema).unwrap();
        let value: Value = serde_saphyr::from_str(text).unwrap();
        let validator = jsonschema::draft202012::new(&schema).unwrap();
        let problems: Vec<String> =
            validator.iter_errors(&value).map(|e| format!("{}: {e}", e.instance_path())).collect();
        assert_eq!(problems, Vec::<String>::new(), "{shown}");
    }
}

/// All names of keys that a schema knows.
fn keys(schema: &Value, found: &mut Vec<String>) {
    if let Some(properties) = schema["properties"].as_object() {
        let kept = properties.iter().filter(|(_, of)| of["deprecated"] != true);
        found.extend(kept.map(|(name, _)| name.clone()));
    }
    match schema {
        Value::Object(map) => map.values().for_each(|value| keys(value, found)),
        Value::Array(items) => items.iter().for_each(|item| keys(item, found)),
        _ => {}
    }
}

#[test]
fn the_reference_file_shows_every_key() {
    let text = std::fs::read_to_string(root().join("config/fleet.yaml")).unwrap();
    let mut known = Vec::new();
    keys(&planaria_fleet::schema(planaria_fleet::Kind::Fleet), &mut known);
    assert!(known.len() > 20, "{known:?}");
    let missing: Vec<&String> =
        known.iter().filter(|key| !text.contains(&format!("{key}:"))).collect();
    assert_eq!(missing, Vec::<&String>::new());
}

#[test]
fn the_reference_file_is_a_fleet() {
    let fleet = planaria_fleet::load(&root().join("config")).unwrap_or_else(|e| panic!("{e}"));
    let names: Vec<&str> = fleet.sessions.iter().map(|s| s.name.as_str()).collect();
    assert_eq!(names, ["summary", "verdict", "inbox-1", "inbox-2"]);
    assert!(fleet.environments.contains_key("linux"));
    assert_eq!(fleet.warnings, []);
}
