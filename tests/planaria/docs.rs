//! The documents are true: every block runs, and every reference page says what the program says.
//!
//! `UPDATE_EXPECT=1 cargo test -p planaria-cli docs` writes the pages of docs/reference/ anew.

mod endpoints;
mod fences;
mod reference;
mod story;

use std::path::{Path, PathBuf};

use fences::{Block, blocks};
use story::Story;

/// The root of the repository.
fn root() -> PathBuf {
    let cli = Path::new(env!("CARGO_MANIFEST_DIR"));
    cli.ancestors().nth(2).expect("the package stands two levels below the root").to_owned()
}

/// A page, by its path from the root.
fn page(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Pages whose blocks are a story that is played.
const STORIES: &[&str] = &[
    "README.md",
    "docs/start.md",
    "docs/operate.md",
    "docs/guides/back-up-and-restore.md",
    "docs/guides/chaos-day.md",
    "docs/guides/embed.md",
    "docs/guides/first-fleet.md",
    "docs/guides/write-a-tool.md",
];

/// Pages with commands that are not played, and why.
const NOT_PLAYED: &[(&str, &str)] = &[
    ("CONTRIBUTING.md", "it says how the repository itself is built and tested"),
    ("examples/fleet/README.md", "its first two commands stand in README.md, which is played"),
    ("examples/support-desk/README.md", "it stays up until Ctrl-C; `watch.rs` does the same"),
    ("docs/performance.md", "it measures, for minutes, and writes itself"),
];

/// Every Markdown file below a directory, by its path from the root.
fn pages_below(directory: &str, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(root().join(directory)).unwrap().map(Result::unwrap) {
        let path = format!("{directory}/{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            pages_below(&path, found);
        } else if path.ends_with(".md") {
            found.push(path);
        }
    }
}

#[test]
fn every_page_with_commands_is_played_or_says_why_not() {
    let mut pages = vec!["README.md".to_owned(), "CONTRIBUTING.md".to_owned()];
    pages_below("docs", &mut pages);
    pages_below("examples", &mut pages);
    for path in pages {
        let acts = |block: &Block| !["text", "rust"].contains(&block.language.as_str());
        let excused = NOT_PLAYED.iter().any(|(page, _)| *page == path);
        if blocks(&page(&path)).iter().any(acts) {
            let known = STORIES.contains(&path.as_str()) || excused;
            assert!(known, "{path} has blocks that nobody runs: add it to STORIES");
        }
    }
}

#[test]
fn the_blocks_of_rust_are_tests_of_the_library() {
    let included = page("crates/planaria/src/docs.rs");
    let mut pages = vec!["README.md".to_owned()];
    pages_below("docs", &mut pages);
    for path in pages {
        if blocks(&page(&path)).iter().any(|block| block.language == "rust") {
            let line = format!("include_str!(\"../../../{path}\")");
            assert!(included.contains(&line), "crates/planaria/src/docs.rs lacks {line}");
        }
    }
}

#[test]
fn the_readme_is_a_true_story() {
    Story::play("README.md");
}

#[test]
fn the_first_quarter_of_an_hour_is_a_true_story() {
    Story::play("docs/start.md");
}

#[test]
fn the_operators_page_is_a_true_story() {
    Story::play("docs/operate.md");
}

#[test]
fn the_guide_to_backups_is_a_true_story() {
    Story::play("docs/guides/back-up-and-restore.md");
}

#[test]
fn the_guide_to_a_day_of_chaos_is_a_true_story() {
    Story::play("docs/guides/chaos-day.md");
}

#[test]
fn the_guide_to_embedding_is_a_true_story() {
    Story::play("docs/guides/embed.md");
}

#[test]
fn the_guide_to_a_first_fleet_is_a_true_story() {
    Story::play("docs/guides/first-fleet.md");
}

#[test]
fn the_guide_to_tools_is_a_true_story() {
    Story::play("docs/guides/write-a-tool.md");
}
