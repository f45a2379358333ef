//! What is to be measured, and where.

use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// How this run is to go.
pub struct Setting {
    filters: Vec<String>,
    /// Fewer rounds, for whoever changes the code and wants a rough answer.
    pub quick: bool,
    /// Whether the page is written.
    pub write: bool,
    /// Whether what takes minutes is measured, too.
    cold: bool,
    place: TempDir,
}

impl Setting {
    /// Reads the words of the command line. Cargo's own `--bench` means nothing here.
    pub fn parse<'a>(words: impl Iterator<Item = &'a str>) -> Self {
        let mut setting = Self {
            filters: Vec::new(),
            quick: false,
            write: false,
            cold: false,
            place: tempfile::tempdir_in(target()).expect("a directory under target/"),
        };
        for word in words {
            match word {
                "--quick" => setting.quick = true,
                "--write" => setting.write = true,
                "--cold" => setting.cold = true,
                "--bench" => {}
                word if word.starts_with('-') => panic!("{word}: see the top of figures/main.rs"),
                word => setting.filters.push(word.to_owned()),
            }
        }
        setting
    }

    /// Whether a group is to be measured.
    pub fn chooses(&self, name: &str, slow: bool) -> bool {
        let named = self.filters.iter().any(|filter| name.contains(filter.as_str()));
        (named || self.filters.is_empty()) && (self.cold || !slow)
    }

    /// A directory on the disk that the sources are on, gone after the run. The system's own
    /// temporary directory may be memory, where a sync costs nothing.
    pub fn place(&self) -> &Path {
        self.place.path()
    }

    /// An empty directory in [`Setting::place`].
    pub fn directory(&self) -> TempDir {
        tempfile::tempdir_in(self.place()).expect("a directory under target/")
    }

    /// So many, or a few when it is to be quick.
    pub fn rounds(&self, full: usize, quick: usize) -> usize {
        if self.quick { quick } else { full }
    }
}

fn target() -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR"));
    std::fs::create_dir_all(target).expect("target/tmp can be made");
    target.to_owned()
}
