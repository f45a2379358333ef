//! What every package's manifest says.

use std::path::Path;

use super::finding::Finding;
use super::source::Source;
use super::tree::Package;

/// Keys that a package takes from the workspace, so that there is one place to change them.
const FROM_WORKSPACE: &[&str] = &["version", "edition", "rust-version", "license", "repository"];

/// Test binaries at the top level: each is linked with everything, which takes seconds.
const TEST_BINARIES_MAX: usize = 4;

/// Packages that do not say what they are, or say for themselves what the workspace says.
pub fn described(packages: &[Package]) -> Vec<Finding> {
    packages.iter().flat_map(described_one).collect()
}

fn described_one(package: &Package) -> Vec<Finding> {
    let (path, manifest) = (package.path(), &package.manifest);
    let mut found = Vec::new();
    let wanted = match package.directory.as_str() {
        "planaria" => "planaria".to_owned(),
        directory => format!("planaria-{directory}"),
    };
    if package.name() != wanted {
        let what = format!("the package is named `{}`", package.name());
        found.push(Finding::of(&path, what, format!("name it `{wanted}` after its directory")));
    }
    if !manifest.text("package", "description").is_some_and(|text| text.ends_with('.')) {
        let mend = "say in one sentence what the package is";
        found.push(Finding::of(&path, "there is no sentence in `description`", mend));
    }
    for key in FROM_WORKSPACE {
        if manifest.get("package", &format!("{key}.workspace")) != Some("true") {
            let mend = format!("write `{key}.workspace = true`");
            found.push(Finding::of(&path, format!("`{key}` is not the workspace's"), mend));
        }
    }
    if manifest.get("lints", "workspace") != Some("true") {
        let mend = "write `workspace = true` under `[lints]`";
        found.push(Finding::of(&path, "the lints are not the workspace's", mend));
    }
    found
}

/// Whether the versions that were tested are those that are built.
pub fn locked(root: &Path) -> Vec<Finding> {
    let mut found = Vec::new();
    if !root.join("Cargo.lock").is_file() {
        found.push(Finding::of("Cargo.lock", "it is missing", "run `cargo build` and commit it"));
    }
    let ignored = std::fs::read_to_string(root.join(".gitignore")).unwrap_or_default();
    if ignored.lines().any(|line| line.trim().trim_start_matches('/') == "Cargo.lock") {
        found.push(Finding::of(".gitignore", "Cargo.lock is ignored", "remove the line"));
    }
    found
}

/// Tests at the top level of the repository, beyond their number.
pub fn test_binaries(packages: &[Package]) -> Vec<Finding> {
    let tests = |package: &Package| package.manifest.all("test", "path").len();
    let crowded = packages.iter().filter(|package| tests(package) > TEST_BINARIES_MAX);
    let found = crowded.map(|package| {
        let what = format!("{} test binaries, at most {TEST_BINARIES_MAX}", tests(package));
        Finding::of(&package.path(), what, "make the new one a module of another")
    });
    found.collect()
}

/// Test files at the top level that no package compiles: they would never run.
pub fn registered(packages: &[Package], sources: &[Source]) -> Vec<Finding> {
    let files = sources.iter().map(|source| source.path.as_str());
    let files = files.filter(|path| is_binary(path));
    let entries: Vec<&str> =
        packages.iter().flat_map(|package| package.manifest.all("test", "path")).collect();
    let missing = files.filter(|file| !entries.contains(&format!("../../{file}").as_str()));
    let found = missing.map(|file| {
        let mend = format!("add a `[[test]]` with `path = \"../../{file}\"` to crates/cli");
        Finding::of(file, "no package compiles this test", mend)
    });
    found.collect()
}

/// Whether a file is the root of a test binary at the top level.
fn is_binary(path: &str) -> bool {
    let Some(name) = path.strip_prefix("tests/") else { return false };
    match name.split_once('/') {
        None => true,
        Some((_, rest)) => rest == "main.rs",
    }
}

#[cfg(test)]
fn sample(text: &str) -> Package {
    let manifest = super::manifest::Manifest::parse(text);
    Package { directory: "core".to_owned(), manifest }
}

#[test]
fn a_package_that_keeps_things_to_itself_is_found() {
    let good = "[package]\nname = \"planaria-core\"\ndescription = \"The core.\"\n\
                version.workspace = true\nedition.workspace = true\nrust-version.workspace = true\n\
                license.workspace = true\nrepository.workspace = true\n[lints]\nworkspace = true\n";
    assert!(described(&[sample(good)]).is_empty());
    for (line, finding) in [
        ("name = \"planaria-core\"", "the package is named `x`"),
        ("description = \"The core.\"", "there is no sentence in `description`"),
        ("license.workspace = true", "`license` is not the workspace's"),
        ("[lints]\nworkspace = true", "the lints are not the workspace's"),
    ] {
        let bad = good.replace(line, if line.starts_with("name") { "name = \"x\"" } else { "" });
        let found = described(&[sample(&bad)]);
        assert_eq!(found.iter().map(|f| f.what.as_str()).collect::<Vec<_>>(), [finding]);
    }
}

#[test]
fn a_fifth_test_binary_is_found() {
    let four = "[[test]]\npath = \"../../tests/a.rs\"\n".repeat(4);
    assert!(test_binaries(&[sample(&four)]).is_empty());
    assert_eq!(test_binaries(&[sample(&(four + "[[test]]\npath = \"e\"\n"))]).len(), 1);
}

#[test]
fn a_test_that_would_never_run_is_found() {
    let paths = ["tests/a.rs", "tests/b/main.rs", "tests/b/c/main.rs", "tests/support/mod.rs"];
    let sources = paths.map(|path| Source::new(path, ""));
    let found = registered(&[sample("[[test]]\npath = \"../../tests/a.rs\"\n")], &sources);
    assert_eq!(found.iter().map(|f| f.place.as_str()).collect::<Vec<_>>(), ["tests/b/main.rs"]);
}
