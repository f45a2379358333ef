//! Every bound of the OpenAI-compatible provider, with its reason. Those of the stream and of
//! errors are the same for every provider over HTTP.

/// Blocks of one answer. Models say a handful; each costs more to look up than to send, so that an
/// endpoint that begins calls without end must be stopped before its stream is full.
pub(super) const BLOCKS_MAX: usize = 1_024;
