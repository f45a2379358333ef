//! Appends through the session's actor: what a client waits for.

use std::time::{Duration, Instant};

use planaria_core::SessionId;
use planaria_core::event::ClientEvent;
use planaria_runtime::Runtime;
use tokio::task::JoinSet;

use super::super::host::{self, Host};
use super::super::sample::{Pairs, micros, middle};
use super::super::setting::Setting;
use super::raw::{Growing, Written};
use super::{Figure, MANY, SMALL, named};

/// Sends to one session. An idle one holds what is said to it until its next turn, and the fold
/// grows by that.
const SENDS: usize = 20;

/// A message of the system: recorded, and no reason to ask the model.
fn event() -> ClientEvent {
    let text = "x".repeat(SMALL);
    ClientEvent::System { content: vec![serde_json::json!({ "type": "text", "text": text })] }
}

async fn send(runtime: &Runtime, session: SessionId) {
    runtime.send(session, vec![event()]).await.expect("it is accepted");
}

/// One session after the other.
pub fn one(setting: &Setting) -> Figure {
    let rounds = setting.rounds(200, 40);
    let directory = setting.directory();
    let mut written = Written::make(setting.place());
    let pairs = host::block_on(async move {
        let host = Host::silent(directory).await;
        let bytes = vec![b'x'; SMALL];
        let mut pairs = Pairs::default();
        for round in 0..=rounds {
            let floor = tokio::task::block_in_place(|| {
                middle(&(0..SENDS).map(|_| micros(written.append(&bytes))).collect::<Vec<_>>())
            });
            let session = SessionId(1 + round as u128);
            host::create(&host.runtime, session).await;
            let mut times = Vec::with_capacity(SENDS);
            for _ in 0..SENDS {
                let began = Instant::now();
                send(&host.runtime, session).await;
                times.push(micros(began.elapsed()));
            }
            if round > 0 {
                pairs.push(middle(&times), floor);
            }
        }
        host.end().await;
        pairs
    });
    let note = format!("medians of {SENDS} sends; {}", pairs.spread());
    let name = format!("one session, {SMALL} B, through the session");
    named(name, pairs.value(), pairs.floor(), None, note)
}

/// Many sessions at once.
pub fn many(setting: &Setting) -> Figure {
    let rounds = setting.rounds(30, 10);
    let directory = setting.directory();
    let growing = Growing::make(setting.place());
    let pairs = host::block_on(async move {
        let host = Host::silent(directory).await;
        let mut pairs = Pairs::default();
        for round in 0..=rounds {
            let floor = growing.round(&[b'x'; SMALL], MANY, SENDS).await;
            let sessions: Vec<SessionId> =
                (1..=MANY).map(|n| SessionId((round * MANY + n) as u128)).collect();
            for session in &sessions {
                host::create(&host.runtime, *session).await;
            }
            let value = sends(&host.runtime, sessions).await;
            if round > 0 {
                let each = |time: Duration| micros(time) / (MANY * SENDS) as f64;
                pairs.push(each(value), each(floor));
            }
        }
        host.end().await;
        pairs
    });
    let second = 1e6 / pairs.value();
    let note = format!("{second:.0} sends a second; {}", pairs.spread());
    let name = format!("{MANY} sessions at once, {SMALL} B, through the session");
    named(name, pairs.value(), pairs.floor(), None, note)
}

async fn sends(runtime: &Runtime, sessions: Vec<SessionId>) -> Duration {
    let began = Instant::now();
    let mut tasks = JoinSet::new();
    for session in sessions {
        let runtime = runtime.clone();
        tasks.spawn(async move {
            for _ in 0..SENDS {
                send(&runtime, session).await;
            }
        });
    }
    tasks.join_all().await;
    began.elapsed()
}
