//! The first build of a new clone.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use super::setting::Setting;
use super::{Figure, Group};

pub const GROUP: Group = Group { name: "build", about: ABOUT, slow: true, measure };

const ABOUT: &str = "\
`cargo run --release -- --version` in a new clone with an empty target directory, sources of the
dependencies already downloaded; and the number of crates that it builds.";

fn measure(setting: &Setting) -> Vec<Figure> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let directory = setting.directory();
    let clone = directory.path().join("clone");
    run(Command::new("git").arg("clone").arg("--quiet").arg(&root).arg(&clone));
    let words = ["run", "--release", "--locked", "--quiet", "--target-dir", "target"];
    let began = Instant::now();
    run(Command::new("cargo").args(words).args(["--", "--version"]).current_dir(&clone));
    let seconds = began.elapsed().as_secs_f64();
    let words = ["tree", "--locked", "--edges", "normal,build", "--prefix", "none"];
    let tree = run(Command::new("cargo").args(words).current_dir(&clone));
    let crates: BTreeSet<String> =
        tree.lines().map(|line| line.split(" (").next().unwrap_or(line).to_owned()).collect();
    let figure = |name: &str, value, unit, note: &str| Figure {
        group: "build".to_owned(),
        name: name.to_owned(),
        value,
        unit,
        floor: None,
        goal: None,
        note: note.to_owned(),
    };
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let note = format!("{cores} cores, once");
    vec![
        figure("cold `cargo run --release`", seconds, "s", &note),
        figure("crates", crates.len() as f64, "crates", "ours among them"),
    ]
}

/// What a program prints.
fn run(command: &mut Command) -> String {
    let output = command.output().expect("the program is there");
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}
