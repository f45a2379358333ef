//! Why a provider could not be made.

/// Why a provider could not be made from its options. Nothing was sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SetupError {
    /// The base URL cannot be used.
    #[error("base_url {url}: {problem}")]
    BaseUrl {
        /// The URL, without what may be a secret in it.
        url: String,
        /// What is wrong with it, and how to mend it.
        problem: String,
    },
    /// The key cannot be sent. The message does not show it.
    #[error("the API key {problem}; check how it is read (its environment variable, or its file)")]
    ApiKey {
        /// What is wrong with it.
        problem: String,
    },
    /// TLS cannot be set up on this machine.
    #[error("TLS cannot be set up: {problem}; install the system's CA certificates")]
    Tls {
        /// What the library says.
        problem: String,
    },
}
