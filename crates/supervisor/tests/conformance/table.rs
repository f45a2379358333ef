//! `docs/supervision.md` names tests; they must be there, and every must be named.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// Functions of this binary that are tests, found in its sources.
fn tests() -> BTreeSet<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance");
    let mut tests = BTreeSet::new();
    for entry in fs::read_dir(folder).expect("the sources are here") {
        let path = entry.expect("an entry").path();
        if path.extension().is_none_or(|e| e != "rs") {
            continue;
        }
        let text = fs::read_to_string(path).expect("it is text");
        let mut lines = text.lines();
        while let Some(line) = lines.next() {
            if line.starts_with("#[tokio::test") || line.starts_with("#[test]") {
                let name = lines.next().and_then(|l| l.split("fn ").nth(1)).expect("a function");
                tests.insert(name.split('(').next().expect("a name").to_owned());
            }
        }
    }
    tests
}

/// Names in the second column of the document's tables.
fn named() -> BTreeSet<String> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/supervision.md");
    let text = fs::read_to_string(file).expect("the document is here");
    let table = text.split("## Where each rule is tested").nth(1).expect("the table is there");
    let mut named = BTreeSet::new();
    for row in table.lines().filter(|line| line.starts_with("| ") && line.contains('`')) {
        let cell = row.split('|').nth(2).expect("a second column");
        named.extend(cell.split('`').skip(1).step_by(2).map(str::to_owned));
    }
    named
}

#[test]
fn the_document_names_tests_that_exist() {
    let (tests, named) = (tests(), named());
    let missing: Vec<&String> = named.difference(&tests).collect();
    assert!(missing.is_empty(), "docs/supervision.md names no test: {missing:?}");
    let own = ["the_document_names_tests_that_exist".to_owned()].into();
    let unnamed: Vec<&String> =
        tests.difference(&named).filter(|t| !BTreeSet::contains(&own, *t)).collect();
    assert!(unnamed.is_empty(), "docs/supervision.md does not name: {unnamed:?}");
}
