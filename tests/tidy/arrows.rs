//! Who may depend on whom: the picture in docs/ARCHITECTURE.md as a table.

use super::finding::Finding;
use super::manifest::{Manifest, Use};
use super::tree::Package;

/// What a package of ours may know of the others.
struct Arrows {
    package: &'static str,
    /// What ships may use these.
    may_use: Allowed,
    /// Tests may use these as well.
    may_test_with: &'static [&'static str],
}

enum Allowed {
    Only(&'static [&'static str]),
    Any,
}
use Allowed::{Any, Only};

/// Arrows point down, or right to `core`; `drivers` and `runtime` never see each other.
const ARROWS: &[Arrows] = &[
    Arrows { package: "planaria-core", may_use: Only(&[]), may_test_with: &[] },
    Arrows { package: "planaria-supervisor", may_use: Only(&[]), may_test_with: &[] },
    Arrows {
        package: "planaria-runtime",
        may_use: Only(&["planaria-core", "planaria-supervisor"]),
        may_test_with: &["planaria-testkit"],
    },
    Arrows {
        package: "planaria-drivers",
        may_use: Only(&["planaria-core"]),
        may_test_with: &["planaria-testkit"],
    },
    Arrows { package: "planaria-fleet", may_use: Only(&["planaria-core"]), may_test_with: &[] },
    Arrows {
        package: "planaria-testkit",
        may_use: Only(&["planaria-core", "planaria-runtime"]),
        may_test_with: &["planaria-supervisor"],
    },
    Arrows {
        package: "planaria",
        may_use: Only(&[
            "planaria-core",
            "planaria-drivers",
            "planaria-fleet",
            "planaria-runtime",
            "planaria-supervisor",
        ]),
        may_test_with: &["planaria-testkit"],
    },
    Arrows { package: "planaria-cli", may_use: Any, may_test_with: &[] },
];

/// A package from outside that only these of ours may build on, and why.
struct Owned {
    package: &'static str,
    owners: &'static [&'static str],
    reason: &'static str,
}

const ACTORS: &[&str] = &["planaria-runtime", "planaria-supervisor"];
const DRIVERS: &[&str] = &["planaria-drivers"];
const OUTSIDE: &[&str] = &["planaria-drivers", "planaria-cli"];

const OWNED: &[Owned] = &[
    Owned {
        package: "anyhow",
        owners: &["planaria-cli"],
        reason: "a library's errors are types that its callers can tell apart",
    },
    Owned { package: "ractor", owners: ACTORS, reason: "actors stay behind the runtime's door" },
    Owned {
        package: "bincode",
        owners: &["planaria-core"],
        reason: "it encodes the header of a record and nothing else",
    },
    Owned { package: "fjall", owners: DRIVERS, reason: "a store is reached through its port" },
    Owned { package: "reqwest", owners: DRIVERS, reason: "the network is reached through ports" },
    Owned { package: "rustls", owners: DRIVERS, reason: "the network is reached through ports" },
    Owned { package: "rustix", owners: OUTSIDE, reason: "the system is reached through ports" },
    Owned {
        package: "tracing-subscriber",
        owners: &["planaria-cli"],
        reason: "libraries emit; only the binary says where it goes",
    },
];

/// Packages that the core must not have, not even for its tests: it has no I/O and no time.
const NOT_IN_CORE: &[&str] = &["tokio", "ractor", "reqwest", "fjall", "rustix", "axum", "rand"];

/// Packages whose exact version a format on disk was checked against.
const EXACT: &[&str] = &["bincode", "fjall"];

/// Arrows between packages of ours that the table does not have.
pub fn ours(packages: &[Package]) -> Vec<Finding> {
    packages.iter().flat_map(arrows_of).collect()
}

