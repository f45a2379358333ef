//! Every bound of the runtime, with its reason.

use std::time::Duration;

/// Transactions that may wait for the journal. Beyond it, sessions wait at the door.
pub(crate) const JOURNAL_QUEUE_MAX: usize = 4_096;
/// Transactions that share one sync. More would make the first one wait for no gain.
pub(crate) const GROUP_TXNS_MAX: usize = 4_096;
/// Bytes of records that share one sync.
pub(crate) const GROUP_BYTES_MAX: usize = 4 << 20;
/// Client commands that may wait in one session; a client beyond it waits at the door.
pub(crate) const SESSION_COMMANDS_MAX: u32 = 256;
/// Entries of sessions that are kept without looking whether anybody still uses them: 1 MB or so.
pub(crate) const REGISTRY_SWEEP_MIN: usize = 1_024;
/// How long a session hears nothing before it is put to sleep, unless the host says otherwise. A
/// person who answers at once finds it awake; an hour of silence costs no memory.
pub(crate) const PASSIVATE_AFTER: Duration = Duration::from_secs(60);
/// Records that a session is folded beyond its last snapshot before the next is kept, so many at
/// least as make up for writing and reading one.
pub(crate) const SNAPSHOT_WORTH: u64 = 32;
/// Records that a session appends before a snapshot is kept while it is awake: after a kill, so
/// many are folded at most, which takes some milliseconds.
pub(crate) const SNAPSHOT_EVERY: u64 = 1_024;
/// Sessions that are put to sleep, or read for a watcher, at the same time.
pub(crate) const SLEEPS_AT_ONCE: usize = 64;
/// Sleeping sessions whose hands are remembered, to be ended with the runtime. Those beyond end by
/// themselves when their time without an owner is up.
pub(crate) const SLEEPING_HANDS_MAX: usize = 65_536;
/// Hands that are ended at the same time.
pub(crate) const RETIRES_AT_ONCE: usize = 256;
/// Records that share one append of a session.
pub(crate) const APPEND_RECORDS_MAX: usize = 1_024;
/// Previews kept for a slow follower; it loses the oldest beyond that, and the final event
/// supersedes them all.
pub(crate) const PREVIEWS_MAX: usize = 256;
/// How long a caller waits for a session that is starting or being restarted.
pub(crate) const START_WAIT: Duration = Duration::from_secs(30);
/// Model requests in flight at one provider.
pub(crate) const PROVIDER_REQUESTS_MAX: usize = 32;
/// Silence of a model stream after which it counts as broken. Thinking models may be quiet for
/// minutes, and endpoints send pings.
pub(crate) const MODEL_SILENCE: Duration = Duration::from_secs(300);
/// Attempts to reach a hand that is not proved dead before its session is told.
pub(crate) const ATTACH_TRIES: u32 = 6;
/// First wait between those attempts; it doubles.
pub(crate) const ATTACH_WAIT: Duration = Duration::from_millis(20);
/// Attempts at reading from the store what must be known to go on.
pub(crate) const READ_TRIES: u32 = 5;
/// First wait between those attempts; it doubles.
pub(crate) const READ_WAIT: Duration = Duration::from_millis(20);
/// Times that a sandbox's actor is asked before the request fails: one that dies of every request
/// must not be restarted for ever.
pub(crate) const SANDBOX_TRIES: u32 = 12;
/// First wait between those attempts; it doubles up to a second.
pub(crate) const SANDBOX_WAIT: Duration = Duration::from_millis(1);
/// How long a hand may take to say goodbye before it is killed.
pub(crate) const RETIRE_WAIT: Duration = Duration::from_secs(3);
/// First wait before waking or parking is tried again; it doubles up to `WAKER_WAIT_MAX`.
pub(crate) const WAKER_WAIT: Duration = Duration::from_millis(50);
/// Longest wait before waking or parking is tried again. It is tried for as long as the runtime
/// lives: a session with something open must not be left alone.
pub(crate) const WAKER_WAIT_MAX: Duration = Duration::from_secs(10);
/// Attempts at starting a hand: a machine may be out of processes or memory for a moment.
pub(crate) const PROVISION_TRIES: u32 = 5;
/// First wait between those attempts; it doubles.
pub(crate) const PROVISION_WAIT: Duration = Duration::from_millis(100);
/// Times that one call looks for its hand again. A tool that kills every hand it runs on must end.
pub(crate) const HAND_TRIES: u32 = 16;
/// What a harness gives a call that is to stop, in microseconds, however late it took over: time
/// enough to reach the hand and to collect what it knows.
pub(crate) const CANCEL_CHANCE: u64 = 3_000_000;
/// Attempts at killing a hand before its call ends without proof that it stopped, and says so.
pub(crate) const DESTROY_TRIES: u32 = 5;
/// First wait between those attempts; it doubles.
pub(crate) const DESTROY_WAIT: Duration = Duration::from_millis(200);
/// Hands that are started for one request before its session is told that there is none.
pub(crate) const BIND_TRIES: u32 = 3;
/// Sessions that are woken at the same time after a start.
pub(crate) const WAKES_AT_ONCE: usize = 64;
/// Restarts of the root's own children in a minute. Below it stand whole subtrees with budgets of
/// their own, which multiply.
pub(crate) const ROOT_RESTARTS: u32 = 3;
/// Attempts at parking a session whose log others move on.
pub(crate) const PARK_TRIES: u32 = 5;
/// How long an orderly end may take before what is left is killed.
pub(crate) const STOP_WAIT: Duration = Duration::from_secs(10);
