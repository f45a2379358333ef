//! The port's own suite.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::sync::{Arc, Mutex};

use planaria_core::EventId;
use planaria_core::port::BoxFuture;
use planaria_core::port::sandbox::{Call, Driver, Locator};
use planaria_testkit::sandbox::conformance::{Bench, conformance};
use serde_json::json;
use tokio::io::AsyncReadExt;
use tokio::net::unix::pipe;

use crate::support::{Rig, bash, call, kill, lines, patiently};

/// Blocking calls are commands that write a ledger, say on one FIFO that they run, and wait on
/// another.
struct Local {
    rig: Rig,
    started: Mutex<BTreeMap<EventId, Arc<tokio::sync::Mutex<pipe::Receiver>>>>,
    released: Mutex<Vec<File>>,
}

impl Local {
    fn new() -> Self {
        Self { rig: Rig::new(), started: Mutex::default(), released: Mutex::default() }
    }

    fn path(&self, call: EventId, what: &str) -> String {
        format!("{}/{call}-{what}", self.rig.directory.path().display())
    }
}

impl Bench for Local {
    fn driver(&self) -> Arc<dyn Driver> {
        Arc::new(self.rig.driver())
    }

    fn blocking(&self, id: EventId, rerun: bool) -> Call {
        let started = self.rig.fifo(&format!("{id}-started"));
        let receiver = Arc::new(tokio::sync::Mutex::new(started.listen()));
        self.started.lock().unwrap().insert(id, receiver);
        self.rig.fifo(&format!("{id}-go"));
        let command = format!(
            "echo ran >> {}; echo > {}; read -r line < {}; echo released",
            self.path(id, "ledger"),
            self.path(id, "started"),
            self.path(id, "go"),
        );
        Call { rerun, ..bash(id.0, &command) }
    }

    fn quick(&self, id: EventId) -> Call {
        call(id.0, "glob", json!({"pattern": "*"}))
    }

    fn keep(&self, id: EventId, text: &str) -> Call {
        call(id.0, "write", json!({"file_path": "kept", "content": text}))
    }

    fn recall(&self, id: EventId) -> Call {
        call(id.0, "read", json!({"file_path": "kept"}))
    }

    fn started(&self, call: EventId) -> BoxFuture<'_, ()> {
        let receiver = self.started.lock().unwrap()[&call].clone();
        Box::pin(async move {
            receiver.lock().await.read_u8().await.unwrap();
        })
    }

    fn release(&self, call: EventId) {
        let path = self.path(call, "go");
        // Open for both, so that it neither waits for a reader nor loses what it wrote.
        let mut file = OpenOptions::new().read(true).write(true).open(path).unwrap();
        file.write_all(b"go\n").unwrap();
        self.released.lock().unwrap().push(file);
    }

    fn runs(&self, call: EventId) -> usize {
        lines(self.path(call, "ledger").as_ref())
    }

    fn crash(&self, locator: &Locator) {
        kill(locator);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_port_is_kept() {
    patiently(conformance(Local::new)).await;
}
