//! From events to deltas and the answer: the order that the protocol promises, and nothing else.

use std::collections::VecDeque;

use planaria_core::model::{Answer, Block, StopReason, Usage};
use planaria_core::port::provider::Delta;
use serde_json::Value;

use super::block::{Growth, Open};
use super::event::{Change, Counts, Event, Head, NAMES};
use crate::model::http::{Decode, Fault, Refusal};

/// An answer while it arrives.
pub(super) struct Decoder {
    model: String,
    started: bool,
    blocks: Vec<Block>,
    open: Option<Open>,
    stop: Option<StopReason>,
    usage: Usage,
}

/// What was wrong with an event.
type Problem = String;

impl Decode for Decoder {
    fn wants(&self, name: &str) -> bool {
        NAMES.contains(&name)
    }

    fn take(&mut self, data: &str, out: &mut VecDeque<Delta>) -> Result<(), Fault> {
        let unreadable = |error| Fault::Broken(format!("its data cannot be read: {error}"));
        let event = serde_json::from_str(data).map_err(unreadable)?;
        if matches!(event, Event::Error) {
            let body = serde_json::from_str(data).map_err(unreadable)?;
            return Err(Fault::Refused(Refusal::read(&body).unwrap_or_default()));
        }
        Ok(self.event(event, out)?)
    }

    fn end(&mut self, _: &mut VecDeque<Delta>) -> Result<(), Problem> {
        Err("the stream ended before message_stop".to_owned())
    }
}

impl Decoder {
    /// A decoder for the answer to a request for `model`; the endpoint may name another.
    pub fn new(model: String) -> Self {
        Self {
            model,
            started: false,
            blocks: Vec::new(),
            open: None,
            stop: None,
            usage: Usage::default(),
        }
    }

    fn event(&mut self, event: Event, out: &mut VecDeque<Delta>) -> Result<(), Problem> {
        match event {
            // Pings are no progress: an endpoint that only pings is a silent one.
            Event::Ping | Event::Unknown | Event::Error => Ok(()),
            Event::MessageStart { message } => self.start(message, out),
            _ if !self.started => Err("it came before message_start".to_owned()),
            Event::ContentBlockStart { index, content_block } => {
                self.begin(index, content_block, out)
            }
            Event::ContentBlockDelta { index, delta } => self.grow(index, &delta, out),
            Event::ContentBlockStop { index } => self.finish(index),
            Event::MessageDelta { delta, usage } => self.change(delta, usage, out),
            Event::MessageStop => self.done(out),
        }
    }

    fn start(&mut self, head: Head, out: &mut VecDeque<Delta>) -> Result<(), Problem> {
        if self.started {
            return Err("the message had started already".to_owned());
        }
        self.started = true;
        self.model = head.model.unwrap_or(std::mem::take(&mut self.model));
        self.count(head.usage, out);
        Ok(())
    }

    fn begin(
        &mut self,
        index: usize,
        block: Value,
        out: &mut VecDeque<Delta>,
    ) -> Result<(), Problem> {
        let next = self.blocks.len();
        if self.open.is_some() {
            return Err(format!("block {index} begins and block {next} is open"));
        }
        if index != next {
            return Err(format!("block {index} begins where block {next} was due"));
        }
        if self.stop.is_some() {
            return Err(format!("block {index} begins after the reason to stop"));
        }
        let open = Open::begin(block)?;
        out.push_back(Delta::Start { index, kind: open.kind() });
        if !open.text().is_empty() {
            out.push_back(Delta::Text { index, text: open.text().to_owned() });
        }
        self.open = Some(open);
        Ok(())
    }

    fn grow(
        &mut self,
        index: usize,
        delta: &Value,
        out: &mut VecDeque<Delta>,
    ) -> Result<(), Problem> {
        let next = self.blocks.len();
        let open = self.open.as_mut().filter(|_| index == next);
        let open = open.ok_or_else(|| format!("a delta for block {index}, which is not open"))?;
        match open.grow(delta)? {
            Growth::Text(text) => out.push_back(Delta::Text { index, text }),
            Growth::Hidden => out.push_back(Delta::Progress),
            Growth::Nothing => {}
        }
        Ok(())
    }

    fn finish(&mut self, index: usize) -> Result<(), Problem> {
        if index != self.blocks.len() {
            return Err(format!("block {index} ends, which is not open"));
        }
        let open = self.open.take();
        let open = open.ok_or_else(|| format!("block {index} ends, which is not open"))?;
        self.blocks.push(open.finish());
        Ok(())
    }

    fn change(
        &mut self,
        change: Change,
        counts: Option<Counts>,
        out: &mut VecDeque<Delta>,
    ) -> Result<(), Problem> {
        self.count(counts, out);
        let Some(stop) = change.stop() else { return Ok(()) };
        if self.open.is_some() {
            return Err(format!("a reason to stop and block {} is open", self.blocks.len()));
        }
        self.stop = Some(stop);
        Ok(())
    }

    fn done(&mut self, out: &mut VecDeque<Delta>) -> Result<(), Problem> {
        if self.open.is_some() {
            return Err(format!("the message ends and block {} is open", self.blocks.len()));
        }
        let stop = self.stop.take().ok_or("the message ends without a reason to stop")?;
        out.push_back(Delta::Done(Answer {
            model: std::mem::take(&mut self.model),
            blocks: std::mem::take(&mut self.blocks),
            stop,
            usage: self.usage,
        }));
        Ok(())
    }

    /// What was used is told at once: the stream may still break off.
    fn count(&mut self, counts: Option<Counts>, out: &mut VecDeque<Delta>) {
        if let Some(counts) = counts {
            counts.apply(&mut self.usage);
            out.push_back(Delta::Used(self.usage));
        }
    }
}
