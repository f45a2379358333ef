//! `kill -9`, again and again, in the middle of commits.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use planaria_core::port::store::{Store, Txn};
use planaria_core::{Record, SessionId};
use planaria_testkit::rng::Rng;
use planaria_testkit::store::{Ledger, record, sized, txn};

use crate::support::{copy, open, survives};

/// Set for the child of a test, which is this same test in another process.
const CHILD: &str = "PLANARIA_TEST_KILL_DIRECTORY";
const SESSIONS: u128 = 8;

/// What the killed process writes.
struct Load {
    /// The test's name, by which the child finds it.
    name: &'static str,
    record: fn(SessionId, u64) -> Record,
    /// Records of a session in one group, at most.
    count: u64,
    cycles: u64,
    /// Acknowledged transactions before the kill, at most.
    acknowledgements: usize,
}

impl Load {
    fn txn(&self, id: SessionId, after: u64, count: u64) -> Txn {
        let records = (after + 1..=after + count).map(|seq| (self.record)(id, seq)).collect();
        Txn { records, ..txn(id, 1, after, 0) }
    }

    /// Appends for ever, and says what was acknowledged, as soon as it was.
    async fn append(&self, directory: &Path) {
        let store = open(directory).unwrap();
        let mut ends = Vec::new();
        for id in (0..SESSIONS).map(SessionId) {
            ends.push(store.head(id).await.unwrap().map_or(0, |head| head.seq));
        }
        println!();
        for round in 0.. {
            let count = 1 + round % self.count;
            let group = (0..).zip(&ends).map(|(id, end)| self.txn(SessionId(id), *end, count));
            let outcomes = store.commit(group.collect()).await.unwrap();
            let mut out = std::io::stdout().lock();
            for (id, outcome) in outcomes.into_iter().enumerate() {
                let head = outcome.unwrap();
                writeln!(out, "ack {id} {} {} .", ends[id], head.seq).unwrap();
                ends[id] = head.seq;
            }
        }
    }

    /// Lets a process append, kills it after some acknowledgements, and notes all it ever made.
    fn cycle(&self, directory: &Path, acknowledgements: usize, ledger: &mut Ledger) {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", self.name, "--nocapture"])
            .env(CHILD, directory)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut seen = 0;
        for line in BufReader::new(child.stdout.take().unwrap()).lines() {
            // A line without its full stop was cut short by the kill, and not said.
            let line = line.unwrap();
            let ["ack", id, after, last, "."] = line.split(' ').collect::<Vec<_>>()[..] else {
                continue;
            };
            let id = SessionId(id.parse().unwrap());
            let (after, last): (u64, u64) = (after.parse().unwrap(), last.parse().unwrap());
            ledger.note(id, &self.txn(id, after, last - after).records);
            seen += 1;
            if seen == acknowledgements {
                child.kill().unwrap();
            }
        }
        let status = child.wait().unwrap();
        assert!(seen >= acknowledgements, "the child ended by itself: {status}");
    }

    async fn run(&self) {
        if let Some(directory) = std::env::var_os(CHILD) {
            return self.append(directory.as_ref()).await;
        }
        let directory = tempfile::tempdir().unwrap();
        let mut ledger = Ledger::default();
        let mut rng = Rng::new(0x5eed);
        for number in 0..self.cycles {
            let acknowledgements = 1 + rng.index(self.acknowledgements);
            self.cycle(directory.path(), acknowledgements, &mut ledger);
            // Every other time the next process itself is the first to open what the kill left.
            let image = tempfile::tempdir().unwrap();
            let place = if number % 2 == 0 { directory.path() } else { image.path() };
            if place == image.path() {
                copy(directory.path(), place);
            }
            let store = survives(place, &ledger, &format!("cycle {number}")).await;
            // What was never acknowledged may be there too; the next process goes on behind it.
            for id in (0..SESSIONS).map(SessionId) {
                let head = store.head(id).await.unwrap().map_or(0, |head| head.seq);
                let known = ledger.records(id).last().map_or(0, |record| record.seq);
                assert!(head >= known);
                ledger.note(id, &self.txn(id, known, head - known).records);
            }
            store.close().await;
        }
    }
}

#[tokio::test]
async fn what_a_killed_process_had_acknowledged_is_there_exactly_once() {
    let load = Load {
        name: "kill::what_a_killed_process_had_acknowledged_is_there_exactly_once",
        record: |id, seq| record(id, 1, seq),
        count: 5,
        cycles: 6,
        acknowledgements: 600,
    };
    load.run().await;
}

fn incompressible(id: SessionId, seq: u64) -> Record {
    let mut rng = Rng::new(seq ^ (id.0 as u64) << 32);
    let payload: Vec<u8> = (0..40_000).flat_map(|_| rng.next_u64().to_le_bytes()).collect();
    sized(id, 1, seq, payload.into())
}

/// Some 200 MB: memtables are flushed, values separated, journals sealed and removed.
#[tokio::test]
async fn a_kill_while_journals_are_sealed_and_tables_flushed_loses_nothing() {
    let load = Load {
        name: "kill::a_kill_while_journals_are_sealed_and_tables_flushed_loses_nothing",
        record: incompressible,
        count: 2,
        cycles: 4,
        acknowledgements: 400,
    };
    load.run().await;
}
