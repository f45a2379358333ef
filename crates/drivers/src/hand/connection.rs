//! One connection of a server. When it breaks, calls go on.

use std::cell::{Cell, RefCell};
use std::io;
use std::rc::Rc;

use planaria_core::{EventId, SessionId};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::{Notify, mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::calls::Calls;
use super::limits::{ANSWERS_QUEUE_MAX, FAREWELL_WAIT, HELLO_WAIT, REQUESTS_MAX};
use super::lock::{Holder, Lock};
use super::process::Process;
use super::wire::hello::{Hello, VERSION, Verdict, Welcome};
use super::wire::{Answer, Ask, Body, Request, frame};

/// What the connections of a hand share.
pub(super) struct Hand {
    pub session: SessionId,
    pub generation: u64,
    pub process: Process,
    pub calls: Rc<Calls>,
    pub lock: RefCell<Lock>,
    /// The highest epoch that a server said. Connections of lower ones end when it rises.
    pub epoch: watch::Sender<u64>,
    pub connections: Cell<usize>,
    /// Told when `connections` changes.
    pub came_or_went: Notify,
    /// Told when the hand was asked to end and has answered.
    pub retired: Notify,
}

/// An answer, and the call whose end it may tell.
type Said = (Answer, Option<EventId>);

/// Counts a connection for as long as it lives.
struct Counted(Rc<Hand>);

impl Counted {
    fn new(hand: Rc<Hand>) -> Self {
        hand.connections.set(hand.connections.get() + 1);
        hand.came_or_went.notify_one();
        Self(hand)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.connections.set(self.0.connections.get() - 1);
        self.0.came_or_went.notify_one();
    }
}

/// Serves one connection to its end.
pub(super) async fn serve(hand: Rc<Hand>, mut stream: UnixStream) {
    let uid = rustix::process::getuid().as_raw();
    match stream.peer_cred() {
        Ok(peer) if peer.uid() == uid => {}
        peer => return tracing::warn!(?peer, "somebody else called"),
    }
    match timeout(HELLO_WAIT, greet(&hand, &mut stream)).await {
        Ok(Ok(Some(epoch))) => {
            let counted = Counted::new(hand.clone());
            if let Err(error) = converse(&hand, stream, epoch).await {
                tracing::debug!(%error, "a connection broke");
            }
            drop(counted);
        }
        Ok(Ok(None)) => {}
        Ok(Err(error)) => tracing::debug!(%error, "no hello"),
        Err(_) => tracing::debug!("no hello in time"),
    }
}

/// Judges the hello. Gives the server's epoch if it may go on.
async fn greet(hand: &Hand, stream: &mut UnixStream) -> io::Result<Option<u64>> {
    let hello = Hello::read(stream).await?;
    let current = *hand.epoch.borrow();
    let verdict = if hello.session != hand.session {
        Verdict::Stranger
    } else if hello.version != VERSION {
        Verdict::Version
    } else if hello.epoch < current || hello.generation != hand.generation {
        Verdict::Fenced
    } else {
        Verdict::Welcome
    };
    if verdict == Verdict::Welcome && hello.epoch > current {
        // Durable before it is said, so that no earlier server gets in behind this one.
        hand.calls.own(hand.generation, hello.epoch).await;
        let holder = Holder {
            process: hand.process.clone(),
            generation: hand.generation,
            epoch: hello.epoch,
            swept: true,
        };
        hand.lock.borrow_mut().say(&holder).map_err(io::Error::other)?;
        hand.epoch.send_replace(hello.epoch);
    }
    let epoch = *hand.epoch.borrow();
    let welcome = Welcome { version: VERSION, verdict, generation: hand.generation, epoch };
    welcome.write(stream).await?;
    Ok((verdict == Verdict::Welcome).then_some(hello.epoch))
}

async fn converse(hand: &Rc<Hand>, stream: UnixStream, epoch: u64) -> io::Result<()> {
    let (from, to) = stream.into_split();
    let (answers, queue) = mpsc::channel(ANSWERS_QUEUE_MAX);
    let mut writing = tokio::task::spawn_local(write(hand.calls.clone(), to, queue));
    let mut superseded = hand.epoch.subscribe();
    let mut asked = JoinSet::new();
    let mut reading = Box::pin(frame::read::<OwnedReadHalf, Request>(from));
    let ended = loop {
        let (from, request) = tokio::select! { biased;
            _ = superseded.wait_for(|current| *current > epoch) => {
                let text = "a server with a higher epoch took over".to_owned();
                let _ = answers.try_send((Answer { id: 0, body: Body::Fenced(text) }, None));
                break Ok(());
            }
            _ = &mut writing => return Ok(()),
            Some(_) = asked.join_next() => continue,
            read = &mut reading => read,
        };
        match request {
            Ok(Some(request)) => {
                let busy = asked.len() >= REQUESTS_MAX;
                let answer = answer(hand.clone(), request, busy, answers.clone());
                asked.spawn_local(answer);
            }
            Ok(None) => break Ok(()),
            Err(error) => break Err(error),
        }
        reading = Box::pin(frame::read(from));
    };
    // Whoever waited here asks again elsewhere; the calls themselves go on.
    drop(asked);
    drop(answers);
    let _ = timeout(FAREWELL_WAIT, writing).await;
    ended
}

async fn answer(hand: Rc<Hand>, request: Request, busy: bool, answers: mpsc::Sender<Said>) {
    let calls = &hand.calls;
    let mut ended = None;
    let body = match request.ask {
        Ask::Ensure(_) if busy => Body::Later(format!("{REQUESTS_MAX} requests are in flight")),
        Ask::Ensure(call) => {
            ended = Some(call.id);
            calls.ensure(call).await
        }
        Ask::Cancel(call) => calls.cancel(call).await,
        Ask::Seal(call) => calls.seal(call).await,
        Ask::Ping => Body::Done,
        Ask::Retire => {
            calls.refuse();
            // Goes on when the connection breaks meanwhile: it was asked for.
            let (hand, answers) = (hand.clone(), answers.clone());
            tokio::task::spawn_local(retire(hand, request.id, answers));
            return;
        }
    };
    // Where nobody listens any more there is nothing to say.
    let _ = answers.send((Answer { id: request.id, body }, ended)).await;
}

async fn retire(hand: Rc<Hand>, id: u64, answers: mpsc::Sender<Said>) {
    hand.calls.retire().await;
    let _ = answers.send((Answer { id, body: Body::Done }, None)).await;
    hand.retired.notify_one();
}

async fn write(calls: Rc<Calls>, mut to: OwnedWriteHalf, mut queue: mpsc::Receiver<Said>) {
    while let Some((answer, ended)) = queue.recv().await {
        let id = answer.id;
        let frame = frame::encode(&answer).or_else(|bytes| {
            let body = Body::Refused(format!("the answer has {bytes} bytes, which is too many"));
            frame::encode(&Answer { id, body })
        });
        let frame = frame.expect("a short refusal fits");
        if frame::write(&mut to, &frame).await.is_err() {
            return;
        }
        if let Some(call) = ended {
            calls.answered(call).await;
        }
    }
}
