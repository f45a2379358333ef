//! Every bound of the scripted model, with its reason.

use std::time::Duration;

/// Bytes of a script. Scripts are written by hand; the examples have a few kilobytes.
pub(super) const SCRIPT_BYTES_MAX: usize = 1 << 20;
/// Nodes of a script's YAML, also those that anchors repeat: a kilobyte of aliases must not become
/// a gigabyte of calls.
pub(super) const SCRIPT_NODES_MAX: usize = 100_000;
/// Depth of a script's YAML; a call's input is the deepest part.
pub(super) const SCRIPT_DEPTH_MAX: usize = 32;
/// Steps of a script. A request replays the whole history, so its cost grows with the steps.
pub(super) const STEPS_MAX: usize = 1_000;
/// Branches of one step, tried one after another.
pub(super) const BRANCHES_MAX: usize = 16;
/// Bytes of one compiled expression; the library's own default is ten times as much.
pub(super) const REGEX_BYTES_MAX: usize = 1 << 20;
/// Longest pause. It stands for a model's slowness, which a test would not wait for any longer.
pub(super) const PAUSE_MAX: Duration = Duration::from_secs(60);
/// Pieces that a text is streamed in: enough to see it arrive.
pub(super) const TEXT_PIECES: usize = 4;
/// Characters of results that an error shows; they are in the log in full.
pub(super) const SHOWN_CHARS_MAX: usize = 2_000;
/// Characters that count as one token, about what tokenizers make of English.
pub(super) const CHARS_PER_TOKEN: u64 = 4;
