//! From bytes to deltas: server-sent events, read one by one.

use std::collections::VecDeque;
use std::error::Error as StdError;
use std::pin::Pin;

use bytes::Bytes;
use futures_util::{Stream, StreamExt, stream};
use planaria_core::port::provider::{Delta, Error};
use sse_stream::{Sse, SseStream};

use super::gate;
use super::refusal::Refusal;
use super::status::interrupted;

/// What a dialect makes of its events. After an error it is not fed any more.
pub(in crate::model) trait Decode: Send + 'static {
    /// Whether events of this name are for us. As with the SDKs, what comes under another name is
    /// not, whatever is in it.
    fn wants(&self, name: &str) -> bool;

    /// Takes the next event's data and puts what follows from it into `out`; a [`Delta::Done`] is
    /// the end.
    ///
    /// # Errors
    /// When the event says that the answer has failed, or breaks the protocol.
    fn take(&mut self, data: &str, out: &mut VecDeque<Delta>) -> Result<(), Fault>;

    /// The stream has ended, or broke off. Where the answer was whole nevertheless, puts its
    /// [`Delta::Done`] into `out`.
    ///
    /// # Errors
    /// What was still due.
    fn end(&mut self, out: &mut VecDeque<Delta>) -> Result<(), String>;
}

/// Why an answer does not go on.
pub(in crate::model) enum Fault {
    /// The event is not what the protocol promises; in words.
    Broken(String),
    /// The endpoint says so itself.
    Refused(Refusal),
}

impl From<String> for Fault {
    fn from(problem: String) -> Self {
        Self::Broken(problem)
    }
}

/// Decodes one answer: deltas, then [`Delta::Done`] or an error, then the end.
pub(super) fn deltas<S, E>(
    bytes: S,
    decoder: impl Decode,
) -> impl Stream<Item = Result<Delta, Error>> + Send
where
    S: Stream<Item = Result<Bytes, E>> + Send + 'static,
    E: StdError + 'static,
{
    let reader = Reader {
        events: Box::pin(SseStream::from_bytes_stream(gate::bounded(bytes))),
        decoder,
        ready: VecDeque::new(),
        count: 0,
        last: String::new(),
        failed: None,
        ended: false,
    };
    stream::unfold(reader, |mut reader| async move {
        let item = reader.next().await?;
        Some((item, reader))
    })
}

struct Reader<D> {
    events: Pin<Box<dyn Stream<Item = Result<Sse, sse_stream::Error>> + Send>>,
    decoder: D,
    ready: VecDeque<Delta>,
    /// Events so far, and the name of the last one: where an error is.
    count: usize,
    last: String,
    /// What ends the stream when everything that came before it has been told.
    failed: Option<Error>,
    ended: bool,
}

impl<D: Decode> Reader<D> {
    async fn next(&mut self) -> Option<Result<Delta, Error>> {
        loop {
            if let Some(delta) = self.ready.pop_front() {
                self.ended |= matches!(delta, Delta::Done(_));
                return Some(Ok(delta));
            }
            if let Some(error) = self.failed.take() {
                self.ended = true;
                return Some(Err(error));
            }
            if self.ended {
                return None;
            }
            let taken = match self.events.next().await {
                Some(Ok(event)) => self.take(event),
                Some(Err(error)) => self.end(Some(stopped(error))),
                None => self.end(None),
            };
            self.failed = taken.err();
        }
    }

    fn take(&mut self, sse: Sse) -> Result<(), Error> {
        let name = sse.event.as_deref();
        let Some(data) = sse.data.filter(|data| !data.is_empty()) else { return Ok(()) };
        if name.is_some_and(|name| !self.decoder.wants(name)) {
            return Ok(());
        }
        self.count += 1;
        self.last = name.unwrap_or("message").to_owned();
        self.decoder.take(&data, &mut self.ready).map_err(|fault| match fault {
            Fault::Broken(problem) => self.broken(&problem),
            Fault::Refused(refusal) => interrupted(refusal),
        })
    }

    fn end(&mut self, problem: Option<String>) -> Result<(), Error> {
        let ended = self.decoder.end(&mut self.ready);
        ended.map_err(|due| self.broken(&problem.unwrap_or(due)))
    }

    fn broken(&self, problem: &str) -> Error {
        let place = match self.count {
            0 => "before the first event".to_owned(),
            count => format!("at event {count} ({})", self.last),
        };
        Error::Broken { message: format!("{place}: {problem}") }
    }
}

fn stopped(error: sse_stream::Error) -> String {
    match error {
        sse_stream::Error::Body(error) => error.to_string(),
        other => format!("what follows is not an event stream ({other})"),
    }
}
