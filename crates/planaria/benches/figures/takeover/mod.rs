//! Parts of a session are killed while a call runs at its hand.

mod respawn;
mod scene;
mod watched;

use planaria_runtime::Fault;

use super::sample::{quantile, sorted};
use super::setting::Setting;
use super::{Figure, Group, host};
use scene::{Samples, Scene};

pub const GROUP: Group = Group { name: "takeover", about: ABOUT, slow: false, measure };

const ABOUT: &str = "\
A session of 400 events runs a shell command at a real hand (a process of its own), and one of its
parts is killed. The time goes from the order to kill until the new harness, which has claimed the
session durably, asks the hand for the running call again, on a connection of its own where the old
one is gone. *Until the result is durable*: the command is let go in the moment of the kill, and the
time goes on until its result is in the log, which it can be only by way of the new harness. There is
no wait before restarts here; by default the first one is half a millisecond to one. A hand that is
killed takes its call with it, so what is asked again is another hand.

The floor is a bare task of the async runtime: aborted, awaited, spawned again and asked for a first
answer. It has no supervisor, no log and nothing to take over.";

fn measure(setting: &Setting) -> Vec<Figure> {
    let directory = setting.directory();
    let rounds = setting.rounds(4, 1);
    let samples = host::block_on(async move {
        let mut scene = Scene::open(directory).await;
        let mut samples = Samples::default();
        for _ in 0..rounds {
            scene.next_session().await;
            scene.kill(Fault::KillHarness, 50, &mut samples).await;
            scene.kill_and_release(15, &mut samples).await;
            scene.kill(Fault::KillSession, 25, &mut samples).await;
            scene.kill(Fault::KillSandbox, 15, &mut samples).await;
            scene.kill(Fault::KillHand, 5, &mut samples).await;
        }
        scene.close().await;
        samples
    });
    figures(samples)
}

fn figures(samples: Samples) -> Vec<Figure> {
    let bare = sorted(samples.bare);
    let bare = (quantile(&bare, 0.5), quantile(&bare, 0.99));
    let mut figures = Vec::new();
    for (name, times, goals) in [
        ("harness killed", samples.harness, Some((10.0, 50.0))),
        ("harness killed, until the result is durable", samples.result, None),
        ("session killed", samples.session, None),
        ("sandbox and harness killed", samples.sandbox, None),
        ("hand killed", samples.hand, None),
    ] {
        let (count, times) = (times.len(), sorted(times));
        let low = quantile(&times, 0.05);
        let parts =
            [("p50", 0.5, goals.map(|g| g.0), bare.0), ("p99", 0.99, goals.map(|g| g.1), bare.1)];
        for (part, share, goal, floor) in parts {
            let value = quantile(&times, share);
            let ratio = value / floor;
            let note = format!(
                "{count} kills, the fastest twentieth within {low:.2} ms; {ratio:.0}x a bare task's \
                 {part} of {floor:.3} ms"
            );
            let name = format!("{name}, {part}");
            // The goal is a time, so the floor stands in the note.
            let (group, unit, floor) = ("takeover".to_owned(), "ms", None);
            figures.push(Figure { group, name, value, unit, floor, goal, note });
        }
    }
    figures
}
