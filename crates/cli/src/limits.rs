//! Every bound of the command, with its reason. What `up` bounds stands beside it.

use std::time::Duration;

use planaria_core::limits::RECORD_BYTES_MAX;

/// Longest line that goes over the control socket, in either direction: a record as JSON, or a
/// message on its way to a session, with room for the escapes that JSON may put into it.
pub const FRAME_BYTES_MAX: usize = 8 * RECORD_BYTES_MAX;
/// Processes that look in at the same time. The next one waits at the door.
pub const CONNECTIONS_MAX: usize = 64;
/// How long a request may take to arrive, and how long the asker waits for each line of an answer
/// that is not followed.
pub const ANSWER_WAIT: Duration = Duration::from_secs(30);
/// How long somebody who looks in may take no line: a pager may rest for a while, a forgotten one
/// must not hold a place at the door for ever.
pub const STALL_WAIT: Duration = Duration::from_secs(600);
/// Pause after a connection that could not be accepted: out of files, perhaps.
pub const ACCEPT_WAIT: Duration = Duration::from_secs(1);

/// Records that are held at a time while a log is read. At a mebibyte each this is the most memory
/// that a reader of a log takes.
pub const PAGE_RECORDS: usize = 64;
/// Globs of one `--type` filter: they are tried one after the other on every record.
pub const TYPES_MAX: usize = 32;
/// Characters of a human line where there is no terminal to say how many fit.
pub const LINE_CHARS_MAX: usize = 4_096;
/// Between two pictures of a watched tree.
pub const WATCH_EVERY: Duration = Duration::from_millis(500);

/// Records of a session's file that is imported; it is held in memory until all of it is checked.
pub const IMPORT_RECORDS_MAX: u64 = 1_000_000;
/// Bytes of such a file. A session of ten thousand events has about 15 MB.
pub const IMPORT_BYTES_MAX: u64 = 256 << 20;
/// Records that share one transaction of an import, which keeps groups as small as the runtime's.
pub const IMPORT_TXN_RECORDS: usize = 256;
/// Openings of its store that a log may have behind it. One in a second would take 68 years; a
/// higher number in a file is nonsense that would use the store's own numbers up.
pub const OPENINGS_MAX: u64 = 1 << 31;

/// Syncs that `doctor` times. Enough for a median, and a second at most on a slow disk.
pub const SYNCS: usize = 32;
/// Bytes of each: a page.
pub const SYNC_BYTES: usize = 4_096;
/// A program that `doctor` asks for its version must answer within this.
pub const PROBE_WAIT: Duration = Duration::from_secs(5);
/// Bytes that are read of a file below `/proc` or `/sys`.
pub const PROC_BYTES_MAX: u64 = 64 << 10;

/// Seeds of one `chaos` command: each is a whole run of the fleet.
pub const SEEDS_MAX: u64 = 1_000;
/// Bytes of one run's report.
pub const REPORT_BYTES_MAX: u64 = 16 << 20;
