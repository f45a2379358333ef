//! The embedded store: one fjall database, written by one thread.
//!
//! Callers hand over groups and wait; the commit thread (`writer`) judges and writes a group with
//! one sync. Reads run on threads of their own (`reader`). Everything that fjall leaves open is
//! done around it: journals are checked before it opens them (`journal_check`), and a mark beside
//! the database says how far they must reach (`high_water`).
//!
//! Guarantees: what was acknowledged is there after any crash, exactly once and unchanged, or the
//! store refuses to open and says why. A transaction is all there or not at all. Readers see what
//! is durable and nothing else. After a failed write or sync nothing more is accepted.
//!
//! Not seen: damage that ends the journal exactly at a batch which was acknowledged within the last
//! second before an unclean stop, and damage to values that nobody has read since.
//!
//! Not here: the grouping of transactions (the runtime's), retries (there are none), more than one
//! process per directory.

mod error;
mod fault;
mod fjall_store;
mod format;
mod group;
mod heads;
mod health;
mod high_water;
mod inspect;
mod journal_check;
mod journal_repair;
mod layout;
mod limits;
mod lock;
mod open;
mod queue;
mod reader;
mod snapshots;
mod tables;
mod writer;

#[doc(hidden)]
pub use fault::{Fault, Faults};
pub use fjall_store::{FjallStore, Options};
pub use inspect::{Inspection, inspect};
pub use planaria_core::port::store::Error;
