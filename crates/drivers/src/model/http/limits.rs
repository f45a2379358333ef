//! Every bound of the providers over HTTP, with its reason.

use std::time::Duration;

/// Time allowed to make a connection, TLS included.
pub(in crate::model) const CONNECT_WAIT: Duration = Duration::from_secs(10);
/// Time from the start of a request until the endpoint's status is there, where the options do not
/// say otherwise. A long prompt on a slow line takes a while to send; below the harness's own watch
/// for silence, so that the error says which of the two it was.
pub(in crate::model) const HEADER_WAIT: Duration = Duration::from_secs(120);
/// Time allowed to the body of a refusal; without it, the status alone has to tell.
pub(super) const REFUSAL_WAIT: Duration = Duration::from_secs(10);
/// Bytes of a refusal that are read. The API's own have some hundred; a proxy's page may have more
/// and says nothing after its beginning.
pub(super) const REFUSAL_BYTES_MAX: usize = 64 * 1024;
/// Characters of an error's message; it becomes part of the log.
pub(super) const MESSAGE_CHARS_MAX: usize = 1_000;
/// Characters of a base URL that a message quotes.
pub(super) const QUOTE_CHARS_MAX: usize = 200;
/// Idle connections kept for the next request: as many as the runtime has requests in flight.
pub(super) const IDLE_CONNECTIONS_MAX: usize = 32;

/// Bytes of one stream. An answer must fit into a record of one mebibyte, and the envelope of a
/// delta is some thirty times its text at worst.
pub(super) const STREAM_BYTES_MAX: usize = 32 << 20;
/// Bytes of one line of a stream: twice what fits into a record.
pub(super) const LINE_BYTES_MAX: usize = 2 << 20;

/// Tokens of one kind in one request. No context is near it, and a session of two million such
/// requests still adds up to a number that every reader of JSON can hold.
pub(in crate::model) const TOKENS_MAX: u64 = u32::MAX as u64;
