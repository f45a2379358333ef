//! How the pages that people read are written.

use super::finding::Finding;

/// Columns of a line, as an editor beside a terminal has them.
const COLUMNS_MAX: usize = 110;
/// Languages of blocks. What they mean to the tests stands in tests/planaria/docs/story.rs.
const LANGUAGES: &[&str] = &["ini", "json", "markdown", "rust", "sh", "text", "toml", "yaml"];
/// Pages that begin with this are made, and their lines are as long as what they are made from.
const MADE: &str = "<!-- Made from ";
/// A page that its benches write.
const MEASURED: &str = "docs/performance.md";
/// What sells, and says nothing.
const MARKETING: &[&str] = &[
    "blazing",
    "cutting-edge",
    "effortless",
    "enterprise-grade",
    "game-chang",
    "revolutionary",
    "seamless",
    "supercharge",
    "world-class",
];

/// A fence, from its line: whether it opens a block, and with which word.
fn fences(text: &str) -> Vec<(usize, &str)> {
    let lines = (1..).zip(text.lines());
    let fences = lines.filter_map(|(number, line)| {
        line.trim_start().strip_prefix("```").map(|word| (number, word.trim()))
    });
    // Every other one closes a block.
    fences.step_by(2).collect()
}

/// Blocks without a language, or with one that nobody knows what to do with.
pub fn blocks(path: &str, text: &str) -> Vec<Finding> {
    let strange = fences(text).into_iter().filter(|(_, word)| !LANGUAGES.contains(word));
    let found = strange.map(|(number, word)| {
        let what = if word.is_empty() {
            "a block without a language".to_owned()
        } else {
            format!("a block of `{word}`")
        };
        let mend =
            format!("name one of {}; `text` is for what is only shown", LANGUAGES.join(", "));
        Finding::at(path, number, what, mend)
    });
    found.collect()
}

/// Lines that are too long. Tables, addresses and blocks cannot be broken.
pub fn lines(path: &str, text: &str) -> Vec<Finding> {
    if text.starts_with(MADE) || path == MEASURED {
        return Vec::new();
    }
    let (mut fenced, mut found) = (false, Vec::new());
    for (number, line) in (1..).zip(text.lines()) {
        fenced ^= line.trim_start().starts_with("```");
        let free = fenced || line.starts_with('|') || line.contains("https://");
        let columns = line.chars().count();
        if !free && columns > COLUMNS_MAX {
            let what = format!("{columns} columns, at most {COLUMNS_MAX}");
            found.push(Finding::at(path, number, what, "break the line"));
        }
    }
    found
}

/// Words that sell.
pub fn marketing(path: &str, text: &str) -> Vec<Finding> {
    let mut found = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.to_lowercase();
        for word in MARKETING.iter().filter(|word| line.contains(**word)) {
            let mend = "say what it does, with a number or an example";
            found.push(Finding::at(path, number, format!("`{word}` says nothing"), mend));
        }
    }
    found
}

/// Pages below docs/ to which the index does not lead.
pub fn index(texts: &[(String, String)]) -> Vec<Finding> {
    let index = texts.iter().find(|(path, _)| path == "docs/README.md");
    let index = index.map_or("", |(_, text)| text.as_str());
    let pages = texts.iter().filter_map(|(path, _)| path.strip_prefix("docs/"));
    let pages = pages.filter(|page| page.ends_with(".md") && *page != "README.md");
    // The decisions are a directory, to which one link leads.
    let lost =
        pages.filter(|page| !page.starts_with("adr/") && !index.contains(&format!("]({page})")));
    let found = lost.map(|page| {
        let what = format!("docs/README.md does not lead to `{page}`");
        Finding::of(&format!("docs/{page}"), what, "give it a line there, by its reader")
    });
    found.collect()
}

#[test]
fn a_block_without_a_known_language_is_found() {
    let count = |text: &str| blocks("a.md", text).len();
    assert_eq!(count("```sh\na\n```\n\n```text\n```\n"), 0);
    assert_eq!(count("```\na\n```\n```console\n```\n"), 2);
}

#[test]
fn a_line_that_is_too_long_is_found_where_it_can_be_broken() {
    let long = "x".repeat(COLUMNS_MAX + 1);
    assert_eq!(lines("a.md", &long).len(), 1);
    assert_eq!(lines("a.md", &long[1..]).len(), 0);
    let free =
        [format!("| {long}"), format!("```text\n{long}\n```"), format!("{MADE}x -->\n{long}")];
    assert!(free.iter().all(|text| lines("a.md", text).is_empty()));
}

#[test]
fn a_word_that_sells_and_a_page_that_is_lost_are_found() {
    assert_eq!(marketing("a.md", "It is a Seamless thing.").len(), 1);
    let texts = |index: &str| {
        [("docs/README.md", index), ("docs/a.md", ""), ("docs/adr/0001-b.md", "")]
            .map(|(path, text)| (path.to_owned(), text.to_owned()))
    };
    assert_eq!(index(&texts("[a](a.md)")).len(), 0);
    assert_eq!(index(&texts("")).len(), 1);
}
