//! Appends at the interface that sessions append through.

use std::time::{Duration, Instant};

use bytes::Bytes;
use planaria_core::SessionId;
use planaria_core::port::store::Txn;
use planaria_core::record::codec;
use planaria_runtime::Runtime;
use planaria_testkit::store::sized;
use tokio::task::JoinSet;

use super::super::host::{self, Host};
use super::super::sample::{Pairs, micros, middle};
use super::super::setting::Setting;
use super::raw::{Growing, Written};
use super::{Figure, MANY, SMALL, named, payload};

/// One log as its writer knows it.
struct Log {
    session: SessionId,
    epoch: u64,
    seq: u64,
    payload: Bytes,
}

impl Log {
    fn new(runtime: &Runtime, session: u128, payload: Bytes) -> Self {
        let epoch = runtime.store().next_epoch();
        Self { session: SessionId(session), epoch, seq: 0, payload }
    }

    /// The next append. The session is open from its first record on, as one at work is.
    fn next(&mut self) -> Txn {
        let expected_seq = self.seq;
        self.seq += 1;
        let record = sized(self.session, self.epoch, self.seq, self.payload.clone());
        Txn {
            session: self.session,
            epoch: self.epoch,
            expected_seq,
            records: vec![record],
            puts: Vec::new(),
            absent: Vec::new(),
            open: true,
        }
    }
}

/// The bytes that a record of this payload is stored as.
fn encoded(payload: Bytes) -> Vec<u8> {
    let session = SessionId(1);
    codec::encode(session, &sized(session, 1, 1, payload)).expect("it is small")
}

/// Which way an append goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// To the store, as a group of its own.
    Store,
    /// Through the group committer, as sessions do.
    Journal,
}

impl Way {
    fn name(self) -> &'static str {
        match self {
            Self::Store => "at the store",
            Self::Journal => "at the journal",
        }
    }
}

async fn append(runtime: &Runtime, way: Way, txn: Txn) {
    let appended = match way {
        Way::Store => {
            let outcomes = runtime.store().commit(vec![txn]).await;
            outcomes.expect("the store is well").pop().expect("one for one").is_ok()
        }
        Way::Journal => runtime.commit(txn).await.is_ok(),
    };
    assert!(appended, "the log is ours");
}

/// One session, one append after the other.
pub fn one(setting: &Setting, way: Way, goal: Option<f64>) -> Figure {
    let (rounds, appends) = (setting.rounds(400, 60), 20);
    let directory = setting.directory();
    let mut written = Written::make(setting.place());
    let pairs = host::block_on(async move {
        let host = Host::silent(directory).await;
        let mut log = Log::new(&host.runtime, 1, payload(SMALL));
        let bytes = encoded(payload(SMALL));
        let mut pairs = Pairs::default();
        // The first round is for the caches.
        for round in 0..=rounds {
            let floor = tokio::task::block_in_place(|| {
                middle(&(0..appends).map(|_| micros(written.append(&bytes))).collect::<Vec<_>>())
            });
            let mut times = Vec::with_capacity(appends);
            for _ in 0..appends {
                let txn = log.next();
                let began = Instant::now();
                append(&host.runtime, way, txn).await;
                times.push(micros(began.elapsed()));
            }
            if round > 0 {
                pairs.push(middle(&times), floor);
            }
        }
        host.end().await;
        pairs
    });
    let note = format!("medians of {appends} appends; {}", pairs.spread());
    let name = format!("one session, {SMALL} B, {}", way.name());
    named(name, pairs.value(), pairs.floor(), goal, note)
}

/// Many sessions at once, each with its next append when its last one is acknowledged.
pub fn many(setting: &Setting, size: usize, goal: f64) -> Figure {
    let (rounds, appends) = (setting.rounds(60, 16), 20);
    let directory = setting.directory();
    let growing = Growing::make(setting.place());
    let pairs = host::block_on(async move {
        let host = Host::silent(directory).await;
        let sessions = 1..=MANY as u128;
        let mut logs: Vec<Log> =
            sessions.map(|session| Log::new(&host.runtime, session, payload(size))).collect();
        let bytes = encoded(payload(size));
        let mut pairs = Pairs::default();
        for round in 0..=rounds {
            let floor = growing.round(&bytes, MANY, appends).await;
            let (value, back) = round_of(&host.runtime, logs, appends).await;
            logs = back;
            if round > 0 {
                let each = |time: Duration| micros(time) / (MANY * appends) as f64;
                pairs.push(each(value), each(floor));
            }
        }
        host.end().await;
        pairs
    });
    let second = 1e6 / pairs.value();
    let note = format!("{second:.0} appends a second; {}", pairs.spread());
    let name = format!("{MANY} sessions at once, {size} B, at the journal");
    named(name, pairs.value(), pairs.floor(), Some(goal), note)
}

/// The time until every log has grown by so many appends.
async fn round_of(runtime: &Runtime, logs: Vec<Log>, appends: usize) -> (Duration, Vec<Log>) {
    let began = Instant::now();
    let mut tasks = JoinSet::new();
    for mut log in logs {
        let runtime = runtime.clone();
        tasks.spawn(async move {
            for _ in 0..appends {
                append(&runtime, Way::Journal, log.next()).await;
            }
            log
        });
    }
    let logs = tasks.join_all().await;
    (began.elapsed(), logs)
}
