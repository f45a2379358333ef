//! Frames: a length in four bytes, little endian, and that many bytes of JSON.

use std::io;

use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use crate::hand::limits::FRAME_BYTES_MAX;

/// The bytes of a frame, or the number of bytes that are too many.
pub(crate) fn encode(message: &impl Serialize) -> Result<Vec<u8>, usize> {
    let mut frame = vec![0; 4];
    serde_json::to_writer(&mut frame, message).expect("a message is plain data");
    let len = frame.len() - 4;
    if len > FRAME_BYTES_MAX {
        return Err(len);
    }
    frame[..4].copy_from_slice(&u32::try_from(len).expect("bounded above").to_le_bytes());
    Ok(frame)
}

/// Writes a frame that [`encode`] made.
pub(crate) async fn write(to: &mut (impl AsyncWrite + Unpin), frame: &[u8]) -> io::Result<()> {
    to.write_all(frame).await
}

/// Reads the next message; `None` at the end. Takes the reader and gives it back, so that a reading
/// under way can be kept while something else is looked at.
pub(crate) async fn read<R, M>(mut from: R) -> (R, io::Result<Option<M>>)
where
    R: AsyncRead + Unpin,
    M: DeserializeOwned,
{
    let message = read_from(&mut from).await;
    (from, message)
}

async fn read_from<M: DeserializeOwned>(
    from: &mut (impl AsyncRead + Unpin),
) -> io::Result<Option<M>> {
    let len = match from.read_u32_le().await {
        Ok(len) => len as usize,
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        Err(error) => return Err(error),
    };
    if len > FRAME_BYTES_MAX {
        let problem = format!("a frame of {len} bytes; at most {FRAME_BYTES_MAX} are allowed");
        return Err(io::Error::new(io::ErrorKind::InvalidData, problem));
    }
    let mut body = vec![0; len];
    from.read_exact(&mut body).await?;
    Ok(Some(serde_json::from_slice(&body)?))
}
