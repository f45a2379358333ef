//! limits.md, from every limits.rs of what ships.

use super::number::{Known, shown, value};
use super::rustdoc::{about, constants};
use super::{hold, table};
use crate::docs::root;

/// The crates whose limits users meet, in the order in which they read about them.
const CRATES: &[(&str, &str)] = &[
    ("core", "Sessions"),
    ("fleet", "Fleet files"),
    ("cli", "The command"),
    ("runtime", "The runtime"),
    ("supervisor", "Supervision"),
    ("drivers", "Drivers"),
];

/// Every limits.rs below a directory, by path.
fn files(directory: &std::path::Path, found: &mut Vec<std::path::PathBuf>) {
    for entry in std::fs::read_dir(directory).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            files(&path, found);
        } else if path.ends_with("limits.rs") {
            found.push(path);
        }
    }
    found.sort();
}

#[test]
fn the_page_of_limits_holds_every_bound_with_its_value_and_its_reason() {
    let mut body = "# Limits\n\nEvery queue, buffer, retry, page and wait has a bound, and every bound \
                    a reason. They are constants of the source, by the name that stands here; what a \
                    fleet's file can change is in [fleet files](fleet-file.md).\n"
        .to_owned();
    let mut known = Known::new();
    for (name, heading) in CRATES {
        body.push_str(&format!("\n## {heading} (`planaria-{name}`)\n"));
        let mut paths = Vec::new();
        files(&root().join("crates").join(name).join("src"), &mut paths);
        assert!(!paths.is_empty(), "{name} has no limits.rs");
        for path in paths {
            let text = std::fs::read_to_string(&path).unwrap();
            body.push_str(&format!("\n{}\n\n", about(&text)));
            // Names of one file may stand in another with another value.
            let mut here = known.clone();
            let mut rows = Vec::new();
            for item in constants(&text) {
                let found = value(&item.rest, &here);
                let mut value =
                    found.unwrap_or_else(|| panic!("{}: {}", path.display(), item.rest));
                let unit = ["MS", "SECOND"].contains(&item.name.as_str());
                value.is_time |= unit;
                here.insert(item.name.clone(), value);
                if !unit {
                    let bytes = item.name.contains("BYTES") || item.doc.starts_with("Bytes");
                    rows.push(vec![format!("`{}`", item.name), shown(value, bytes), item.doc]);
                }
            }
            body.push_str(&table(&["limit", "value", "what it bounds, and why"], rows));
            if *name == "core" {
                known = here;
            }
        }
    }
    hold("limits.md", "every `limits.rs` of the crates", &body);
}
