//! References to secrets. The secret itself is read when it is needed, and never before.

use std::fmt;
use std::io::Read;
use std::path::{Path, PathBuf};

use secrecy::SecretString;

use crate::limits::SECRET_BYTES_MAX;

/// Where a secret is. `Debug` and `Display` show the reference.
#[derive(Clone, PartialEq, Eq)]
pub enum Secret {
    /// In an environment variable, or in the file whose path is in the variable `NAME_FILE`.
    Env(String),
    /// In a file.
    File(PathBuf),
}

/// A secret that cannot be had. The message says where it was looked for and how to put it there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SecretError {
    /// The variable is not set, or is empty.
    #[error(
        "the environment variable {0} is not set: `export {0}=…`, or {0}_FILE with the path of a file \
         that holds it, then run the command again"
    )]
    NotSet(String),
    /// The variable is not text.
    #[error("the environment variable {0} is not UTF-8 text")]
    NotText(String),
    /// The file cannot be read.
    #[error("the secret's file {file} cannot be read: {problem}")]
    File {
        /// The file.
        file: String,
        /// Why not.
        problem: String,
    },
}

impl Secret {
    /// Reads `${env:NAME}` or `${file:PATH}`; relative paths start at `dir`. `None` for anything
    /// else.
    pub(crate) fn parse(text: &str, dir: &Path) -> Option<Self> {
        let (kind, place) = text.strip_prefix("${")?.strip_suffix('}')?.split_once(':')?;
        let mut chars = place.chars();
        match kind {
            "env" => {
                let first = chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_');
                let rest = chars.all(|c| c.is_ascii_alphanumeric() || c == '_');
                (first && rest).then(|| Self::Env(place.to_owned()))
            }
            "file" if !place.is_empty() => Some(Self::File(dir.join(place))),
            _ => None,
        }
    }

    /// The secret, now.
    ///
    /// # Errors
    /// When it is not where the reference says.
    pub fn resolve(&self) -> Result<SecretString, SecretError> {
        match self {
            Self::Env(name) => match std::env::var(name) {
                Ok(value) if !value.is_empty() => Ok(value.into()),
                Ok(_) | Err(std::env::VarError::NotPresent) => {
                    // The twin of a variable, as containers have it: the path of a mounted secret.
                    let twin = std::env::var_os(format!("{name}_FILE"));
                    match twin.filter(|path| !path.is_empty()) {
                        Some(path) => file(Path::new(&path)),
                        None => Err(SecretError::NotSet(name.clone())),
                    }
                }
                Err(std::env::VarError::NotUnicode(_)) => Err(SecretError::NotText(name.clone())),
            },
            Self::File(path) => file(path),
        }
    }
}

fn file(path: &Path) -> Result<SecretString, SecretError> {
    read(path).map_err(|problem| SecretError::File { file: path.display().to_string(), problem })
}

/// A file's text without the line break that editors put at its end.
fn read(path: &Path) -> Result<SecretString, String> {
    let file = std::fs::File::open(path).map_err(|e| e.to_string())?;
    let mut text = String::new();
    let mut bounded = file.take(SECRET_BYTES_MAX + 1);
    bounded.read_to_string(&mut text).map_err(|e| e.to_string())?;
    if text.len() as u64 > SECRET_BYTES_MAX {
        return Err(format!("it is larger than {SECRET_BYTES_MAX} bytes"));
    }
    let secret = text.trim_end_matches(['\n', '\r']);
    if secret.is_empty() {
        return Err("it is empty".to_owned());
    }
    Ok(secret.to_owned().into())
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Env(name) => write!(f, "${{env:{name}}}"),
            Self::File(path) => write!(f, "${{file:{}}}", path.display()),
        }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
