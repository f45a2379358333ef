//! `glob`: files by a pattern, newest first.

use std::time::SystemTime;

use globset::GlobBuilder;
use ignore::WalkBuilder;
use planaria_core::tool::Outcome;
use serde::Deserialize;
use serde_json::Value;

use super::desk::{Desk, input, said};
use super::spill::RESULTS;
use crate::hand::limits::{GLOB_PATHS_MAX, WALK_ENTRIES_MAX};

#[derive(Debug, Deserialize)]
struct Input {
    pattern: String,
    path: Option<String>,
}

pub(super) fn run(desk: &Desk, given: Value) -> Result<Outcome, String> {
    let Input { pattern, path } = input(given)?;
    if pattern.starts_with('/') || pattern.split('/').any(|part| part == "..") {
        return Err(format!(
            "the pattern {pattern} must be relative and without `..`; name a path to start \
             elsewhere"
        ));
    }
    let glob = GlobBuilder::new(&pattern).literal_separator(true).build();
    let glob = glob.map_err(|error| error.to_string())?.compile_matcher();
    let named = path.as_deref().unwrap_or(".");
    let root = desk.path(named)?;
    let found = root.metadata().map_err(|error| said(named, &error))?;
    if !found.is_dir() {
        return Err(format!("{named} is not a directory"));
    }
    let mut walk = WalkBuilder::new(&root);
    // A pattern says itself what is wanted; only what nobody wants is left out.
    walk.standard_filters(false)
        .filter_entry(|entry| entry.file_name() != ".git" && entry.file_name() != RESULTS);
    let (mut found, mut seen) = (Vec::new(), 0);
    for entry in walk.build().flatten() {
        desk.check()?;
        seen += 1;
        if seen > WALK_ENTRIES_MAX {
            break;
        }
        let relative = entry.path().strip_prefix(&root).unwrap_or(entry.path());
        if entry.file_type().is_some_and(|kind| !kind.is_dir()) && glob.is_match(relative) {
            let changed = entry.metadata().ok().and_then(|found| found.modified().ok());
            let changed = changed.unwrap_or(SystemTime::UNIX_EPOCH);
            found.push((std::cmp::Reverse(changed), entry.into_path()));
        }
    }
    found.sort();
    let mut lines: Vec<String> =
        found.iter().take(GLOB_PATHS_MAX).map(|(_, path)| desk.shown(path).into_owned()).collect();
    if found.len() > GLOB_PATHS_MAX {
        lines.push(format!("[{} more; name a narrower pattern]", found.len() - GLOB_PATHS_MAX));
    }
    if seen > WALK_ENTRIES_MAX {
        lines.push(format!("[stopped after {WALK_ENTRIES_MAX} entries; start at a path below]"));
    }
    if lines.is_empty() {
        lines.push("no matches".to_owned());
    }
    Ok(Outcome::text(lines.join("\n")))
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File};
    use std::time::Duration;

    use serde_json::json;
    use tokio_util::sync::CancellationToken;

    use super::*;

    #[test]
    fn files_come_newest_first_and_below_the_start() {
        let directory = tempfile::tempdir().unwrap();
        let desk = Desk { workspace: directory.path().to_owned(), halt: CancellationToken::new() };
        fs::create_dir_all(directory.path().join("src/deep/.git")).unwrap();
        for (age, name) in
            ["src/new.rs", "src/deep/old.rs", "src/deep/.git/x.rs", "top.rs", "a.txt"]
                .iter()
                .enumerate()
        {
            let file = File::create(directory.path().join(name)).unwrap();
            let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000 - age as u64);
            file.set_modified(time).unwrap();
        }
        let glob =
            |given| run(&desk, given).map(|o| o.content[0]["text"].as_str().unwrap().to_owned());
        let all = glob(json!({"pattern": "**/*.rs"})).unwrap();
        assert_eq!(all, "src/new.rs\nsrc/deep/old.rs\ntop.rs");
        assert_eq!(glob(json!({"pattern": "*.rs"})).unwrap(), "top.rs");
        let below = glob(json!({"pattern": "*.rs", "path": "src/deep"})).unwrap();
        assert_eq!(below, "src/deep/old.rs");
        assert_eq!(glob(json!({"pattern": "*.py"})).unwrap(), "no matches");
        for pattern in ["/etc/*", "../*", "a/../b", "{"] {
            assert!(glob(json!({ "pattern": pattern })).is_err(), "{pattern}");
        }
        assert!(glob(json!({"pattern": "*", "path": "a.txt"})).unwrap_err().contains("directory"));
    }

    #[test]
    fn no_more_than_the_limit_is_listed_and_the_rest_is_counted() {
        let directory = tempfile::tempdir().unwrap();
        let desk = Desk { workspace: directory.path().to_owned(), halt: CancellationToken::new() };
        for number in 0..GLOB_PATHS_MAX + 3 {
            File::create(directory.path().join(number.to_string())).unwrap();
        }
        let outcome = run(&desk, json!({"pattern": "*"})).unwrap();
        let text = outcome.content[0]["text"].as_str().unwrap();
        assert_eq!(text.lines().count(), GLOB_PATHS_MAX + 1);
        assert!(text.ends_with("[3 more; name a narrower pattern]"));
    }
}
