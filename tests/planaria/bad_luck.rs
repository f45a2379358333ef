//! What goes wrong around the binary, and what it says about it.

use std::fs;
use std::io::Write;
use std::process::{Command, Output};

use crate::support::{TestFleet, success};

const ONE_STEP: &str = "steps:\n  - call: { bash: { command: echo apples } }\n  - say: done\n";

/// The message of a command that must have failed with code 1.
fn failure(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1));
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_misspelt_key_is_refused_with_its_place_and_the_right_spelling() {
    let fleet = TestFleet::of_one("steps: []");
    fleet.file("fleet.yaml", "fleet: test\nsesions: {}\n");
    let output = fleet.up();
    assert_eq!(output.status.code(), Some(1));
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(message.contains("fleet.yaml:2:1") && message.contains("sessions"), "{message}");
    assert!(!fleet.data().exists(), "a bad file changes nothing");
}

#[test]
fn commands_on_a_directory_without_data_say_what_to_do() {
    let fleet = TestFleet::new();
    for args in [&["events", "job"][..], &["tree"]] {
        let output = fleet.command(args).output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        let message = String::from_utf8_lossy(&output.stderr);
        assert!(message.contains("planaria up"), "{message}");
    }
}

#[test]
fn a_data_directory_of_a_newer_version_is_refused_and_left_alone() {
    let fleet = TestFleet::of_one(ONE_STEP);
    success(&fleet.up());
    let format = fleet.data().join("journal/format");
    let ours = fs::read_to_string(&format).unwrap();
    let newer = ours.replace(" 1", " 9000");
    fs::write(&format, &newer).unwrap();

    let message = failure(&fleet.up());

    assert!(message.contains("9000") && message.contains("newer planaria"), "{message}");
    assert_eq!(fs::read_to_string(&format).unwrap(), newer);
    fs::write(&format, ours).unwrap();
    assert!(success(&fleet.up()).contains("done"), "nothing was lost meanwhile");
}

#[test]
fn a_data_directory_that_cannot_be_made_is_named() {
    let fleet = TestFleet::of_one(ONE_STEP);
    fs::write(fleet.data(), "a file is in the way").unwrap();
    let message = failure(&fleet.up());
    assert!(message.contains(&fleet.data().display().to_string()), "{message}");
}

#[test]
fn a_full_disk_ends_the_run_with_a_hint_and_loses_nothing_acknowledged() {
    let fleet = TestFleet::of_one(ONE_STEP);
    let Some(disk) = Tmpfs::mount(&fleet, "size=16m") else {
        eprintln!("not exercised: a tmpfs cannot be mounted here");
        return;
    };
    // The store alone lies on the small disk.
    fs::create_dir_all(fleet.data()).unwrap();
    std::os::unix::fs::symlink(disk.path(), fleet.data().join("journal")).unwrap();
    success(&fleet.up());
    fleet.file(
        "fleet.yaml",
        "fleet: test\nsessions:\n  job: { agent: worker, environment: local, prompt: go }\n  more: { agent: worker, environment: local, prompt: go }\n",
    );
    let much = "{ bash: { command: 'seq -s x 15000' } }";
    fleet.file(
        "scripts/more.yaml",
        &format!("steps:\n  - call: {much}\n  - call: {much}\n  - call: {much}\n  - say: done\n"),
    );
    let filler = disk.fill_but(96 << 10);

    let message = failure(&fleet.up());

    assert!(message.contains("no space left"), "{message}");
    assert!(message.contains("free some space and start again"), "{message}");
    fs::remove_file(filler).unwrap();
    let out = success(&fleet.up());
    assert_eq!(out.matches(": done").count(), 2, "{out}");
}

/// A small disk of its own, unmounted at the end.
struct Tmpfs(std::path::PathBuf);

impl Tmpfs {
    fn mount(fleet: &TestFleet, size: &str) -> Option<Self> {
        let path = fleet.path("disk");
        fs::create_dir_all(&path).unwrap();
        let args = ["-t", "tmpfs", "-o", size, "planaria-test"];
        let mounted = Command::new("mount").args(args).arg(&path).output().ok()?;
        mounted.status.success().then_some(Self(path))
    }

    fn path(&self) -> &std::path::Path {
        &self.0
    }

    /// Leaves about this many bytes free.
    fn fill_but(&self, free: u64) -> std::path::PathBuf {
        let path = self.0.join("filler");
        let mut file = fs::File::create(&path).unwrap();
        let mut written = 0;
        while let Ok(more) = file.write(&[0; 4_096]) {
            written += more as u64;
        }
        file.set_len(written - free).unwrap();
        path
    }
}

impl Drop for Tmpfs {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}
