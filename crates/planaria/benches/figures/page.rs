//! The page in the documentation.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use super::machine::Machine;
use super::{Figure, Group, table};

const HEAD: &str = "\
# Performance

This page is written by the command below and not by hand. The numbers are one machine's, measured
on the day that stands here; what carries over to another machine is the ratio to the floor. A floor
is the same work with nothing between it and the machine, measured in the same run, turn by turn with
the figure. Numbers are medians unless they say otherwise, and smaller is better everywhere.

```sh
cargo bench -p planaria --bench figures -- --write
```

With `--cold` it measures the first build as well, which takes minutes; with a word such as `append`
it measures the groups of that name, and with `--quick` it takes fewer rounds.

";

/// Writes `docs/performance.md` and says where that is.
pub fn write(machine: &Machine, results: &[(&Group, Vec<Figure>)]) -> PathBuf {
    let mut page = String::from(HEAD);
    for (name, text) in &machine.lines {
        let _ = writeln!(page, "* {name}: {text}");
    }
    for (group, figures) in results {
        let _ = writeln!(page, "\n## {}\n\n{}\n", title(group.name), group.about);
        page.push_str(&table::markdown(figures));
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/performance.md");
    std::fs::write(&path, page).expect("docs/performance.md can be written");
    path
}

fn title(name: &str) -> String {
    let mut letters = name.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string());
    first.unwrap_or_default() + letters.as_str()
}
