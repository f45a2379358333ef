//! Every bound of a hand and of its protocol, with its reason.

use std::time::Duration;

use planaria_core::limits::RECORD_BYTES_MAX;

/// Bytes of one frame: a call's input or a result, each of which is one record of the log, and what
/// the frame adds.
pub(crate) const FRAME_BYTES_MAX: usize = RECORD_BYTES_MAX + (64 << 10);
/// How long a peer may take for its hello.
pub(crate) const HELLO_WAIT: Duration = Duration::from_secs(5);
/// Connections at one time. There is one server; a second connection is its successor's.
pub(super) const CONNECTIONS_MAX: usize = 16;
/// Requests in flight on one connection: four answers of a model with all the calls they may have.
pub(super) const REQUESTS_MAX: usize = 256;
/// Answers waiting to be written to one connection; who has more to say waits.
pub(super) const ANSWERS_QUEUE_MAX: usize = 16;
/// How long the last words of a connection may take.
pub(super) const FAREWELL_WAIT: Duration = Duration::from_secs(1);

/// Calls at one time, running or waiting for the shell.
pub(super) const RUNNING_MAX: usize = 256;
/// Threads for file tools: they wait for the disk, and more would only fight for it.
pub(super) const TOOL_THREADS: usize = 4;
/// Threads beside them that kill: they must not stand behind a file tool that hangs.
pub(super) const KILL_THREADS: usize = 2;
/// Bytes of one result: it becomes one record of the log with its header.
pub(super) const RESULT_BYTES_MAX: usize = RECORD_BYTES_MAX - (16 << 10);
/// How long a file tool that is told to stop may take to notice. Then it is answered for.
pub(super) const STOP_WAIT: Duration = Duration::from_secs(2);

/// Bytes of one record in the journal of calls.
pub(super) const JOURNAL_RECORD_MAX: usize = FRAME_BYTES_MAX;
/// Bytes of the journal of calls beyond which it is rewritten without old outcomes: they are in the
/// session's log long since.
pub(super) const JOURNAL_BYTES_MAX: u64 = 64 << 20;
/// Bytes of the newest answered outcomes that survive a rewriting. Those that no server was
/// answered yet all do; there are no more of them than calls at one time and what is not noted.
pub(super) const OUTCOMES_KEPT_BYTES: u64 = 16 << 20;
/// Bytes of answered outcomes after which the journal is told of them. What it does not know of
/// survives a rewriting by the next hand, so this is what each generation may leave for good.
pub(super) const ANSWERED_BYTES_MAX: u64 = 4 << 20;
/// Calls that a session's hands remember. Forgetting one could run it twice, so that beyond this
/// calls are refused; each costs about 50 bytes of memory.
pub(super) const CALLS_MAX: usize = 1_000_000;

/// How long killed processes may take to be gone. A process in an uninterruptible wait outlasts it.
pub(crate) const KILL_WAIT: Duration = Duration::from_secs(10);
/// Pause between two looks at what is still there.
pub(crate) const KILL_PAUSE: Duration = Duration::from_millis(2);
/// How long a hand that is replaced may take to let go of the workspace.
pub(crate) const LOCK_WAIT: Duration = Duration::from_secs(5);
/// Bytes of a process's environment that are searched for our mark.
pub(super) const ENVIRON_BYTES_MAX: u64 = 4 << 20;
/// Open files of a process that are looked at to tell whether it belongs to a workspace. Who has
/// more has most likely shown by then.
pub(super) const OPEN_FILES_MAX: usize = 4_096;
/// Processes that a hand records, about 80 bytes each. Beyond this it is found by descent.
pub(super) const PROCESSES_RECORDED_MAX: usize = 10_000;
/// How often a hand looks for new processes while a command runs. Costs three files per process.
pub(super) const LOOK_EVERY: Duration = Duration::from_millis(500);
/// How long a retiring hand waits for its calls to be answered.
pub(super) const RETIRE_WAIT: Duration = Duration::from_secs(5);

/// Bytes of a command's output that are kept; the last ones, where errors stand.
pub(super) const OUTPUT_BYTES_MAX: usize = 100 << 10;
/// Bytes read from the output when a command has ended: more than any pipe holds. A background
/// process may go on writing for ever.
pub(super) const DRAIN_BYTES_MAX: usize = 1 << 20;
/// Bytes of a line on the shell's control pipe. Ours are shorter; others are thrown away.
pub(super) const CONTROL_LINE_MAX: usize = 128;

/// Bytes of a text file that is read or edited as a whole (the toolset's own bound).
pub(super) const TEXT_BYTES_MAX: usize = 256 << 10;
/// Bytes of an image or PDF, whose base64 must fit into one record.
pub(super) const MEDIA_BYTES_MAX: usize = RESULT_BYTES_MAX / 4 * 3 - 1_024;
/// Pixels of an image's side (the Messages API's own bound).
pub(super) const SIDE_MAX: u32 = 8_000;
/// Directory entries that one glob or grep looks at (the toolset's own bound).
pub(super) const WALK_ENTRIES_MAX: usize = 50_000;
/// Paths that a glob answers (the toolset's own bound).
pub(super) const GLOB_PATHS_MAX: usize = 200;
/// Bytes that a grep answers (the toolset's own bound).
pub(super) const GREP_BYTES_MAX: usize = 100 << 10;
/// Characters of one line in a grep's answer (the toolset's own bound).
pub(super) const GREP_LINE_CHARS_MAX: usize = 2_000;
/// Bytes of one line that a grep searches; the rest of the line is passed over.
pub(super) const GREP_LINE_BYTES_MAX: u64 = 1 << 20;
/// Bytes at the beginning of a file that tell text from binary.
pub(super) const SNIFF_BYTES: usize = 8 << 10;
