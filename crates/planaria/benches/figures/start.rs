//! Starting on a directory with many sessions.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Instant;

use planaria_core::SessionId;
use planaria_core::port::store::{Store, Txn};
use planaria_runtime::Supervision;

use super::setting::Setting;
use super::sleep::{block_on, end, figure, open, start};
use super::{Figure, Group};

pub const GROUP: Group = Group { name: "start", about: ABOUT, slow: false, measure };

const ABOUT: &str = "\
From the first look at a data directory with 10 000 sessions of 12 records to a runtime that takes
requests. After an orderly end, and after none: a copy of the directory while it was open is what
`kill -9` leaves. The floor of that is reading the journals once.";

fn measure(_: &Setting) -> Vec<Figure> {
    start_up()
}

const SESSIONS: u128 = 10_000;
/// Records of each session.
const RECORDS: usize = 12;
/// Sessions that share a commit.
const TOGETHER: usize = 100;
const STARTS: usize = 7;

/// 10 000 sessions: from the first look at the directory to a runtime that takes requests. After an
/// orderly end, and after none: a copy of the directory while it is open is what `kill -9` leaves.
pub fn start_up() -> Vec<Figure> {
    let place = tempfile::tempdir().expect("a place for files");
    block_on(async move {
        let store = open(place.path());
        fill(store.as_ref()).await;
        let killed = tempfile::tempdir().expect("a place for files");
        copy(place.path(), killed.path());
        let bytes = journal_bytes(killed.path());
        store.close().await;
        let mut orderly = Vec::new();
        for _ in 0..STARTS {
            orderly.push(ready(place.path()).await);
        }
        let mut unclean = Vec::new();
        for _ in 0..STARTS {
            let copied = tempfile::tempdir().expect("a place for files");
            copy(killed.path(), copied.path());
            unclean.push(ready(copied.path()).await);
        }
        let rate = scan_rate(killed.path());
        let after_end = figure("start", "after an orderly end", "ms", 200.0, orderly);
        let mut after_kill = figure("start", "after kill -9", "ms", 0.0, unclean);
        after_kill.goal = None;
        after_kill.floor = Some(bytes as f64 / rate * 1e3);
        after_kill.note += &format!(
            "; floor: {:.0} MB of journals, read at {:.0} MB/s",
            bytes as f64 / 1e6,
            rate / 1e6
        );
        vec![after_end, after_kill]
    })
}

async fn fill(store: &dyn Store) {
    let ids: Vec<u128> = (1..=SESSIONS).collect();
    for ids in ids.chunks(TOGETHER) {
        let txn = |id: &u128| Txn {
            session: SessionId(*id),
            epoch: 1,
            expected_seq: 0,
            records: super::fold::log(SessionId(*id), RECORDS),
            puts: Vec::new(),
            absent: Vec::new(),
            open: false,
        };
        let outcomes = store.commit(ids.iter().map(txn).collect()).await;
        let outcomes = outcomes.expect("the store is well");
        assert!(outcomes.iter().all(Result::is_ok), "they fit: {outcomes:?}");
    }
}

/// Milliseconds until a runtime on this directory takes requests.
async fn ready(path: &Path) -> f64 {
    let began = Instant::now();
    let store = open(path);
    let runtime = start(store.clone(), Supervision::default()).await;
    let state = runtime.state(SessionId(SESSIONS / 2)).await.expect("it is there");
    let took = began.elapsed().as_secs_f64() * 1e3;
    assert!(state.seq >= RECORDS as u64);
    end(runtime, store.as_ref()).await;
    took
}

fn journals(path: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(path.join("db")).expect("a database");
    let paths = entries.map(|entry| entry.expect("a name").path());
    paths.filter(|path| path.extension().is_some_and(|extension| extension == "jnl")).collect()
}

/// Bytes of the journals that are not a hole at their end.
fn journal_bytes(path: &Path) -> usize {
    let content = |path: &PathBuf| {
        let bytes = fs::read(path).expect("a journal");
        bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1)
    };
    journals(path).iter().map(content).sum()
}

/// Bytes per second of reading the journals, which the kernel has in memory, into ours: what any
/// check of them costs at least.
fn scan_rate(path: &Path) -> f64 {
    let began = Instant::now();
    let read = |path: &PathBuf| fs::read(path).expect("a journal").len();
    let bytes: usize = journals(path).iter().map(read).sum();
    bytes as f64 / began.elapsed().as_secs_f64()
}

/// Copies a directory as it would be found after a crash, when nobody holds its locks: files before
/// directories, because the mark must not be younger than the journals that it speaks of.
pub fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a directory");
    let entries =
        fs::read_dir(from).expect("a directory").map(|entry| entry.expect("a name").path());
    let (directories, files): (Vec<PathBuf>, Vec<PathBuf>) =
        entries.partition(|path| path.is_dir());
    for path in &files {
        match fs::copy(path, to.join(path.file_name().expect("a file has a name"))) {
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            copied => drop(copied.expect("a copy")),
        }
    }
    for path in directories {
        copy(&path, &to.join(path.file_name().expect("a directory has a name")));
    }
}
