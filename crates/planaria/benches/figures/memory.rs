//! What a session costs that does nothing.

use std::ffi::OsString;
use std::path::Path;
use std::process::Command;

use planaria_core::SessionId;

use super::host::{self, Host};
use super::setting::Setting;
use super::{Figure, Group};

/// The first word with which this program measures its own memory.
pub const CHILD: &str = "memory-of-a-process";

pub const GROUP: Group = Group { name: "memory", about: ABOUT, slow: false, measure };

const ABOUT: &str = "\
Resident memory of a process before and after it has so many new sessions awake, divided by their
number: their actors, supervisors and folds, what the allocator keeps, and their first records in the
store's memory. The process does nothing else and is started for this.";

/// Sessions of the small and of the large process.
const SESSIONS: [usize; 2] = [1_000, 10_000];

fn measure(setting: &Setting) -> Vec<Figure> {
    let sessions = if setting.quick { &SESSIONS[..1] } else { &SESSIONS[..] };
    let mut figures: Vec<Figure> =
        sessions.iter().map(|sessions| figure(setting, *sessions)).collect();
    if !setting.quick {
        figures.extend(super::sleep::memory());
    }
    figures
}

fn figure(setting: &Setting, sessions: usize) -> Figure {
    let program = std::env::current_exe().expect("this program has a path");
    let output = Command::new(program)
        .arg(CHILD)
        .arg(setting.place())
        .arg(sessions.to_string())
        .output()
        .expect("this program starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8_lossy(&output.stdout);
    let value: f64 = text.trim().parse().expect("the child prints a number");
    let name = format!("an awake idle session, of {sessions}");
    let note = "one process, started once".to_owned();
    Figure { group: "memory".to_owned(), name, value, unit: "KiB", floor: None, goal: None, note }
}

/// Prints the KiB per session.
pub fn child(words: &[OsString]) {
    let [place, sessions] = words else { panic!("a directory and a number of sessions") };
    let directory = tempfile::tempdir_in(Path::new(place)).expect("the directory is there");
    let sessions: usize = sessions.to_string_lossy().parse().expect("a number");
    let kib = host::block_on(async move {
        let host = Host::silent(directory).await;
        // What the first one brings with it belongs to none of them.
        host::create(&host.runtime, SessionId(1)).await;
        let before = resident();
        for session in 2..2 + sessions as u128 {
            host::create(&host.runtime, SessionId(session)).await;
        }
        let after = resident();
        host.end().await;
        after.saturating_sub(before) as f64 / sessions as f64
    });
    println!("{kib}");
}

/// KiB.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("a Linux");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse().ok());
    kib.expect("the kernel says what is resident")
}
