//! What every store must do, as a suite that runs against any of them.
//!
//! ```
//! # use planaria_testkit::{rng::Rng, store::{SimDisk, SimStore, conformance}};
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! conformance(|| {
//!     let disk = SimDisk::new(Rng::new(7));
//!     move || { let disk = disk.clone(); async move { SimStore::open(&disk).unwrap() } }
//! })
//! .await;
//! # }
//! ```
//! The outer closure makes an empty place, once per behaviour; the inner one opens the store there,
//! and opens it again after it was closed.

mod append;
mod catalog;
mod group;
mod lifecycle;
mod read;
mod snapshot;

use std::future::Future;
use std::panic::{AssertUnwindSafe, resume_unwind};
use std::sync::Arc;

use futures_util::FutureExt;
use planaria_core::SessionId;
use planaria_core::port::BoxFuture;
use planaria_core::port::store::{Head, Refusal, Store, Txn};

/// Opens the store under test at one place.
pub type Place = Arc<dyn Fn() -> BoxFuture<'static, Arc<dyn Store>> + Send + Sync>;

/// One thing that every store does.
#[derive(Clone, Copy)]
pub struct Behaviour {
    /// A sentence, in snake case.
    pub name: &'static str,
    /// Panics if the store does not do it.
    pub run: fn(Place) -> BoxFuture<'static, ()>,
}

macro_rules! behaviours {
    ($($area:ident :: $name:ident,)*) => {
        &[$(Behaviour { name: stringify!($name), run: |place| Box::pin($area::$name(place)) }),*]
    };
}

/// The suite.
pub const BEHAVIOURS: &[Behaviour] = behaviours![
    append::what_is_appended_reads_back_identical,
    append::a_log_is_dense_from_one_across_appends,
    append::a_wrong_expectation_is_a_conflict_that_names_the_head,
    append::an_older_epoch_is_fenced_and_a_newer_one_takes_over,
    append::a_replaced_writer_hears_that_it_is_fenced_before_anything_else,
    append::records_that_do_not_fit_their_transaction_are_malformed,
    append::a_record_at_the_limit_is_kept_and_one_beyond_it_is_malformed,
    group::each_transaction_of_a_group_is_answered_in_order,
    group::transactions_of_one_session_see_each_other,
    group::a_refused_transaction_leaves_no_trace,
    group::an_empty_group_is_answered,
    group::of_writers_at_the_same_position_one_wins,
    group::what_is_acknowledged_is_seen_at_once,
    read::past_the_end_and_unknown_sessions_are_empty,
    read::pages_hold_at_most_max_and_join_up,
    read::a_head_is_the_last_record_or_none,
    read::sessions_with_neighbouring_ids_do_not_mix,
    catalog::an_entry_is_put_overwritten_and_found,
    catalog::a_scan_gives_a_prefix_in_key_order_and_at_most_max,
    catalog::entries_come_with_their_records_or_not_at_all,
    catalog::a_key_that_must_be_absent_and_is_there_refuses_the_transaction,
    catalog::the_index_of_open_sessions_follows_the_last_append,
    lifecycle::everything_is_there_after_opening_again,
    lifecycle::epochs_rise_within_and_across_openings,
    lifecycle::a_writer_of_before_can_go_on_until_it_is_replaced,
    lifecycle::a_closed_store_says_so,
    snapshot::a_snapshot_is_one_that_was_kept_or_none,
    snapshot::a_snapshot_changes_nothing_of_its_log,
    snapshot::a_closed_store_keeps_no_snapshot,
];

/// Runs the suite.
///
/// # Panics
/// On the first behaviour that the store does not show; the message begins with its name.
pub async fn conformance<Fresh, Open, Opening, S>(fresh: Fresh)
where
    Fresh: Fn() -> Open,
    Open: Fn() -> Opening + Send + Sync + 'static,
    Opening: Future<Output = S> + Send + 'static,
    S: Store + 'static,
{
    for behaviour in BEHAVIOURS {
        let open = fresh();
        let place: Place = Arc::new(move || {
            let opening = open();
            Box::pin(async move { Arc::new(opening.await) as Arc<dyn Store> })
        });
        let run = AssertUnwindSafe((behaviour.run)(place)).catch_unwind().await;
        if let Err(panic) = run {
            let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
            match text.or_else(|| panic.downcast_ref::<String>().cloned()) {
                Some(text) => panic!("{}: {text}", behaviour.name),
                None => resume_unwind(panic),
            }
        }
    }
}

/// Commits a single transaction.
async fn commit(store: &dyn Store, txn: Txn) -> Result<Head, Refusal> {
    let mut outcomes = store.commit(vec![txn]).await.expect("the store is well");
    assert_eq!(outcomes.len(), 1, "one outcome per transaction");
    outcomes.remove(0)
}

/// A session to test with.
fn session(number: u128) -> SessionId {
    SessionId(0x0123_4567_89ab_cdef_0000_0000_0000_0000 + number)
}
