//! What can go wrong at a hand.

use std::collections::VecDeque;

use crate::rng::Rng;

/// What happens to one run of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum CallFault {
    /// The hand dies when the call has begun and has done nothing yet.
    DiesBefore,
    /// The hand dies after the effect and before it could note the outcome.
    DiesAfter,
    /// The connection breaks before the hand has heard of the call.
    CutBefore,
    /// The connection breaks after the side effect and before the result.
    CutAfter,
    /// It takes a hundred times as long.
    Slow,
}

impl CallFault {
    /// Every fault, in a stable order.
    pub const ALL: &'static [CallFault] =
        &[Self::DiesBefore, Self::DiesAfter, Self::CutBefore, Self::CutAfter, Self::Slow];
}

/// What goes wrong at a session's hands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HandFaults {
    /// Of a hundred calls, so many meet a fault of [`HandFaults::kinds`].
    pub percent: u64,
    /// The faults to choose from; none of them occurs if this is empty.
    pub kinds: Vec<CallFault>,
    /// What happens to the next runs, one after the other, before chance has its turn.
    pub next: VecDeque<CallFault>,
    /// Hands that do not start.
    pub starts: u32,
    /// Connections that fail although the hand lives.
    pub attaches: u32,
    /// Attempts at destroying a living hand that fail.
    pub destroys: u32,
}

impl HandFaults {
    /// The fault that the next run meets.
    pub(super) fn draw(&mut self, rng: &mut Rng) -> Option<CallFault> {
        if let Some(next) = self.next.pop_front() {
            return Some(next);
        }
        let chosen = !self.kinds.is_empty() && rng.chance(self.percent);
        chosen.then(|| *rng.pick(&self.kinds))
    }
}

/// Takes one off a number of failures to come; false when there are none left.
pub(super) fn take(failures: &mut u32) -> bool {
    let some = *failures > 0;
    *failures = failures.saturating_sub(1);
    some
}
