//! Every bound of the fake endpoint, with its reason.

/// Bytes of a request's head. A client that never ends its headers must not fill the memory.
pub(super) const HEAD_BYTES_MAX: usize = 64 * 1024;
/// Bytes of a request's body: what the real API takes.
pub(super) const BODY_BYTES_MAX: usize = 32 << 20;
/// Requests that are remembered; the oldest go first.
pub(super) const REQUESTS_MAX: usize = 1_024;
/// Connections that are served at the same time; others wait to be accepted.
pub(super) const CONNECTIONS_MAX: usize = 256;
