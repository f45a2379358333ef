//! `edit`: one exact text for another.

use planaria_core::tool::Outcome;
use serde::Deserialize;
use serde_json::Value;

use super::desk::{Desk, input, text};
use super::write::replace;

#[derive(Debug, Deserialize)]
struct Input {
    file_path: String,
    old_string: String,
    new_string: String,
    #[serde(default)]
    replace_all: bool,
}

pub(super) fn run(desk: &Desk, given: Value) -> Result<Outcome, String> {
    let Input { file_path: named, old_string, new_string, replace_all } = input(given)?;
    if old_string.is_empty() {
        return Err("old_string is empty; use write to make a file".to_owned());
    }
    if old_string == new_string {
        return Err("old_string and new_string are the same".to_owned());
    }
    let path = desk.path(&named)?;
    let before = text(&path, &named, "; edit it with bash")?;
    let count = before.matches(&old_string).count();
    if count == 0 {
        return Err(format!("old_string does not occur in {named}"));
    }
    if count > 1 && !replace_all {
        return Err(format!(
            "old_string occurs {count} times in {named}; add lines around it until it occurs \
             once, or set replace_all"
        ));
    }
    desk.check()?;
    replace(&path, &named, &before.replace(&old_string, &new_string))?;
    Ok(Outcome::text(format!("edited {named} ({count} replacement(s))")))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use serde_json::json;
    use tokio_util::sync::CancellationToken;

    use super::*;

    #[test]
    fn a_text_must_occur_once_unless_all_are_meant() {
        let directory = tempfile::tempdir().unwrap();
        let desk = Desk { workspace: directory.path().to_owned(), halt: CancellationToken::new() };
        let path = directory.path().join("a");
        fs::write(&path, "one two two").unwrap();
        let edit = |old: &str, new: &str, all: bool| {
            let given =
                json!({"file_path": "a", "old_string": old, "new_string": new, "replace_all": all});
            let outcome = run(&desk, given);
            outcome.map(|_| fs::read_to_string(&path).unwrap())
        };
        assert!(edit("three", "x", true).unwrap_err().contains("does not occur"));
        assert!(edit("two", "x", false).unwrap_err().contains("occurs 2 times"));
        assert!(edit("", "x", false).unwrap_err().contains("empty"));
        assert!(edit("two", "two", false).unwrap_err().contains("same"));
        assert_eq!(fs::read_to_string(&path).unwrap(), "one two two", "nothing was written");
        assert_eq!(edit("one", "$0 1", false).unwrap(), "$0 1 two two");
        assert_eq!(edit("two", "2", true).unwrap(), "$0 1 2 2");
    }
}
