//! Disks that fail, on order and for real.

use std::io::ErrorKind;
use std::path::Path;
use std::process::Command;

use planaria_core::SessionId;
use planaria_core::port::store::{Error, Store, Txn};
use planaria_drivers::store::{Fault, FjallStore, Options};
use planaria_testkit::store::{Ledger, sized, txn};

use crate::support::{open, survives};

const ID: SessionId = SessionId(1);

/// A store with one acknowledged record, and what it says to the next group, which meets `fault`.
async fn meet(fault: Fault) -> (tempfile::TempDir, FjallStore, Error) {
    let directory = tempfile::tempdir().unwrap();
    let options = Options::default();
    let faults = options.faults.clone();
    let store = FjallStore::open(directory.path(), options).unwrap();
    store.commit(vec![txn(ID, 1, 0, 1)]).await.unwrap()[0].clone().unwrap();
    faults.inject(fault);
    let error = store.commit(vec![txn(ID, 1, 1, 1)]).await.unwrap_err();
    (directory, store, error)
}

#[tokio::test]
async fn after_a_failed_write_or_sync_nothing_more_is_accepted() {
    for fault in [
        Fault::Append(ErrorKind::Other),
        Fault::Sync(ErrorKind::Other),
        Fault::Append(ErrorKind::StorageFull),
        Fault::Sync(ErrorKind::StorageFull),
    ] {
        let (_directory, store, _) = meet(fault).await;
        let poisoned = |error: Error| assert!(matches!(error, Error::Poisoned(_)), "{error}");
        poisoned(store.commit(vec![txn(SessionId(2), 1, 0, 1)]).await.unwrap_err());
        poisoned(store.commit(Vec::new()).await.unwrap_err());
        poisoned(store.read(ID, 1, 9).await.unwrap_err());
        poisoned(store.head(ID).await.unwrap_err());
        store.close().await;
        poisoned(store.get(Vec::new()).await.unwrap_err());
    }
}

#[tokio::test]
async fn a_full_disk_is_called_by_its_name() {
    for fault in [Fault::Append(ErrorKind::StorageFull), Fault::Sync(ErrorKind::QuotaExceeded)] {
        let (directory, _store, error) = meet(fault).await;
        let path = directory.path().display().to_string();
        assert_eq!(error, Error::Full { path });
        assert!(error.to_string().contains("free some space"), "{error}");
    }
    let (_directory, _store, error) = meet(Fault::Sync(ErrorKind::Other)).await;
    assert!(matches!(error, Error::Poisoned(_)), "{error}");
}

#[tokio::test]
async fn after_a_failure_the_end_is_not_an_orderly_one_and_opening_anew_recovers() {
    for fault in [Fault::Append(ErrorKind::Other), Fault::Sync(ErrorKind::Other)] {
        let (directory, store, _) = meet(fault).await;
        store.close().await;
        assert!(!directory.path().join("clean").exists());
        drop(store);
        let store = open(directory.path()).unwrap();
        // The group whose sync failed may be there; the one that was never written is not.
        let head = store.head(ID).await.unwrap().unwrap().seq;
        let unsynced = matches!(fault, Fault::Sync(_));
        assert!(head == 1 || (unsynced && head == 2), "{fault:?}: {head}");
        let mut ledger = Ledger::default();
        ledger.note(ID, &txn(ID, 1, 0, 1).records);
        store.commit(vec![txn(ID, 1, head, 1)]).await.unwrap()[0].clone().unwrap();
        drop(store);
        survives(directory.path(), &ledger, "after the failure").await;
    }
}

#[tokio::test]
async fn groups_that_wait_behind_a_failure_are_refused_and_leave_no_trace() {
    let directory = tempfile::tempdir().unwrap();
    let options = Options::default();
    options.faults.inject(Fault::Append(ErrorKind::Other));
    let store = FjallStore::open(directory.path(), options).unwrap();
    let waiting = (1..=20).map(|id| store.commit(vec![txn(SessionId(id), 1, 0, 1)]));
    for outcome in futures_util::future::join_all(waiting).await {
        assert!(matches!(outcome, Err(Error::Poisoned(_))), "{outcome:?}");
    }
    drop(store);
    let store = open(directory.path()).unwrap();
    for id in 1..=20 {
        assert_eq!(store.head(SessionId(id)).await.unwrap(), None);
    }
}

/// Set for the child of the test, which has a small disk of its own mounted there.
const CHILD: &str = "PLANARIA_TEST_FULL_DIRECTORY";
const NAME: &str =
    "faults::a_disk_that_is_really_full_loses_nothing_and_works_again_with_more_room";

/// A command in a mount namespace of its own, where mounting needs no privileges.
fn apart(program: &Path) -> Command {
    let mut command = Command::new("unshare");
    command.args(["--user", "--map-root-user", "--mount"]).arg(program);
    command
}

fn mount(options: &str, directory: &Path) -> std::io::Result<bool> {
    let mut command = Command::new("mount");
    command.args(["-t", "tmpfs", "-o", options, "none"]).arg(directory);
    Ok(command.status()?.success())
}

/// Fills the disk with groups until one is refused, then makes room.
async fn fill(directory: &Path) {
    assert!(mount("size=16m", directory).unwrap());
    let store = open(directory).unwrap();
    let mut ledger = Ledger::default();
    let error = loop {
        let end = ledger.len() as u64;
        let record = sized(ID, 1, end + 1, vec![b'x'; 700_000].into());
        let group = vec![Txn { records: vec![record.clone()], ..txn(ID, 1, end, 0) }];
        match store.commit(group).await {
            Ok(outcomes) => {
                outcomes[0].clone().unwrap();
                ledger.note(ID, &[record]);
            }
            Err(error) => break error,
        }
    };
    assert!(matches!(error, Error::Full { .. }), "{error}");
    assert!(ledger.len() > 5, "{} records", ledger.len());
    drop(store);
    // The journal cannot be written anew while there is no room; that is not damage.
    let error = open(directory).unwrap_err();
    assert!(matches!(error, Error::Full { .. }), "{error}");
    assert!(mount("remount,size=200m", directory).unwrap());
    survives(directory, &ledger, "with more room").await;
    println!("exercised");
}

#[tokio::test]
async fn a_disk_that_is_really_full_loses_nothing_and_works_again_with_more_room() {
    if let Some(directory) = std::env::var_os(CHILD) {
        return fill(directory.as_ref()).await;
    }
    let directory = tempfile::tempdir().unwrap();
    let probe =
        apart(Path::new("mount")).args(["-t", "tmpfs", "none"]).arg(directory.path()).output();
    if !probe.is_ok_and(|output| output.status.success()) {
        println!("not exercised: this system lets us mount nothing");
        return;
    }
    let output = apart(&std::env::current_exe().unwrap())
        .args(["--exact", NAME, "--nocapture"])
        .env(CHILD, directory.path())
        .output()
        .unwrap();
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text);
    assert!(output.status.success() && text.contains("exercised"), "{text}");
}
