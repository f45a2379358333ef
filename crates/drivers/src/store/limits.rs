//! Every bound of the embedded store, with its reason.

use std::time::Duration;

/// Groups that may wait for the commit thread. The runtime's committer has one under way at a time;
/// whoever commits without one waits at the door beyond this.
pub(super) const COMMIT_QUEUE_MAX: usize = 64;
/// Reads that may wait for a reading thread; callers wait at the door beyond this.
pub(super) const READ_QUEUE_MAX: usize = 1_024;
/// Threads that read. A cold page costs milliseconds, so one must not stand behind another; more
/// than two only fight for the processor with the commit thread on a small machine.
pub(super) const READ_THREADS: usize = 2;
/// Bytes of records in one page of a read. A thousand records of a mebibyte each would be a
/// gibibyte; callers ask for the next page.
pub(super) const READ_BYTES_MAX: usize = 8 << 20;

/// Heads kept in memory; a head that is not there costs one look-up in the log. About 100 bytes
/// each, so 13 MB at most.
pub(super) const HEADS_MAX: usize = 131_072;

/// Values above this live beside the tree and are not rewritten by its compactions. Fixed when the
/// keyspace is made.
pub(super) const VALUE_SEPARATION_BYTES: u32 = 1_024;
/// Journals that fjall keeps; its least. It bounds how long a start takes to replay them.
pub(super) const JOURNAL_BYTES_MAX: u64 = 64 << 20;
/// Blocks of tables kept in memory.
pub(super) const CACHE_BYTES: u64 = 64 << 20;
/// Threads of fjall's flushes and compactions.
pub(super) const FJALL_THREADS: usize = 2;

/// How often the high-water mark is synced at most. Records acknowledged since are not guarded by
/// it, only by the journal's own checksums.
pub(super) const HIGH_WATER_EVERY: Duration = Duration::from_secs(1);
/// How long snapshots are gathered before they are written with one sync. They are a cache: what a
/// crash takes costs a fold.
pub(super) const SNAPSHOTS_EVERY: Duration = Duration::from_secs(1);
/// Bytes of snapshots beyond which they are written at once.
pub(super) const SNAPSHOTS_WAITING_BYTES: usize = 1 << 20;
/// Cut-off journal tails that are kept for a post-mortem; one is at most a group long.
pub(super) const TORN_TAILS_MAX: usize = 16;
/// Below this much free space a background failure of fjall is taken for a full disk: it hides the
/// cause, and one memtable no longer fits.
pub(super) const FULL_BELOW_BYTES: u64 = 64 << 20;
/// Items in one batch of a journal beyond which its header counts as damaged. A group of the
/// runtime has some ten thousand.
pub(super) const BATCH_ITEMS_MAX: u32 = 10_000_000;
