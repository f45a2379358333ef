//! Every bound of the sandbox drivers, with its reason.

use std::time::Duration;

/// How long a new hand may take until it listens. It may have to kill what an earlier one left,
/// which takes up to 15 seconds by the bounds of the hand.
pub(super) const START_WAIT: Duration = Duration::from_secs(20);
/// Bytes that a starting hand may print before it says that it listens.
pub(super) const START_BYTES_MAX: u64 = 256 << 10;
/// How long a connection may take, hello included.
pub(super) const CONNECT_WAIT: Duration = Duration::from_secs(5);
/// How long a retired hand may take to be gone: it kills what still runs.
pub(super) const END_WAIT: Duration = Duration::from_secs(15);
/// Requests waiting to be written to a hand; callers wait beyond this.
pub(super) const REQUEST_QUEUE_MAX: usize = 64;
/// How long a hand lives without a connection, where nobody says otherwise, in seconds.
pub(super) const ORPHAN_SECONDS: u64 = 600;
