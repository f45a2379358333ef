//! Whole files: out of one store, through the checks, into another.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use planaria_core::agent::AgentParams;
use planaria_core::event::ClientEvent;
use planaria_core::id::EventId;
use planaria_core::port::BoxFuture;
use planaria_core::port::store::{Error, Head, Refusal, Store, Txn};
use planaria_core::record::Kind;
use planaria_core::record::payload::Genesis;
use planaria_core::session::{Command, SessionState, Stamp, Status, decide, effects, evolve};
use planaria_core::{Record, SessionId};
use planaria_testkit::rng::Rng;
use planaria_testkit::store::{Layer, Layered, SimDisk, SimStore};
use proptest::prelude::*;

use super::export::Export;
use super::plant::{Planted, named, plant};
use super::verify::{Checked, Lines, check, read};
use crate::limits::{IMPORT_BYTES_MAX, IMPORT_TXN_RECORDS};

const ID: SessionId = SessionId(7);

fn genesis() -> Genesis {
    let params = r#"{ "name": "worker", "model": "claude-sonnet-5" }"#;
    let params: AgentParams = serde_json::from_str(params).expect("an agent");
    let labels = [(crate::up::SESSION_FLEET, "test"), (crate::up::SESSION_NAME, "job")];
    Genesis {
        session: ID,
        workspace: "local".to_owned(),
        agent: params.materialise().expect("an agent"),
        environment: "local".to_owned(),
        title: None,
        metadata: labels.map(|(key, value)| (key.to_owned(), value.to_owned())).into(),
    }
}

/// A log that the machine makes: created, spoken to if it is to be at work, and as many messages of
/// the agent as there are texts, by writers that change where `epochs` say so.
fn log(texts: &[String], at_work: bool, epochs: &[u64]) -> Vec<Record> {
    let mut state = SessionState::default();
    let mut records: Vec<Record> = Vec::new();
    let mut commands = vec![Command::Create(Box::new(genesis()))];
    if at_work {
        commands.push(Command::Send(vec![ClientEvent::message("go")]));
    }
    for command in commands {
        let stamp = Stamp { now: 1_000, id_seed: records.len() as u128, jitter: 0 };
        for record in decide(&state, command, &stamp).expect("a good command") {
            evolve(&mut state, &record);
            records.push(record);
        }
    }
    for text in texts {
        let seq = records.len() as u64 + 1;
        let payload = serde_json::json!({ "content": [{ "type": "text", "text": text }] });
        let payload = payload.to_string().into();
        let kind = Kind::AgentMessage;
        let id = EventId(u128::from(seq) << 64);
        records.push(Record { seq, id, at_us: 1_000 + seq, kind, thread: 0, epoch: 0, payload });
    }
    // Below those of a store that is opened for the first time.
    let mut epoch = 1;
    for record in &mut records {
        epoch += epochs.get(record.seq as usize % epochs.len().max(1)).copied().unwrap_or_default();
        record.epoch = epoch;
    }
    records
}

fn disk() -> SimDisk {
    SimDisk::new(Rng::new(1))
}

/// A store that holds this log.
async fn holding(records: &[Record], open: bool) -> Arc<dyn Store> {
    let store = SimStore::open(&disk()).expect("a new disk");
    for record in records {
        let txn = Txn {
            session: ID,
            epoch: record.epoch,
            expected_seq: record.seq - 1,
            records: vec![record.clone()],
            puts: Vec::new(),
            absent: Vec::new(),
            open,
        };
        store.commit(vec![txn]).await.expect("a good disk").remove(0).expect("a good log");
    }
    Arc::new(store)
}

async fn exported(store: Arc<dyn Store>) -> String {
    let mut export = Export::new(store, ID, true).await.expect("a log");
    let mut text = String::new();
    while let Some(page) = export.next().await.expect("a log") {
        page.iter().for_each(|line| text.push_str(&format!("{line}\n")));
    }
    text
}

fn checked(text: &str) -> anyhow::Result<Checked> {
    check(&mut Lines::of(text.as_bytes()))
}

fn wait<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(work)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_log_that_goes_out_and_in_again_is_the_same_byte_for_byte(
        texts in proptest::collection::vec("\\PC{0,12}", 0..3 * IMPORT_TXN_RECORDS),
        epochs in proptest::collection::vec(0..3u64, 0..5),
    ) {
        wait(async {
            let records = log(&texts, false, &epochs);
            let text = exported(holding(&records, false).await).await;
            let checked = checked(&text).expect("our own file");
            assert_eq!(checked.records, records);
            let store: Arc<dyn Store> = Arc::new(SimStore::open(&disk()).expect("a new disk"));
            let (planted, _) = plant(store.as_ref(), ID, &checked).await.expect("planted");
            assert_eq!(planted, Planted::Whole);
            assert_eq!(exported(store.clone()).await, text);
            let (planted, _) = plant(store.as_ref(), ID, &checked).await.expect("planted");
            assert_eq!(planted, Planted::Nothing);
        });
    }
}

