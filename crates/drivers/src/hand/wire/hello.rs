//! The hello, which never changes: it is what two versions can say to each other.
//!
//! ```text
//! server  PLNH | version u32 | session 16 bytes | generation u64 | epoch u64        40 bytes
//! hand    PLNH | version u32 | verdict u32 | generation u64 | epoch u64             28 bytes
//! ```
//!
//! Numbers are little endian, the session is as in `SessionId::to_bytes`. The hand answers with its
//! own version; a server that speaks that one too calls again and says it.

use std::io;

use planaria_core::SessionId;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// The versions this program speaks, newest first. The one before the newest stays, so that a new
/// server can collect from the hands of the old one.
pub(crate) const SPOKEN: &[u32] = &[1];
/// The version that a hand of this program speaks.
pub(crate) const VERSION: u32 = SPOKEN[0];

const MAGIC: &[u8; 4] = b"PLNH";
const HELLO_LEN: usize = 40;
const VERDICT_LEN: usize = 28;

/// What a server says first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Hello {
    pub version: u32,
    pub session: SessionId,
    pub generation: u64,
    pub epoch: u64,
}

/// What a hand answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Welcome {
    pub version: u32,
    pub verdict: Verdict,
    pub generation: u64,
    pub epoch: u64,
}

/// Whether the server may go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Welcome,
    /// The hand knows a higher epoch, or is of another generation.
    Fenced,
    /// The hand speaks another version.
    Version,
    /// The hand is another session's.
    Stranger,
}

impl Verdict {
    const ALL: [Self; 4] = [Self::Welcome, Self::Fenced, Self::Version, Self::Stranger];
}

impl Hello {
    pub async fn write(self, to: &mut (impl AsyncWrite + Unpin)) -> io::Result<()> {
        let mut bytes = Vec::with_capacity(HELLO_LEN);
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&self.version.to_le_bytes());
        bytes.extend_from_slice(&self.session.to_bytes());
        bytes.extend_from_slice(&self.generation.to_le_bytes());
        bytes.extend_from_slice(&self.epoch.to_le_bytes());
        to.write_all(&bytes).await
    }

    pub async fn read(from: &mut (impl AsyncRead + Unpin)) -> io::Result<Self> {
        magic(from).await?;
        let version = from.read_u32_le().await?;
        let mut session = [0; 16];
        from.read_exact(&mut session).await?;
        Ok(Self {
            version,
            session: SessionId::from_bytes(session),
            generation: from.read_u64_le().await?,
            epoch: from.read_u64_le().await?,
        })
    }
}

impl Welcome {
    pub async fn write(self, to: &mut (impl AsyncWrite + Unpin)) -> io::Result<()> {
        let mut bytes = Vec::with_capacity(VERDICT_LEN);
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&self.version.to_le_bytes());
        bytes.extend_from_slice(&(self.verdict as u32).to_le_bytes());
        bytes.extend_from_slice(&self.generation.to_le_bytes());
        bytes.extend_from_slice(&self.epoch.to_le_bytes());
        to.write_all(&bytes).await
    }

    pub async fn read(from: &mut (impl AsyncRead + Unpin)) -> io::Result<Self> {
        magic(from).await?;
        let version = from.read_u32_le().await?;
        let verdict = from.read_u32_le().await?;
        let known = Verdict::ALL.into_iter().find(|known| *known as u32 == verdict);
        Ok(Self {
            version,
            verdict: known.ok_or_else(|| invalid(format!("unknown verdict {verdict}")))?,
            generation: from.read_u64_le().await?,
            epoch: from.read_u64_le().await?,
        })
    }
}

async fn magic(from: &mut (impl AsyncRead + Unpin)) -> io::Result<()> {
    let mut magic = [0; MAGIC.len()];
    from.read_exact(&mut magic).await?;
    if magic == *MAGIC { Ok(()) } else { Err(invalid("the other side is no planaria".to_owned())) }
}

fn invalid(problem: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, problem)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_bytes_of_the_hello_are_frozen() {
        let hello = Hello { version: 1, session: SessionId(2), generation: 3, epoch: 4 };
        let mut bytes = Vec::new();
        hello.write(&mut bytes).await.unwrap();
        let mut golden = b"PLNH\x01\0\0\0".to_vec();
        golden.extend([0; 15]);
        golden.extend(b"\x02\x03\0\0\0\0\0\0\0\x04\0\0\0\0\0\0\0");
        assert_eq!(bytes, golden);
        assert_eq!(Hello::read(&mut &bytes[..]).await.unwrap(), hello);

        let welcome = Welcome { version: 1, verdict: Verdict::Version, generation: 3, epoch: 4 };
        let mut bytes = Vec::new();
        welcome.write(&mut bytes).await.unwrap();
        let golden = b"PLNH\x01\0\0\0\x02\0\0\0\x03\0\0\0\0\0\0\0\x04\0\0\0\0\0\0\0";
        assert_eq!(bytes, golden);
        assert_eq!(Welcome::read(&mut &bytes[..]).await.unwrap(), welcome);
    }
}
