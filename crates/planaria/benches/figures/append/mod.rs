//! Durable appends: through the journal and through a session, against raw files.

mod journal;
mod raw;
mod session;

use bytes::Bytes;

use self::journal::Way;
use super::setting::Setting;
use super::{Figure, Group};

/// Sessions that append at the same time.
const MANY: usize = 256;
/// A typical record's payload.
const SMALL: usize = 500;
/// A payload that is kept beside the tree.
const LARGE: usize = 4_096;

pub const GROUP: Group = Group { name: "append", about: ABOUT, slow: false, measure };

const ABOUT: &str = "\
What it takes until an append is acknowledged: written, synced (`fdatasync`) and answered. *At the
journal* is the interface that sessions append through: the runtime's group committer in front of
the embedded store, with its compare-and-append, its index of open sessions and its readers. *Through
the session* is `Runtime::send`: the command is decided, appended and published as well.

The floor of one session is one write of the encoded record and one sync on a file whose bytes were
all written before, from a thread that does nothing else. The floor of 256 sessions is the same
number of tasks in a closed loop (each sends its next record when the last one is acknowledged)
whose records a thread appends to a growing file, whatever has arrived in one write with one sync.";

fn measure(setting: &Setting) -> Vec<Figure> {
    vec![
        journal::one(setting, Way::Journal, Some(1.2)),
        journal::one(setting, Way::Store, None),
        journal::many(setting, SMALL, 2.4),
        journal::many(setting, LARGE, 3.0),
        session::one(setting),
        session::many(setting),
    ]
}

/// JSON of that size.
fn payload(bytes: usize) -> Bytes {
    const FRAME: usize = r#"{"text":""}"#.len();
    Bytes::from(format!(r#"{{"text":"{}"}}"#, "x".repeat(bytes - FRAME)))
}

fn named(name: String, value: f64, floor: f64, goal: Option<f64>, note: String) -> Figure {
    let (group, unit) = ("append".to_owned(), "us");
    Figure { group, name, value, unit, floor: Some(floor), goal, note }
}