#[test]
fn any_flipped_bit_and_any_cut_of_a_file_is_refused() {
    let records = log(&["one".to_owned(), "two".to_owned()], false, &[1]);
    let text = wait(async { exported(holding(&records, false).await).await });
    let bytes = text.as_bytes();
    let header = text.find('\n').expect("a header");
    let refused = |bytes: &[u8]| check(&mut Lines::of(bytes)).is_err();
    assert!(!refused(bytes));
    for at in header + 1..bytes.len() {
        for bit in 0..8 {
            let mut bad = bytes.to_vec();
            bad[at] ^= 1 << bit;
            assert!(refused(&bad), "byte {at} bit {bit}");
        }
    }
    for cut in 0..bytes.len() {
        assert!(refused(&bytes[..cut]), "cut at {cut}");
    }
}

#[test]
fn a_file_beyond_the_bound_is_refused_before_it_is_read() {
    let file = tempfile::NamedTempFile::new().expect("a file");
    file.as_file().set_len(IMPORT_BYTES_MAX + 1).expect("a hole");
    let refused = read(file.path()).expect_err("too large").to_string();
    assert!(refused.contains(&IMPORT_BYTES_MAX.to_string()), "{refused}");
}

/// A store whose commits fail after so many.
struct Failing {
    behind: Arc<dyn Store>,
    left: AtomicUsize,
}

impl Layer for Failing {
    fn behind(&self) -> &dyn Store {
        self.behind.as_ref()
    }

    fn commit(&self, group: Vec<Txn>) -> BoxFuture<'_, Result<Vec<Result<Head, Refusal>>, Error>> {
        let left = self.left.load(Ordering::Relaxed);
        if left == 0 {
            return Box::pin(async { Err(Error::Poisoned("the test says so".to_owned())) });
        }
        self.left.store(left - 1, Ordering::Relaxed);
        self.behind.commit(group)
    }
}

#[test]
fn an_import_that_was_cut_off_is_found_by_nobody_and_finished_by_the_same_command() {
    let texts: Vec<String> = (0..2 * IMPORT_TXN_RECORDS).map(|n| format!("message {n}")).collect();
    for at_work in [false, true] {
        let records = log(&texts, at_work, &[]);
        let checked = wait(async { checked(&exported(holding(&records, true).await).await) });
        let checked = checked.expect("our own file");
        let commits = records.len().div_ceil(IMPORT_TXN_RECORDS) + usize::from(at_work);
        for cut in 0..commits {
            wait(async {
                let behind: Arc<dyn Store> = Arc::new(SimStore::open(&disk()).expect("new"));
                let failing = Failing { behind: behind.clone(), left: AtomicUsize::new(cut) };
                let result = plant(&Layered(failing), ID, &checked).await;
                assert!(result.is_err(), "cut {cut} of {commits}");
                assert!(behind.open_sessions().await.expect("a store").is_empty());
                let found = named(behind.as_ref(), "test", "job").await;
                assert_eq!(found.expect("a store"), None, "cut {cut}");

                let (planted, state) = plant(behind.as_ref(), ID, &checked).await.expect("whole");

                let expected = if cut == 0 { Planted::Whole } else { Planted::Rest };
                assert_eq!(planted, expected, "cut {cut}");
                assert!(effects(&state).is_empty());
                let found = named(behind.as_ref(), "test", "job").await;
                assert_eq!(found.expect("a store"), Some(ID));
                let head = behind.head(ID).await.expect("a store").expect("a session");
                assert_eq!(head.seq, state.seq);
            });
        }
    }
}

#[test]
fn what_was_at_work_elsewhere_is_over_here_and_what_is_at_work_here_goes_on() {
    let records = log(&[], true, &[]);
    let text = wait(async { exported(holding(&records, true).await).await });
    let checked = checked(&text).expect("our own file");
    assert!(checked.header.at_work);
    wait(async {
        let here: Arc<dyn Store> = Arc::new(SimStore::open(&disk()).expect("a new disk"));
        let (_, state) = plant(here.as_ref(), ID, &checked).await.expect("planted");
        assert!(matches!(state.status, Status::Idle(_)), "{:?}", state.status);
        assert_eq!(plant(here.as_ref(), ID, &checked).await.expect("again").0, Planted::Nothing);

        let there = holding(&records, true).await;
        assert_eq!(plant(there.as_ref(), ID, &checked).await.expect("again").0, Planted::Nothing);
        let head = there.head(ID).await.expect("a store").expect("a session");
        assert_eq!(head.seq, records.len() as u64, "nothing ended it");
        // Its log has gone on elsewhere, while here it is still at work.
        let longer = out_again(here).await;
        let refused = plant(there.as_ref(), ID, &longer).await.expect_err("two at work");
        assert!(refused.to_string().contains("at work"), "{refused}");
    });
}

/// What an import has made of a log, as a file.
async fn out_again(store: Arc<dyn Store>) -> Checked {
    checked(&exported(store).await).expect("our own file")
}
