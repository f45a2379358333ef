//! Exit reasons that ractor has announced, until the death they belong to is complete.

use std::collections::{HashMap, VecDeque};

use ractor::{ActorCell, ActorId, SupervisionEvent};

use crate::exit::ExitReason;
use crate::limits::ANNOUNCED;

/// The reasons, the oldest first. Whoever is not asked for is forgotten in the end.
#[derive(Default)]
pub(crate) struct Announced {
    reasons: HashMap<ActorId, ExitReason>,
    order: VecDeque<ActorId>,
}

impl Announced {
    /// Hears what ractor has to say.
    pub fn hear(&mut self, event: &SupervisionEvent) {
        match event {
            SupervisionEvent::ActorTerminated(cell, _, reason) => {
                self.keep(cell.get_id(), ExitReason::of_termination(reason.as_deref()));
            }
            SupervisionEvent::ActorFailed(cell, error) => {
                self.keep(cell.get_id(), ExitReason::Failed(error.to_string()));
            }
            _ => {}
        }
    }

    fn keep(&mut self, id: ActorId, reason: ExitReason) {
        if self.order.len() >= 2 * self.reasons.len() + 64 {
            let reasons = &self.reasons;
            self.order.retain(|id| reasons.contains_key(id));
        }
        if self.reasons.len() >= ANNOUNCED
            && let Some(oldest) = self.order.pop_front()
        {
            self.reasons.remove(&oldest);
        }
        self.reasons.insert(id, reason);
        self.order.push_back(id);
    }

    /// Why this actor ended, asked once.
    pub fn take(&mut self, cell: &ActorCell) -> Option<ExitReason> {
        // Workers are not announced: without others there is nothing to look for.
        if self.reasons.is_empty() { None } else { self.reasons.remove(&cell.get_id()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_asks_for_is_forgotten_in_the_order_of_its_announcement() {
        let mut announced = Announced::default();
        let id = |n: usize| ActorId::Local(n as u64);
        (0..ANNOUNCED + 10).for_each(|n| announced.keep(id(n), ExitReason::Killed));
        assert_eq!(announced.reasons.len(), ANNOUNCED);
        assert!(!announced.reasons.contains_key(&id(9)));
        assert!(announced.reasons.contains_key(&id(10)));
    }

    #[test]
    fn what_was_asked_for_leaves_nothing() {
        let mut announced = Announced::default();
        for n in 0..10_000 {
            announced.keep(ActorId::Local(n), ExitReason::Killed);
            announced.reasons.remove(&ActorId::Local(n));
        }
        assert!(announced.order.len() < 100);
    }
}
