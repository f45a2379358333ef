//! A whole turn with one call.

use std::process::Command;
use std::sync::Arc;
use std::time::Instant;

use planaria_core::SessionId;
use planaria_core::model::{Block, Request};

use super::host::{self, Host};
use super::sample::{Pairs, micros, middle};
use super::setting::Setting;
use super::{Figure, Group};

pub const GROUP: Group = Group { name: "turn", about: ABOUT, slow: false, measure };

const ABOUT: &str = "\
A message goes to an idle session whose hand is there already; a model that answers at once calls
the shell with `true`, gets the result and ends the turn. That is two model requests and one call,
each durable before and after (the hand syncs as well), until the session is idle again. The floor
is a process started for the same command, `bash -c true`, and awaited: no record, no isolation from
the caller's death, no hand.";

/// Turns per round.
const TURNS: usize = 10;

fn call_once(request: &Request) -> Block {
    match host::last_text(request) {
        "go" => host::shell("true"),
        _ => Block::Text("done".to_owned()),
    }
}

fn spawn() {
    let status = Command::new("bash").args(["-c", "true"]).status();
    assert!(status.expect("there is a bash").success());
}

fn measure(setting: &Setting) -> Vec<Figure> {
    let rounds = setting.rounds(40, 10);
    let directory = setting.directory();
    let pairs = host::block_on(async move {
        let host = Host::start(directory, call_once, |driver| Arc::new(driver)).await;
        let mut pairs = Pairs::default();
        for round in 0..=rounds {
            let session = SessionId(1 + round as u128 / 10);
            if round % 10 == 0 {
                host::create(&host.runtime, session).await;
                host::turn(&host.runtime, session, "go").await;
            }
            let mut floors = Vec::new();
            let mut values = Vec::new();
            for _ in 0..TURNS {
                let began = Instant::now();
                tokio::task::block_in_place(spawn);
                floors.push(micros(began.elapsed()));
                let began = Instant::now();
                host::turn(&host.runtime, session, "go").await;
                values.push(micros(began.elapsed()));
            }
            if round > 0 {
                pairs.push(middle(&values), middle(&floors));
            }
        }
        host.end().await;
        pairs
    });
    let note = format!("medians of {TURNS} turns; {}", pairs.spread());
    let (group, name) = ("turn".to_owned(), "one message, one call of the shell".to_owned());
    let (value, floor) = (pairs.value(), Some(pairs.floor()));
    vec![Figure { group, name, value, unit: "us", floor, goal: None, note }]
}
