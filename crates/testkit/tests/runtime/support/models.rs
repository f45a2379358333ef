//! Models that say what the test wants.

use std::sync::Arc;

use futures_util::{StreamExt, stream};
use planaria_core::model::{Answer, Block, Request, StopReason, ToolInput, Usage};
use planaria_core::port::BoxStream;
use planaria_core::port::provider::{BlockKind, Delta, Error, Provider};
use serde_json::{Value, json};

/// What a model says.
pub type Said = Result<Vec<Block>, Error>;

/// One text.
pub fn said(text: &str) -> Said {
    Ok(vec![Block::Text(text.to_owned())])
}

/// A model that answers by a function. It may panic.
pub struct Model<F>(pub F);

impl<F> Provider for Model<F>
where
    F: Fn(&Request) -> Said + Send + Sync,
{
    fn name(&self) -> &str {
        "test"
    }

    fn answer(&self, request: Arc<Request>) -> BoxStream<'static, Result<Delta, Error>> {
        let blocks = match (self.0)(&request) {
            Ok(blocks) => blocks,
            Err(error) => return stream::iter([Err(error)]).boxed(),
        };
        let mut pieces = Vec::new();
        for (index, block) in blocks.iter().enumerate() {
            if let Block::Text(text) = block {
                pieces.push(Delta::Start { index, kind: BlockKind::Text });
                pieces.push(Delta::Text { index, text: text.clone() });
            }
        }
        let calls = blocks.iter().any(|block| matches!(block, Block::ToolUse { .. }));
        pieces.push(Delta::Done(Answer {
            model: request.model.clone(),
            stop: if calls { StopReason::ToolUse } else { StopReason::EndTurn },
            usage: Usage { input_tokens: 1, output_tokens: 1, ..Usage::default() },
            blocks,
        }));
        stream::iter(pieces.into_iter().map(Ok)).boxed()
    }
}

/// A model that says it is fine.
pub fn fine() -> Model<impl Fn(&Request) -> Said> {
    Model(|_: &_| said("fine"))
}

/// A model that runs these commands in the shell, all in its first answer, and then is done.
pub fn caller(commands: Vec<Value>) -> Model<impl Fn(&Request) -> Said> {
    Model(move |request: &Request| match request.messages.len() {
        1 => runs(&commands),
        _ => said("done"),
    })
}

/// These commands, in the shell.
pub fn runs(commands: &[Value]) -> Said {
    let input = |command: &Value| ToolInput::Object(command.clone());
    let block = |command| Block::ToolUse { name: "bash".to_owned(), input: input(command) };
    Ok(commands.iter().map(block).collect())
}

/// A command that ends when it is released.
pub fn endless() -> Value {
    json!({ "command": "wait", "until_released": true })
}

/// A command that ends at once.
pub fn quick(command: &str) -> Value {
    json!({ "command": command, "sleep_ms": 1 })
}

/// The text of the last message of a request.
pub fn last_text(request: &Request) -> String {
    let block = request.messages.last().and_then(|message| message.content.last());
    let text = block.and_then(|block| block.get("text")).and_then(|text| text.as_str());
    text.unwrap_or_default().to_owned()
}
