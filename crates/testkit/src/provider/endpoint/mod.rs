//! A fake of a model provider's endpoint that can do what a good server library refuses to do:
//! stall, reset, close early, and cut its bytes anywhere.

mod limits;
mod reply;
mod request;

use std::collections::VecDeque;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

pub use reply::{End, Reply};
pub use request::Received;

use limits::{CONNECTIONS_MAX, REQUESTS_MAX};

/// An HTTP endpoint on a free port of this machine. Each connection carries one request, which
/// takes the next reply in the queue; without one it gets a status 500 that says so. It ends when
/// it is dropped.
#[derive(Debug)]
pub struct FakeEndpoint {
    address: SocketAddr,
    shared: Arc<Shared>,
    accepting: JoinHandle<()>,
}

#[derive(Debug)]
struct Shared {
    replies: Mutex<VecDeque<Reply>>,
    seen: watch::Sender<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    requests: VecDeque<Received>,
    /// Clients that went before their answer had ended.
    given_up: usize,
}

impl FakeEndpoint {
    /// Starts an endpoint without replies. Needs a tokio runtime with I/O.
    ///
    /// # Panics
    /// When this machine gives no port.
    pub async fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let address = listener.local_addr().expect("a bound socket has an address");
        let shared = Arc::new(Shared {
            replies: Mutex::new(VecDeque::new()),
            seen: watch::Sender::new(Seen::default()),
        });
        let accepting = tokio::spawn(accept(listener, shared.clone()));
        Self { address, shared, accepting }
    }

    /// Where it listens, as a base URL.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Puts a reply at the end of the queue.
    pub fn reply(&self, reply: Reply) {
        self.shared.replies.lock().unwrap_or_else(PoisonError::into_inner).push_back(reply);
    }

    /// The requests so far, the last 1,024 of them.
    pub fn requests(&self) -> Vec<Received> {
        self.shared.seen.borrow().requests.iter().cloned().collect()
    }

    /// Waits until `count` clients have gone before their answer had ended. The future does not
    /// hold the endpoint, and resolves as well when that is dropped.
    pub fn given_up(&self, count: usize) -> impl Future<Output = ()> + Send + use<> {
        let mut seen = self.shared.seen.subscribe();
        async move {
            // An error means that the endpoint has gone, and every client with it.
            let _ = seen.wait_for(|seen| seen.given_up >= count).await;
        }
    }
}

impl Drop for FakeEndpoint {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    loop {
        if connections.len() >= CONNECTIONS_MAX {
            connections.join_next().await;
        }
        while connections.try_join_next().is_some() {}
        // A connection that was gone before it was accepted is not an end.
        if let Ok((stream, _)) = listener.accept().await {
            connections.spawn(serve(stream, shared.clone()));
        }
    }
}

async fn serve(mut stream: TcpStream, shared: Arc<Shared>) {
    // A client that sends no request of HTTP gets no answer; its test will say so.
    let Ok(received) = request::read(&mut stream).await else { return };
    let reply = shared.replies.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
    shared.seen.send_modify(|seen| {
        if seen.requests.len() == REQUESTS_MAX {
            seen.requests.pop_front();
        }
        seen.requests.push_back(received);
    });
    let reply = reply.unwrap_or_else(|| Reply::status(500).body("no reply was queued"));
    if !answer(&mut stream, &reply).await {
        shared.seen.send_modify(|seen| seen.given_up += 1);
    }
}

/// Sends a reply; false if the client went before it was complete.
async fn answer(stream: &mut TcpStream, reply: &Reply) -> bool {
    let (pieces, end) = reply.pieces();
    // Pieces are to leave one by one.
    let _ = stream.set_nodelay(true);
    for piece in pieces {
        if stream.write_all(&piece).await.is_err() {
            return false;
        }
    }
    match end {
        End::Whole | End::Closed => {
            let _ = stream.shutdown().await;
            true
        }
        End::Reset => {
            // With nothing left to linger for, dropping the socket resets the connection.
            let _ = stream.set_zero_linger();
            true
        }
        End::Stalled => {
            let mut byte = [0];
            while stream.read(&mut byte).await.is_ok_and(|count| count > 0) {}
            false
        }
    }
}
