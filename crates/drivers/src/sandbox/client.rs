//! A connection to a hand.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use planaria_core::EventId;
use planaria_core::port::BoxFuture;
use planaria_core::port::sandbox::{Call, Ended, Error, Hand, Locator};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use super::limits::{CONNECT_WAIT, END_WAIT, REQUEST_QUEUE_MAX};
use crate::hand::report::Address;
use crate::hand::wire::hello::{Hello, SPOKEN, VERSION, Verdict, Welcome};
use crate::hand::wire::{Answer, Ask, Body, Request, WireCall, frame};

type Reply = oneshot::Sender<Result<Body, Error>>;

/// A hand at the other end of a socket.
#[derive(Debug)]
pub(super) struct LocalHand {
    address: Address,
    requests: mpsc::Sender<(Vec<u8>, u64, Reply)>,
    next: std::sync::atomic::AtomicU64,
}

/// Connects and says the hello.
///
/// # Errors
/// [`Error::Disconnected`] where nobody answers, which says nothing about the hand's life.
pub(super) async fn connect(
    address: &Address,
    locator: &Locator,
    epoch: u64,
) -> Result<Arc<dyn Hand>, Error> {
    let stream = agree(SPOKEN, address, locator, epoch).await?;
    Ok(Arc::new(LocalHand::new(stream, address.clone())))
}

/// Offers the newest version, and the hand's own if that is among the spoken ones.
async fn agree(
    spoken: &[u32],
    address: &Address,
    locator: &Locator,
    epoch: u64,
) -> Result<UnixStream, Error> {
    let mut offers = spoken.iter();
    let mut version = *offers.next().expect("a version is spoken");
    loop {
        let hello =
            Hello { version, session: locator.session, generation: locator.generation, epoch };
        let (stream, welcome) = match timeout(CONNECT_WAIT, greet(address, hello)).await {
            Ok(Ok(greeted)) => greeted,
            Ok(Err(error)) => return Err(Error::Disconnected(error.to_string())),
            Err(_) => {
                return Err(Error::Disconnected(format!("no answer within {CONNECT_WAIT:?}")));
            }
        };
        match welcome.verdict {
            Verdict::Welcome => return Ok(stream),
            Verdict::Fenced => return Err(fenced(welcome, hello)),
            Verdict::Stranger => {
                return Err(Error::Refused("the hand belongs to another session".to_owned()));
            }
            Verdict::Version => match offers.find(|spoken| **spoken == welcome.version) {
                Some(spoken) => version = *spoken,
                None => {
                    let hint =
                        "its calls are collected by a server of its version, or lost when it \
                                is replaced"
                            .to_owned();
                    return Err(Error::Version { theirs: welcome.version, ours: VERSION, hint });
                }
            },
        }
    }
}

fn fenced(welcome: Welcome, hello: Hello) -> Error {
    Error::Fenced(format!(
        "it is generation {} of epoch {}, and we asked for generation {} as epoch {}",
        welcome.generation, welcome.epoch, hello.generation, hello.epoch
    ))
}

async fn greet(address: &Address, hello: Hello) -> io::Result<(UnixStream, Welcome)> {
    let mut stream = UnixStream::connect(&address.socket).await?;
    let peer = stream.peer_cred()?;
    if peer.uid() != rustix::process::getuid().as_raw() {
        return Err(io::Error::other("somebody else listens at the hand's socket"));
    }
    // A hand that replaced ours before it was bound has the same generation and so the same socket.
    if peer.pid().is_some_and(|pid| pid != address.process.pid) {
        return Err(io::Error::other("another hand listens at its socket"));
    }
    hello.write(&mut stream).await?;
    let welcome = Welcome::read(&mut stream).await?;
    Ok((stream, welcome))
}

impl LocalHand {
    fn new(stream: UnixStream, address: Address) -> Self {
        let (requests, queue) = mpsc::channel(REQUEST_QUEUE_MAX);
        tokio::spawn(converse(stream, queue));
        Self { address, requests, next: 1.into() }
    }

    async fn ask(&self, ask: Ask) -> Result<Body, Error> {
        let id = self.next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let request = frame::encode(&Request { id, ask });
        let request = request
            .map_err(|bytes| Error::Refused(format!("it has {bytes} bytes, which is too many")))?;
        let gone = || Error::Disconnected("it was closed".to_owned());
        let (reply, answer) = oneshot::channel();
        self.requests.send((request, id, reply)).await.map_err(|_| gone())?;
        match answer.await {
            Ok(Ok(Body::Refused(problem))) => Err(Error::Refused(problem)),
            // Whoever is disconnected attaches again, to this hand or to the next, and asks again.
            Ok(Ok(Body::Later(problem))) => Err(Error::Disconnected(problem)),
            Ok(Ok(Body::Fenced(problem))) => Err(Error::Fenced(problem)),
            Ok(answered) => answered,
            Err(_) => Err(gone()),
        }
    }
}

