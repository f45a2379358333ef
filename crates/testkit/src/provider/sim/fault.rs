//! What can go wrong with a request.

use planaria_core::SessionId;
use planaria_core::port::provider::Error;

use crate::rng::Rng;

/// Failures before the answer, at a place where there are any. Below the session's own bound on
/// attempts, so that failures of the model alone never end a turn.
const IN_A_ROW: u64 = 4;

/// One way in which a request fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ModelFault {
    /// Overloaded, without a word on when to come back.
    Overloaded,
    /// Overloaded, with a time to come back, in milliseconds.
    OverloadedFor(u64),
    /// A rate limit, with a time to come back, in milliseconds.
    RateLimited(u64),
    /// The endpoint fails.
    Unavailable,
    /// The stream breaks in the middle of the answer.
    Broken,
    /// The stream ends in the middle of the answer, without a word.
    Ends,
    /// The stream stays silent from the middle of the answer on, until it is dropped.
    Stalls,
    /// The request does not fit the context window.
    TooLong,
}

impl ModelFault {
    /// The error that it shows as, if it shows as one.
    pub(super) fn error(self) -> Option<Error> {
        let message = "simulated".to_owned();
        Some(match self {
            Self::Overloaded => Error::Overloaded { message, retry_after: None },
            Self::OverloadedFor(ms) => Error::Overloaded { message, retry_after: Some(ms * 1_000) },
            Self::RateLimited(ms) => Error::RateLimited { message, retry_after: Some(ms * 1_000) },
            Self::Unavailable => Error::Unavailable { message },
            Self::Broken => Error::Broken { message },
            Self::TooLong => Error::TooLong { message },
            Self::Ends | Self::Stalls => return None,
        })
    }

    /// Whether it comes in the middle of the answer.
    pub(super) fn is_late(self) -> bool {
        matches!(self, Self::Broken | Self::Ends | Self::Stalls)
    }
}

/// What happens to the `nth` request at a place, counted from 0.
pub(super) fn draw(
    seed: u64,
    percent: u64,
    session: SessionId,
    place: u64,
    nth: u64,
) -> Option<ModelFault> {
    let mut rng = Rng::of(seed, &format!("faults of {session} at {place}"));
    if !rng.chance(percent) || nth > rng.below(IN_A_ROW) {
        return None;
    }
    let mut rng = Rng::of(seed, &format!("fault {nth} of {session} at {place}"));
    let wait = 100 + rng.below(3_000);
    Some(match rng.below(14) {
        0..2 => ModelFault::Overloaded,
        2..4 => ModelFault::OverloadedFor(wait),
        4..6 => ModelFault::RateLimited(wait),
        6..8 => ModelFault::Unavailable,
        8..11 => ModelFault::Broken,
        11..13 => ModelFault::Ends,
        _ => ModelFault::Stalls,
    })
}

/// Whether the first request at a place is refused as too long. Drawn apart, so that the other
/// failures of a seed stay what they are.
pub(super) fn draw_too_long(seed: u64, percent: u64, session: SessionId, place: u64) -> bool {
    Rng::of(seed, &format!("window of {session} at {place}")).chance(percent / 5)
}
