//! The repository on disk.

use std::fs;
use std::path::{Path, PathBuf};

use super::manifest::Manifest;
use super::source::Source;

/// Directories that hold nothing of ours.
const FOREIGN: &[&str] = &[".git", "target", ".planaria", "node_modules"];
/// Below these stands the Rust that the rules judge. What lies in the directories of `examples` is
/// material for agents to work on, with faults on purpose.
const RUST: &[&str] = &["crates/", "tests/"];

/// The root of the repository.
pub fn root() -> PathBuf {
    let cli = Path::new(env!("CARGO_MANIFEST_DIR"));
    cli.ancestors().nth(2).expect("the package stands two levels below the root").to_owned()
}

/// A member of the workspace: the directory of its manifest below `crates`, and the manifest.
pub struct Package {
    /// The directory's name.
    pub directory: String,
    /// What its Cargo.toml says.
    pub manifest: Manifest,
}

impl Package {
    /// Where its manifest stands.
    pub fn path(&self) -> String {
        format!("crates/{}/Cargo.toml", self.directory)
    }

    /// The name it is published under.
    pub fn name(&self) -> &str {
        self.manifest.text("package", "name").unwrap_or_default()
    }
}

/// The members of the workspace, by directory.
pub fn packages() -> Vec<Package> {
    let mut found = Vec::new();
    for entry in fs::read_dir(root().join("crates")).expect("there are crates").flatten() {
        let Ok(text) = fs::read_to_string(entry.path().join("Cargo.toml")) else { continue };
        let directory = entry.file_name().to_string_lossy().into_owned();
        found.push(Package { directory, manifest: Manifest::parse(&text) });
    }
    found.sort_by(|a, b| a.directory.cmp(&b.directory));
    assert!(!found.is_empty(), "no package below {}", root().display());
    found
}

/// The manifest of the workspace.
pub fn workspace() -> Manifest {
    Manifest::parse(&fs::read_to_string(root().join("Cargo.toml")).expect("there is a workspace"))
}

/// Every file that is text, by its path from the root.
pub fn texts() -> Vec<(String, String)> {
    let (root, mut found) = (root(), Vec::new());
    let mut open = vec![root.clone()];
    while let Some(directory) = open.pop() {
        for entry in fs::read_dir(&directory).expect("a directory can be listed").flatten() {
            let (path, kind) = (entry.path(), entry.file_type().expect("an entry has a type"));
            if kind.is_dir() && !FOREIGN.iter().any(|name| path.ends_with(name)) {
                open.push(path);
            } else if kind.is_file()
                && let Ok(text) = fs::read_to_string(&path)
            {
                let path = path.strip_prefix(&root).expect("it stands below the root");
                found.push((path.to_string_lossy().into_owned(), text));
            }
        }
    }
    found.sort();
    found
}

/// Every page of Markdown, by its path from the root. Agents are Markdown too, and no pages.
pub fn pages() -> Vec<(String, String)> {
    let agent = |path: &str| path.contains("agents/");
    texts().into_iter().filter(|(path, _)| path.ends_with(".md") && !agent(path)).collect()
}

/// Every Rust file of ours.
pub fn sources() -> Vec<Source> {
    let ours = |path: &str| {
        let example = path.strip_prefix("examples/").is_some_and(|rest| !rest.contains('/'));
        path.ends_with(".rs") && (example || RUST.iter().any(|place| path.starts_with(place)))
    };
    let texts = texts().into_iter().filter(|(path, _)| ours(path));
    let mut sources: Vec<Source> = texts.map(|(path, text)| Source::new(&path, &text)).collect();
    let mut only_tests = Vec::new();
    for source in &sources {
        let directory = source.module_directory();
        only_tests.extend(source.test_modules.iter().map(|name| format!("{directory}/{name}")));
    }
    for source in &mut sources {
        let stem = source.path.trim_end_matches(".rs");
        if only_tests.iter().any(|test| stem == test || stem.starts_with(&format!("{test}/"))) {
            source.mark_as_test();
        }
    }
    assert!(sources.len() > 50, "only {} Rust files below {}", sources.len(), root().display());
    sources
}
