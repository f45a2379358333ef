//! Every bound of the domain, with its reason. Times are microseconds unless the name says
//! otherwise.

/// One millisecond, in the unit of record times.
pub const MS: u64 = 1_000;
/// One second, in the unit of record times.
pub const SECOND: u64 = 1_000 * MS;

/// Client events in one send: the API's own bound on `initial_events`.
pub const SEND_EVENTS_MAX: usize = 50;
/// Client events accepted and not yet taken up, per session. A client that sends faster than its
/// agent reads is told so (429) instead of growing the session's memory.
pub const QUEUE_EVENTS_MAX: usize = 100;
/// Bytes of those events together; they are held in memory until they are taken up.
pub const QUEUE_BYTES_MAX: usize = 4 << 20;

/// One record, header and payload. Larger parts wait for the blob store; until then they are a
/// clear error.
pub const RECORD_BYTES_MAX: usize = 1 << 20;
/// Characters of a tool result that stay in the log; the rest goes to a file that the result names.
pub const RESULT_CHARS_MAX: usize = 100_000;
/// Bytes of one client event's content.
pub const CLIENT_EVENT_BYTES_MAX: usize = RECORD_BYTES_MAX - 4_096;
/// The API's bound on the title of a document, in characters.
pub const DOCUMENT_TITLE_CHARS_MAX: usize = 500;
/// The API's bound on the text blocks of one `system.message`.
pub const SYSTEM_BLOCKS_MAX: usize = 1_000;
/// Characters of an error in the log that others worded: endpoints answer with whole web pages.
pub const ERROR_CHARS_MAX: usize = 4_000;
/// The API's bound on a system prompt, in characters.
pub const SYSTEM_CHARS_MAX: usize = 100_000;
/// The API's bound on an agent's name, in characters.
pub const AGENT_NAME_CHARS_MAX: usize = 256;
/// The API's bound on the tools of an agent.
pub const TOOLS_MAX: usize = 256;

/// Answers of the model to one message. A model that calls tools for ever is stopped with
/// `tool_use_limit_reached_error`; a new message starts afresh, also one that joins the turn.
pub const TURN_REQUESTS_MAX: u32 = 200;
/// Tool calls taken from one answer; the others get an error result at once.
pub const ANSWER_CALLS_MAX: usize = 64;
/// Tokens that one answer may have, where the agent does not say.
pub const ANSWER_TOKENS_MAX: u32 = 16_384;
/// Bytes of one answer's raw blocks: they become one record.
pub const ANSWER_BYTES_MAX: usize = RECORD_BYTES_MAX - 8_192;

/// Attempts at one model request before the turn is given up with `exhausted`.
pub const MODEL_ATTEMPTS_MAX: u32 = 8;
/// First wait between attempts; it doubles.
pub const MODEL_BACKOFF_FROM: u64 = 250 * MS;
/// Longest wait of our own choosing between attempts.
pub const MODEL_BACKOFF_TO: u64 = 30 * SECOND;
/// Longest wait that an endpoint's `retry-after` may ask for.
pub const RETRY_AFTER_MAX: u64 = 300 * SECOND;
/// Waits below this stay invisible: private `attempt` records inside one public span.
pub const VISIBLE_WAIT: u64 = SECOND;

/// How long an interrupted call may take to report its real outcome before it is sealed and its
/// outcome recorded as unknown.
pub const CANCEL_WAIT: u64 = 10 * SECOND;
/// Time allowed to a tool call, where neither call nor tool says otherwise (the API's own default).
pub const CALL_DEADLINE: u64 = 120 * SECOND;
/// Longest time that a call may ask for by `timeout_ms`.
pub const CALL_DEADLINE_MAX: u64 = 3_600 * SECOND;
/// What an overdue call gets beyond its deadline until its hand is taken for hung and fenced.
pub const CALL_GRACE: u64 = 15 * SECOND;

/// Tokens of a conversation at which it is summarised, where the host does not say: most models
/// take 200 000, of which an answer may need `ANSWER_TOKENS_MAX`. A model that takes less says so
/// by refusing, and that starts a summary too.
pub const COMPACT_AT_TOKENS: u64 = 160_000;
/// The share of the conversation's bytes, one in so many, that a summary leaves as it is: the steps
/// that the model is in the middle of.
pub const COMPACT_KEEP: usize = 8;
/// Answers after a summary before the next one by size: what does not shrink must not be summarised
/// for ever.
pub const COMPACT_ANSWERS_MIN: u32 = 4;
/// Summaries within one model request before the turn is given up with
/// `compaction_limit_reached_error`.
pub const COMPACTIONS_MAX: u32 = 3;
/// How far what is to be summarised is shortened, when even that does not fit; each level halves
/// it.
pub const COMPACTION_LEVEL_MAX: u32 = 4;
/// Characters of one block that the first level of shortening leaves; each level quarters it.
pub const COMPACT_BLOCK_CHARS: usize = 8_000;
/// Characters of a summary; about 25 000 tokens.
pub const SUMMARY_CHARS_MAX: usize = 100_000;
/// Bytes of text that are counted as one token, where no endpoint has counted yet.
pub const BYTES_PER_TOKEN: u64 = 4;

/// Characters of one page of `read_log`, about 7 500 tokens: a page must not fill the context that
/// it is to relieve.
pub const LOG_PAGE_CHARS_MAX: usize = 30_000;
/// Characters of one entry of such a page, unless it is asked for alone.
pub const LOG_ENTRY_CHARS_MAX: usize = 2_000;
/// Records that one call of `read_log` looks at; a search goes on from there with the next call.
pub const LOG_RECORDS_MAX: u64 = 20_000;

/// Records read from the store in one go when a log is folded.
pub const READ_RECORDS_MAX: usize = 1_024;
/// Bytes of header that the codec accepts; a header is about 100 bytes.
pub const HEADER_BYTES_MAX: usize = 256;
/// Bytes of a snapshot. A state is some kilobytes; one that is larger has much in its queue, which
/// will soon be gone.
pub const SNAPSHOT_BYTES_MAX: usize = 256 << 10;
