//! What lies where.
//!
//! ```text
//! <data>/workspaces/<session>/    the files the tools work on
//! <data>/hands/<session>/calls      journal of calls, across generations
//!                         lock       held by the hand, with who it is
//!                         processes  what the hand started: pid and start time
//!                         log        standard error of the hand
//! ```

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};

use planaria_core::SessionId;
use xxhash_rust::xxh3::xxh3_128;

use super::error::Error;

/// The variable by which commands find the workspace, and by which their processes are known.
pub(crate) const WORKSPACE_VARIABLE: &str = "PLANARIA_WORKSPACE";

/// The places of one session's hands.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub workspace: PathBuf,
    pub state: PathBuf,
}

impl Place {
    /// The places below a data directory. Symbolic links are resolved where it exists, so that two
    /// ways to name the directory lead to the same hand.
    pub fn new(data: &Path, session: SessionId) -> Self {
        let data = fs::canonicalize(data)
            .or_else(|_| std::path::absolute(data))
            .unwrap_or_else(|_| data.to_owned());
        let workspace = data.join("workspaces").join(session.to_string());
        let state = data.join("hands").join(session.to_string());
        Self { workspace, state }
    }

    /// Makes the directories. The hands' state is for their user alone.
    pub fn create(&self) -> Result<(), Error> {
        let failed = |path: &Path, error| Error::io("making the directory", path, error);
        fs::create_dir_all(&self.workspace).map_err(|error| failed(&self.workspace, error))?;
        let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.state);
        made.and_then(|()| fs::set_permissions(&self.state, fs::Permissions::from_mode(0o700)))
            .map_err(|error| failed(&self.state, error))
    }

    pub fn journal(&self) -> PathBuf {
        self.state.join("calls")
    }

    pub fn lock(&self) -> PathBuf {
        self.state.join("lock")
    }

    pub fn processes(&self) -> PathBuf {
        self.state.join("processes")
    }

    pub fn log(&self) -> PathBuf {
        self.state.join("log")
    }

    /// The entry of the environment by which every process is known that a command started here.
    pub fn mark(&self) -> Vec<u8> {
        let mut mark = format!("{WORKSPACE_VARIABLE}=").into_bytes();
        mark.extend_from_slice(self.workspace.as_os_str().as_bytes());
        mark
    }

    /// The file name of a generation's socket. Hashed, because the path of a socket is short.
    pub fn socket_name(&self, generation: u64) -> String {
        let mut bytes = self.workspace.as_os_str().as_bytes().to_vec();
        bytes.extend_from_slice(&generation.to_be_bytes());
        format!("{:032x}.sock", xxh3_128(&bytes))
    }
}