fn arrows_of(package: &Package) -> Vec<Finding> {
    let name = package.name();
    let Some(arrows) = ARROWS.iter().find(|arrows| arrows.package == name) else {
        let mend = "give it a row in tests/tidy/arrows.rs and a place in docs/ARCHITECTURE.md";
        return vec![Finding::of(&package.path(), format!("{name} has no row of arrows"), mend)];
    };
    let Only(allowed) = arrows.may_use else { return Vec::new() };
    let shipped = package.manifest.dependencies(Use::Build).into_iter();
    let shipped = shipped.filter(|dep| !allowed.contains(&dep.as_str()));
    let tested = package.manifest.dependencies(Use::Dev).into_iter();
    let tested = tested.filter(|dep| {
        !allowed.contains(&dep.as_str()) && !arrows.may_test_with.contains(&dep.as_str())
    });
    let wrong = shipped.chain(tested).filter(|dep| dep.starts_with("planaria"));
    let found = wrong.map(|dep| {
        let mend = "reach it through a port of core, or move the code to where the arrow may go";
        Finding::of(&package.path(), format!("{name} must not depend on {dep}"), mend)
    });
    found.collect()
}

/// Packages from outside in the hands of others than their owners.
pub fn owned(packages: &[Package]) -> Vec<Finding> {
    let mut found = Vec::new();
    for package in packages {
        let (name, path) = (package.name(), package.path());
        let shipped = package.manifest.dependencies(Use::Build);
        for Owned { package: dep, owners, reason } in OWNED {
            if shipped.iter().any(|shipped| shipped == dep) && !owners.contains(&name) {
                let mend = format!("{reason}; leave it to {}", owners.join(", "));
                found.push(Finding::of(&path, format!("{name} must not depend on {dep}"), mend));
            }
        }
        let tested = package.manifest.dependencies(Use::Dev);
        let all = shipped.iter().chain(&tested);
        for dep in all.filter(|dep| name == "planaria-core" && NOT_IN_CORE.contains(&dep.as_str()))
        {
            let mend = "the core has no I/O, no time and no chance: take the value as an argument";
            found.push(Finding::of(&path, format!("{name} must not depend on {dep}"), mend));
        }
    }
    found
}

/// Versions that are not exact and have to be.
pub fn pinned(workspace: &Manifest) -> Vec<Finding> {
    let loose = EXACT.iter().filter(|dep| {
        let value = workspace.get("workspace.dependencies", dep).unwrap_or_default();
        !value.contains("\"=")
    });
    let found = loose.map(|dep| {
        let mend = "write `=` and the version that the format was checked against";
        Finding::of("Cargo.toml", format!("the version of {dep} is not exact"), mend)
    });
    found.collect()
}

#[cfg(test)]
fn package(directory: &str, text: &str) -> Package {
    Package { directory: directory.to_owned(), manifest: Manifest::parse(text) }
}

#[test]
fn an_arrow_that_points_up_or_across_is_found() {
    let drivers = "[package]\nname = \"planaria-drivers\"\n[dependencies]\n\
                   planaria-core = \"1\"\nplanaria-runtime = \"1\"\n\
                   [dev-dependencies]\nplanaria-testkit = \"1\"\n";
    let found = ours(&[package("drivers", drivers)]);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].what, "planaria-drivers must not depend on planaria-runtime");
    let testkit =
        "[package]\nname = \"planaria-core\"\n[dev-dependencies]\nplanaria-testkit = \"1\"\n";
    assert_eq!(ours(&[package("core", testkit)]).len(), 1);
    assert_eq!(ours(&[package("new", "[package]\nname = \"planaria-new\"\n")]).len(), 1);
}

#[test]
fn a_package_in_the_wrong_hands_is_found() {
    let core = "[package]\nname = \"planaria-core\"\n[dependencies]\nbincode = \"1\"\n\
                anyhow = \"1\"\n[dev-dependencies]\ntokio = \"1\"\n";
    let found: Vec<String> = owned(&[package("core", core)]).into_iter().map(|f| f.what).collect();
    assert_eq!(
        found,
        ["planaria-core must not depend on anyhow", "planaria-core must not depend on tokio"]
    );
}

#[test]
fn a_loose_version_of_a_format_is_found() {
    let exact =
        "[workspace.dependencies]\nbincode = { version = \"=2.0.1\" }\nfjall = \"=3.1.13\"\n";
    assert!(pinned(&Manifest::parse(exact)).is_empty());
    assert_eq!(pinned(&Manifest::parse(&exact.replace("\"=3", "\"3"))).len(), 1);
}
