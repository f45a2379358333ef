//! What the documents beside the code have to have.

use std::path::Path;

use super::finding::Finding;
use super::source::Source;

/// The parts of a decision record, in their order.
const DECISION_PARTS: &[&str] = &["## Context", "## Decision", "## Consequences"];
/// Lines of a decision record: one page.
const DECISION_LINES_MAX: usize = 60;
/// Comments in the README before the blocks that `.ci/run` takes its commands from.
const COMMANDS: &[&str] =
    &["<!-- test-command -->", "<!-- run-command -->", "<!-- chaos-command -->"];

type Texts = [(String, String)];

/// Libraries that do not begin by saying what they are.
pub fn libraries(sources: &[Source]) -> Vec<Finding> {
    let libraries = sources.iter().filter(|source| source.path.ends_with("/src/lib.rs"));
    let bare = libraries.filter(|source| !source.text.starts_with("//! "));
    let mend = "begin with `//!`: what it is, what it guarantees, what is not here";
    bare.map(|s| Finding::at(&s.path, 1, "the crate's documentation is missing", mend)).collect()
}

/// Decision records that are misnumbered, lack a part or are too long.
pub fn decisions(texts: &Texts) -> Vec<Finding> {
    let mut found = Vec::new();
    let records = texts.iter().filter_map(|(path, text)| {
        path.strip_prefix("docs/adr/").filter(|name| name.ends_with(".md")).map(|_| (path, text))
    });
    for (number, (path, text)) in (1..).zip(records) {
        let start = format!("docs/adr/{number:04}-");
        if !path.starts_with(&start) {
            let what = format!("it is decision {number} in order");
            found.push(Finding::of(path, what, format!("number it: `{start}…`, without gaps")));
        }
        if !text.starts_with(&format!("# {number}. ")) {
            let mend = format!("begin with `# {number}. ` and the decision as a sentence");
            found.push(Finding::at(path, 1, "the title does not carry the number", mend));
        }
        if !text.lines().any(|line| line.starts_with("Status: ")) {
            let mend = "write `Status: accepted` or `Status: superseded by NNNN`";
            found.push(Finding::of(path, "there is no status", mend));
        }
        let places: Vec<Option<usize>> =
            DECISION_PARTS.iter().map(|part| text.lines().position(|line| line == *part)).collect();
        if places.iter().any(Option::is_none) || !places.is_sorted() {
            let mend = format!("have {}, in this order", DECISION_PARTS.join(", "));
            found.push(Finding::of(path, "a part is missing or out of order", mend));
        }
        let lines = text.lines().count();
        if lines > DECISION_LINES_MAX {
            let what = format!("{lines} lines, at most {DECISION_LINES_MAX}");
            found.push(Finding::of(path, what, "keep what decided; one page"));
        }
    }
    found
}

/// Changelogs without a place for what comes next.
pub fn changelogs(texts: &Texts) -> Vec<Finding> {
    let logs = texts.iter().filter(|(path, _)| path.ends_with("CHANGELOG.md"));
    let (mut count, mut found) = (0, Vec::new());
    for (path, text) in logs {
        count += 1;
        if !text.lines().any(|line| line == "## Unreleased") {
            let mend = "add `## Unreleased` at the top";
            found.push(Finding::of(path, "there is no section for what comes", mend));
        }
    }
    if count == 0 {
        found.push(Finding::of("CHANGELOG.md", "it is missing", "write what users will notice"));
    }
    found
}

/// Links in Markdown to files that are not there.
pub fn links(root: &Path, texts: &Texts) -> Vec<Finding> {
    let mut found = Vec::new();
    for (path, text) in texts.iter().filter(|(path, _)| path.ends_with(".md")) {
        let directory = root.join(path).parent().map(Path::to_owned).unwrap_or_default();
        for (number, line) in (1..).zip(text.lines()) {
            let missing = targets(line).filter(|target| !directory.join(target).exists());
            found.extend(missing.map(|target| {
                let what = format!("the link to `{target}` leads nowhere");
                Finding::at(path, number, what, "correct the link or write the page")
            }));
        }
    }
    found
}

/// The paths that a line of Markdown links to, without anchors.
fn targets(line: &str) -> impl Iterator<Item = &str> {
    let targets = line.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    let paths = targets.filter(|t| !t.contains("://") && !t.starts_with("mailto:"));
    paths.filter_map(|target| target.split('#').next()).filter(|path| !path.is_empty())
}

/// Commands that the README must have, because they are run from there.
pub fn commands(texts: &Texts) -> Vec<Finding> {
    let readme = texts.iter().find(|(path, _)| path == "README.md");
    let text = readme.map_or("", |(_, text)| text.as_str());
    let missing = COMMANDS.iter().filter(|marker| {
        let after = text.split_once(**marker).map_or("", |(_, after)| after);
        !after.trim_start().starts_with("```sh\n")
    });
    let found = missing.map(|marker| {
        let mend =
            "put it before the fenced `sh` block of that command: .ci/run takes it from there";
        Finding::of("README.md", format!("`{marker}` is missing, or no block follows"), mend)
    });
    found.collect()
}

#[cfg(test)]
fn texts(all: &[(&str, &str)]) -> Vec<(String, String)> {
    all.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect()
}

#[test]
fn a_decision_without_its_number_its_status_or_its_parts_is_found() {
    let good =
        "# 1. Logs are kept\n\nStatus: accepted\n\n## Context\n## Decision\n## Consequences\n";
    let count = |path: &str, text: &str| decisions(&texts(&[(path, text)])).len();
    assert_eq!(count("docs/adr/0001-logs.md", good), 0);
    assert_eq!(count("docs/adr/0002-logs.md", good), 1);
    assert_eq!(count("docs/adr/0001-logs.md", &good.replace("# 1.", "# 7.")), 1);
    assert_eq!(count("docs/adr/0001-logs.md", &good.replace("Status", "State")), 1);
    assert_eq!(count("docs/adr/0001-logs.md", &good.replace("## Decision", "## Verdict")), 1);
    assert_eq!(count("docs/adr/0001-logs.md", &(good.to_owned() + &"\n".repeat(60))), 1);
}

#[test]
fn a_missing_section_a_bare_library_and_a_dead_link_are_found() {
    assert_eq!(changelogs(&texts(&[("CHANGELOG.md", "# Changelog\n\n## 1.0\n")])).len(), 1);
    assert_eq!(changelogs(&[]).len(), 1);
    assert!(changelogs(&texts(&[("CHANGELOG.md", "## Unreleased\n")])).is_empty());
    let library = |text: &str| libraries(&[Source::new("crates/x/src/lib.rs", text)]).len();
    assert_eq!((library("//! A crate.\n"), library("mod a;\n")), (0, 1));
    let line = "[a](b.md#c), [d](https://e.f) and [g](#h), ![i](j/k.png)";
    assert_eq!(targets(line).collect::<Vec<_>>(), ["b.md", "j/k.png"]);
}

#[test]
fn a_readme_without_its_commands_is_found() {
    let text = "<!-- test-command -->\n```sh\na\n```\n<!-- run-command -->\n\n```sh\nb\n```\n\
                <!-- chaos-command -->\nnone\n";
    let found = commands(&texts(&[("README.md", text)]));
    assert_eq!(found.len(), 1);
    assert!(found[0].what.contains("chaos-command"));
}
