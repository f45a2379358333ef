//! The directory: who may open it, and what is said when it cannot be.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use planaria_core::port::store::{Error, Store};

use crate::support::{Noted, open, refused, survives};

/// Set for the child of a test, which is this same test in another process.
const CHILD: &str = "PLANARIA_TEST_LOCK_DIRECTORY";

#[tokio::test]
async fn a_second_store_in_the_same_process_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let first = open(directory.path()).unwrap();
    let error = open(directory.path()).unwrap_err();
    let path = directory.path().display().to_string();
    let holder = format!(" (pid {})", std::process::id());
    assert_eq!(error, Error::Locked { path, holder });
    first.close().await;
    open(directory.path()).unwrap();
}

#[test]
fn a_second_process_is_told_who_has_the_store_and_gets_it_when_that_one_dies() {
    if let Some(directory) = std::env::var_os(CHILD) {
        let _store = open(directory.as_ref()).unwrap();
        println!("open");
        // Until the parent kills us.
        let _ = std::io::stdin().read_line(&mut String::new());
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let name =
        "directory::a_second_process_is_told_who_has_the_store_and_gets_it_when_that_one_dies";
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", name, "--nocapture"])
        .env(CHILD, directory.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.map_while(Result::ok).any(|line| line.ends_with("open")));
    let error = open(directory.path()).unwrap_err();
    let holder = format!(" (pid {})", child.id());
    let text = error.to_string();
    assert!(text.contains(&holder) && text.contains("--data-dir"), "{text}");
    child.kill().unwrap();
    child.wait().unwrap();
    open(directory.path()).unwrap();
}

#[tokio::test]
async fn a_newer_format_is_refused_before_anything_is_touched() {
    let directory = tempfile::tempdir().unwrap();
    let mut noted = Noted::open(directory.path());
    noted.append(1..=1, 1).await;
    noted.store.close().await;
    fs::write(directory.path().join("format"), "planaria-store 7\n").unwrap();
    fs::remove_file(directory.path().join("lock")).unwrap();
    let path = directory.path().display().to_string();
    let error = open(directory.path()).unwrap_err();
    assert_eq!(error, Error::NewerFormat { path, found: 7, known: 1 });
    assert!(!directory.path().join("lock").exists());
    fs::write(directory.path().join("format"), "planaria-store 1\n").unwrap();
    survives(directory.path(), &noted.ledger, "back to our format").await;
}

#[tokio::test]
async fn a_format_that_is_missing_or_unreadable_is_refused_while_there_is_data() {
    let directory = tempfile::tempdir().unwrap();
    let mut noted = Noted::open(directory.path());
    noted.append(1..=1, 1).await;
    noted.store.close().await;
    let format = directory.path().join("format");
    fs::write(&format, "something else").unwrap();
    assert!(refused(directory.path(), "unreadable").contains("planaria-store 1"));
    fs::remove_file(&format).unwrap();
    assert!(refused(directory.path(), "missing").contains("`format` is missing"));
    fs::remove_file(directory.path().join("hwm")).unwrap();
    assert!(refused(directory.path(), "mark missing too").contains("`format` is missing"));
    fs::write(&format, "planaria-store 1\n").unwrap();
    survives(directory.path(), &noted.ledger, "restored").await;
}

#[test]
fn a_missing_directory_is_made_with_its_parents() {
    let directory = tempfile::tempdir().unwrap();
    let deep = directory.path().join("a/b/c");
    open(&deep).unwrap();
    assert!(deep.join("format").exists());
}

#[test]
fn a_directory_that_cannot_be_made_is_named_with_what_to_do() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file");
    fs::File::create(&file).unwrap().write_all(b"in the way").unwrap();
    let path = file.join("data");
    let error = open(&path).unwrap_err();
    let text = error.to_string();
    assert!(matches!(error, Error::Io { .. }), "{text}");
    assert!(text.contains(&path.display().to_string()) && text.contains("--data-dir"), "{text}");
}

#[tokio::test]
async fn a_new_directory_is_for_its_user_alone() {
    use std::os::unix::fs::PermissionsExt;
    let parent = tempfile::tempdir().unwrap();
    let path = parent.path().join("new/journal");
    let store = open(&path).unwrap();
    for made in [path.clone(), parent.path().join("new")] {
        let mode = std::fs::metadata(&made).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{} is open to others", made.display());
    }
    store.close().await;
}
