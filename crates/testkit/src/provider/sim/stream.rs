//! An answer over virtual time.

use std::time::Duration;

use futures_util::StreamExt;
use planaria_core::SessionId;
use planaria_core::model::{Answer, Block};
use planaria_core::port::BoxStream;
use planaria_core::port::provider::{BlockKind, Delta, Error};

use super::fault::ModelFault;
use crate::rng::Rng;

/// Characters of one piece of text.
const PIECE: usize = 16;

/// What arrives after a while; `None` is silence for ever.
pub(super) struct Piece {
    after: Duration,
    item: Option<Result<Delta, Error>>,
}

pub(super) fn at_once(item: Result<Delta, Error>) -> Piece {
    Piece { after: Duration::ZERO, item: Some(item) }
}

/// Lays an answer, or its failure, out in time.
pub(super) fn plan(
    seed: u64,
    session: SessionId,
    place: u64,
    answer: Answer,
    fault: Option<ModelFault>,
) -> Vec<Piece> {
    let mut rng = Rng::of(seed, &format!("pace of {session} at {place}"));
    let mut items: Vec<Option<Result<Delta, Error>>> =
        deltas(answer).into_iter().map(|delta| Some(Ok(delta))).collect();
    if let Some(fault) = fault {
        let kept = if fault.is_late() { rng.index(items.len()) } else { 0 };
        items.truncate(kept);
        match fault {
            ModelFault::Ends => {}
            ModelFault::Stalls => items.push(None),
            _ => items.push(fault.error().map(Err)),
        }
    }
    let mut wait = 20 + rng.below(500);
    let mut pace = || std::mem::replace(&mut wait, 5 + rng.below(30));
    let piece = |item| Piece { after: Duration::from_millis(pace()), item };
    items.into_iter().map(piece).collect()
}

fn deltas(answer: Answer) -> Vec<Delta> {
    let mut deltas = Vec::new();
    for (index, block) in answer.blocks.iter().enumerate() {
        let kind = match block {
            Block::Text(_) => BlockKind::Text,
            Block::Thinking(_) => BlockKind::Thinking,
            _ => BlockKind::ToolUse,
        };
        deltas.push(Delta::Start { index, kind });
        match block {
            Block::Text(text) => {
                let letters: Vec<char> = text.chars().collect();
                let pieces = letters.chunks(PIECE).map(|piece| piece.iter().collect());
                deltas.extend(pieces.map(|text| Delta::Text { index, text }));
            }
            _ => deltas.push(Delta::Progress),
        }
    }
    deltas.push(Delta::Done(answer));
    deltas
}

pub(super) fn play(pieces: Vec<Piece>) -> BoxStream<'static, Result<Delta, Error>> {
    Box::pin(futures_util::stream::iter(pieces).then(|piece| async move {
        if !piece.after.is_zero() {
            tokio::time::sleep(piece.after).await;
        }
        match piece.item {
            Some(item) => item,
            None => std::future::pending().await,
        }
    }))
}
