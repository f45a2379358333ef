//! What the tests of the store share: a store that notes what it acknowledged, and copies of its
//! directory, which are what a crash leaves.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use planaria_core::SessionId;
use planaria_core::port::store::{Error, Store, Txn};
use planaria_drivers::store::{FjallStore, Options};
use planaria_testkit::store::{Ledger, txn};

/// A store whose acknowledgements are noted.
pub struct Noted {
    pub store: FjallStore,
    pub ledger: Ledger,
}

/// Opens the store with nothing special about it.
pub fn open(directory: &Path) -> Result<FjallStore, Error> {
    FjallStore::open(directory, Options::default())
}

impl Noted {
    pub fn open(directory: &Path) -> Self {
        Self { store: open(directory).unwrap(), ledger: Ledger::default() }
    }

    /// Appends to each of the sessions, as one group.
    pub async fn append(&mut self, sessions: impl IntoIterator<Item = u128>, count: u64) {
        let mut group = Vec::new();
        for id in sessions.into_iter().map(SessionId) {
            let end = self.store.head(id).await.unwrap().map_or(0, |head| head.seq);
            group.push(txn(id, 1, end, count));
        }
        self.commit(group).await;
    }

    pub async fn commit(&mut self, group: Vec<Txn>) {
        let outcomes = self.store.commit(group.clone()).await.unwrap();
        for (txn, outcome) in group.iter().zip(outcomes) {
            outcome.unwrap();
            self.ledger.note(txn.session, &txn.records);
        }
    }

    /// What the directory holds now, as a crash would leave it.
    pub fn image(&self) -> tempfile::TempDir {
        let image = tempfile::tempdir().unwrap();
        copy(self.store.path(), image.path());
        image
    }
}

/// Copies a directory's content. The lock is left behind: a dead process holds none. A store that
/// lives goes on meanwhile, so files go before directories: the mark must not be younger than the
/// journals that it speaks of. What is only there to be renamed may be gone when its turn comes.
pub fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    let entries = fs::read_dir(from).unwrap().map(|entry| entry.unwrap().path());
    let (directories, files): (Vec<PathBuf>, Vec<PathBuf>) = entries.partition(|p| p.is_dir());
    for path in files {
        match fs::copy(&path, to.join(path.file_name().unwrap())) {
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            copied => drop(copied.unwrap()),
        }
    }
    for path in directories {
        copy(&path, &to.join(path.file_name().unwrap()));
    }
}

/// The journal that is written to.
pub fn active_journal(directory: &Path) -> PathBuf {
    let journals = fs::read_dir(directory.join("db")).unwrap().filter_map(|entry| {
        let path = entry.unwrap().path();
        let number = path.file_name()?.to_str()?.strip_suffix(".jnl")?.parse::<u64>().ok()?;
        Some((number, path))
    });
    journals.max().unwrap().1
}

/// Opens an image and checks that everything acknowledged is in it, unchanged and dense.
pub async fn survives(image: &Path, ledger: &Ledger, what: &str) -> FjallStore {
    let store = open(image).unwrap_or_else(|error| panic!("{what}: {error}"));
    let broken = ledger.compare(&store).await.unwrap_or_else(|error| panic!("{what}: {error}"));
    assert!(broken.is_empty(), "{what}: {} promises broken, first {}", broken.len(), broken[0]);
    store
}

/// Opening an image is refused as damage; gives the text.
pub fn refused(image: &Path, what: &str) -> String {
    match open(image) {
        Err(error @ Error::Damaged { .. }) => error.to_string(),
        Err(error) => panic!("{what}: refused as another error: {error}"),
        Ok(_) => panic!("{what}: it opens"),
    }
}
