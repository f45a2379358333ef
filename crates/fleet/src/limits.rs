//! Every bound of the fleet files, with its reason.

use std::time::Duration;

/// Bytes of one file. Agents may have 100 000 characters of system prompt; nothing is larger.
pub(crate) const FILE_BYTES_MAX: u64 = 1 << 20;
/// Nodes of one file's YAML, also those that anchors repeat: a kilobyte of aliases must not become
/// a gigabyte.
pub(crate) const YAML_NODES_MAX: usize = 100_000;
/// Depth of one file's YAML; the schema of a custom tool's input is the deepest part.
pub(crate) const YAML_DEPTH_MAX: usize = 48;
/// Entries of a directory of agents.
pub(crate) const AGENT_FILES_MAX: usize = 1_000;
/// Sessions of a fleet. `up` starts all that wait for nobody at once, each with a sandbox.
pub(crate) const SESSIONS_MAX: usize = 256;
/// Characters of a name: it becomes part of paths and keys.
pub(crate) const NAME_CHARS_MAX: usize = 64;
/// Problems that are shown; more would scroll the first out of sight.
pub(crate) const PROBLEMS_MAX: usize = 20;
/// Characters of a line that a problem shows.
pub(crate) const LINE_CHARS_MAX: usize = 160;
/// Bytes of a file that holds a secret.
pub(crate) const SECRET_BYTES_MAX: u64 = 64 << 10;
/// Restarts that a budget may allow. More in a window is no budget.
pub(crate) const RESTARTS_MAX: u32 = 1_000;
/// Longest time that supervision may name: a day is longer than anybody waits.
pub(crate) const SPAN_MAX: Duration = Duration::from_secs(24 * 3_600);