impl Hand for LocalHand {
    fn ensure(&self, call: Call) -> BoxFuture<'_, Result<Ended, Error>> {
        Box::pin(async move {
            match self.ask(Ask::Ensure(WireCall::from(call))).await? {
                Body::Ended(ended) => Ok(ended),
                other => Err(Error::Disconnected(format!("it answered {other:?} to a call"))),
            }
        })
    }

    fn cancel(&self, call: EventId) -> BoxFuture<'_, Result<(), Error>> {
        Box::pin(async move { self.ask(Ask::Cancel(call)).await.map(drop) })
    }

    fn retire(&self) -> BoxFuture<'_, Result<(), Error>> {
        Box::pin(async move {
            match self.ask(Ask::Retire).await {
                // It may have gone before the answer was read.
                Ok(_) | Err(Error::Disconnected(_)) => {}
                Err(error) => return Err(error),
            }
            let process = self.address.process.clone();
            let gone = tokio::task::spawn_blocking(move || process.gone_within(END_WAIT)).await;
            match gone {
                Ok(true) => Ok(()),
                _ => Err(Error::Disconnected(format!("it is still there after {END_WAIT:?}"))),
            }
        })
    }
}

/// Passes requests and answers until the hand hangs up or nobody holds this end any more.
async fn converse(stream: UnixStream, mut queue: mpsc::Receiver<(Vec<u8>, u64, Reply)>) {
    let (from, mut to) = stream.into_split();
    let mut waiting: BTreeMap<u64, Reply> = BTreeMap::new();
    let mut reading = Box::pin(frame::read::<OwnedReadHalf, Answer>(from));
    let problem = loop {
        let (from, answer) = tokio::select! { biased;
            read = &mut reading => read,
            request = queue.recv() => match request {
                // Dropping what is left closes the connection.
                None => return,
                Some((request, id, reply)) => {
                    waiting.insert(id, reply);
                    match write(&mut to, &request).await {
                        Ok(()) => continue,
                        Err(error) => break Error::Disconnected(error.to_string()),
                    }
                }
            },
        };
        match answer {
            // Said to everybody, before it hangs up.
            Ok(Some(Answer { id: 0, body: Body::Fenced(problem) })) => {
                break Error::Fenced(problem);
            }
            Ok(Some(Answer { id, body })) => {
                if let Some(reply) = waiting.remove(&id) {
                    let _ = reply.send(Ok(body));
                }
            }
            Ok(None) => break Error::Disconnected("the hand hung up".to_owned()),
            Err(error) => break Error::Disconnected(error.to_string()),
        }
        reading = Box::pin(frame::read(from));
    };
    for reply in waiting.into_values() {
        let _ = reply.send(Err(problem.clone()));
    }
    queue.close();
    while let Ok((_, _, reply)) = queue.try_recv() {
        let _ = reply.send(Err(problem.clone()));
    }
}

async fn write(to: &mut OwnedWriteHalf, request: &[u8]) -> io::Result<()> {
    frame::write(to, request).await
}

#[cfg(test)]
mod tests {
    use planaria_core::SessionId;
    use tokio::net::UnixListener;

    use super::*;
    use crate::hand::process::Process;

    #[tokio::test]
    async fn what_a_hand_cannot_do_now_is_asked_again_and_what_it_refuses_is_not() {
        let (ours, theirs) = UnixStream::pair().unwrap();
        let directory = tempfile::tempdir().unwrap();
        let socket = directory.path().join("socket");
        let address = Address { socket, process: Process::current().unwrap() };
        let hand = LocalHand::new(ours, address);
        let answering = async {
            let (mut from, mut to) = theirs.into_split();
            for body in [Body::Later("ending".to_owned()), Body::Refused("never".to_owned())] {
                let (back, request) = frame::read::<_, Request>(from).await;
                from = back;
                let id = request.unwrap().unwrap().id;
                frame::write(&mut to, &frame::encode(&Answer { id, body }).unwrap()).await.unwrap();
            }
            (from, to)
        };
        let asking = async {
            let call = || Call {
                id: EventId(1),
                name: "bash".to_owned(),
                input: serde_json::Value::Null,
                deadline: 1,
                rerun: false,
            };
            (hand.ensure(call()).await, hand.ensure(call()).await)
        };
        let ((later, never), _kept) = tokio::join!(asking, answering);
        assert_eq!(later, Err(Error::Disconnected("ending".to_owned())));
        assert_eq!(never, Err(Error::Refused("never".to_owned())));
    }

    #[tokio::test]
    async fn a_hand_of_the_version_before_is_spoken_to_in_its_own() {
        let directory = tempfile::tempdir().unwrap();
        let socket = directory.path().join("socket");
        let listener = UnixListener::bind(&socket).unwrap();
        let address = Address { socket, process: Process::current().unwrap() };
        let (driver, session) = ("local".to_owned(), SessionId(1));
        let locator = Locator { driver, generation: 1, session, address: String::new() };
        let old_hand = async {
            for verdict in [Verdict::Version, Verdict::Welcome] {
                let (mut stream, _) = listener.accept().await.unwrap();
                let hello = Hello::read(&mut stream).await.unwrap();
                assert_eq!(hello.version == 6, verdict == Verdict::Welcome);
                let welcome = Welcome { version: 6, verdict, generation: 1, epoch: 1 };
                welcome.write(&mut stream).await.unwrap();
            }
        };
        let (agreed, ()) = tokio::join!(agree(&[7, 6], &address, &locator, 1), old_hand);
        agreed.unwrap();
    }
}
