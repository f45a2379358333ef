//! Every bound of the fleet files, with its reason.

use std::time::Duration;

/// Bytes of one file. Agents may have 100 000 characters of system prompt; nothing is larger.
pub(crate) const FILE_BYTES_MAX: u64 = 1 << 20;
/// Nodes of one file's YAML, also those that anchors repeat: a kilobyte of aliases must not become
/// a gigabyte.
pub(crate) const YAML_NODES_MAX: usize = 100_000;
/// Depth of one file's YAML; the schema of a custom tool's input is the deepest part.
pub(crate) const YAML_DEPTH_MAX: usize = 48;
/// Files of one directory of the fleet.
pub(crate) const FILES_MAX: usize = 1_000;
/// Sessions of a fleet. `up` starts all that wait for nobody at once, each with a sandbox.
pub(crate) const SESSIONS_MAX: usize = 256;
/// Sessions that one entry stands for: what one person still tells apart in a list.
pub(crate) const REPLICAS_MAX: u32 = 64;
/// Characters of a session's title, as the API has it.
pub(crate) const TITLE_CHARS_MAX: usize = 256;
/// Labels of a session's owner. The API has 16, and some are ours.
pub(crate) const METADATA_PAIRS_MAX: usize = 8;
/// Characters of a label's name, as the API has it.
pub(crate) const METADATA_KEY_CHARS_MAX: usize = 64;
/// Characters of a label's value, as the API has it.
pub(crate) const METADATA_VALUE_CHARS_MAX: usize = 512;
/// Models that one provider claims; globs make more of few.
pub(crate) const MODELS_MAX: usize = 100;
/// Requests in flight at one provider. Every one holds a connection and a buffer for an answer.
pub(crate) const CONCURRENCY_MAX: u32 = 1_000;
/// Tokens of context below which a summary would be followed by the next one at once.
pub(crate) const CONTEXT_TOKENS_MIN: u32 = 10_000;
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
