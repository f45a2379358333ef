//! From bytes to deltas: server-sent events, read one by one.

use std::collections::VecDeque;
use std::error::Error as StdError;
use std::pin::Pin;

use bytes::Bytes;
use futures_util::{Stream, StreamExt, stream};
use planaria_core::port::provider::{Delta, Error};
use sse_stream::{Sse, SseStream};

use super::decoder::Decoder;
use super::event::{Event, NAMES};
use super::gate;
use super::status::interrupted;

/// Decodes one answer: deltas, then [`Delta::Done`] or an error, then the end.
pub(super) fn deltas<S, E>(
    bytes: S,
    model: String,
) -> impl Stream<Item = Result<Delta, Error>> + Send
where
    S: Stream<Item = Result<Bytes, E>> + Send + 'static,
    E: StdError + 'static,
{
    let reader = Reader {
        events: Box::pin(SseStream::from_bytes_stream(gate::bounded(bytes))),
        decoder: Decoder::new(model),
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

struct Reader {
    events: Pin<Box<dyn Stream<Item = Result<Sse, sse_stream::Error>> + Send>>,
    decoder: Decoder,
    ready: VecDeque<Delta>,
    /// Events so far, and the name of the last one: where an error is.
    count: usize,
    last: String,
    /// What ends the stream when everything that came before it has been told.
    failed: Option<Error>,
    ended: bool,
}

impl Reader {
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
                Some(Err(error)) => Err(self.broken(&stopped(error))),
                None => Err(self.broken("the stream ended before message_stop")),
            };
            self.failed = taken.err();
        }
    }

    fn take(&mut self, sse: Sse) -> Result<(), Error> {
        let name = sse.event.as_deref();
        let Some(data) = sse.data.filter(|data| !data.is_empty()) else { return Ok(()) };
        if name.is_some_and(|name| !NAMES.contains(&name)) {
            return Ok(());
        }
        self.count += 1;
        self.last = name.unwrap_or("message").to_owned();
        match serde_json::from_str(&data) {
            Ok(Event::Error { error }) => Err(interrupted(error)),
            Ok(event) => {
                let taken = self.decoder.take(event, &mut self.ready);
                taken.map_err(|problem| self.broken(&problem))
            }
            Err(error) => Err(self.broken(&format!("its data cannot be read: {error}"))),
        }
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
