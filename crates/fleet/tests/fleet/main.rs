//! What `load` accepts, and how it refuses the rest.

mod agents;
mod good;
mod nested;
mod plan;
mod refused;
mod secrets;
mod shipped;

use std::path::Path;

use planaria_fleet::{Errors, Fleet, load};

const AGENT: &str = "---\nname: Scribe\nmodel: claude-opus-5\n---\nYou write.\n";

/// A fleet in a directory of its own.
struct World(tempfile::TempDir);

impl World {
    /// With the agent `scribe` and this `fleet.yaml`.
    fn new(fleet: &str) -> Self {
        let world = Self(tempfile::tempdir().unwrap());
        world.file("fleet.yaml", fleet);
        world.file("agents/scribe.md", AGENT);
        world
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn file(&self, name: &str, content: &str) -> &Self {
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
        self
    }

    fn load(&self) -> Result<Fleet, Errors> {
        load(self.path())
    }

    /// The problems, with paths relative to the fleet.
    fn problems(&self) -> String {
        let dir = format!("{}/", self.path().display());
        self.load().expect_err("a problem").to_string().replace(&dir, "")
    }
}

/// The one problem of a fleet: its first line, and all of it.
fn refused(fleet: &str) -> (String, String) {
    let all = World::new(fleet).problems();
    (all.lines().next().unwrap_or_default().to_owned(), all)
}
