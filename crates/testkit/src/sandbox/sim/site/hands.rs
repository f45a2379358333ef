//! The hands of a site: who lives, who may speak to whom.

use planaria_core::port::sandbox::{Error, Locator};

use super::{Books, HandState, Link, Site};
use crate::sandbox::sim::fault::take;
use crate::sandbox::sim::ledger::{Cause, Death};

impl Site {
    pub fn kill_at(&mut self, locator: &Locator, cause: Cause, books: &mut Books) {
        if let Some(hand) = self.find(locator) {
            self.kill(hand, cause, books);
        }
    }

    /// Ends a hand on request. A dead one is none to fail at.
    pub fn destroy(&mut self, locator: &Locator, books: &mut Books) -> Result<(), Error> {
        let living = self.find(locator).filter(|hand| self.hands[*hand].alive);
        if let Some(hand) = living {
            if take(&mut self.faults.destroys) {
                books.spared += 1;
                return Err(Error::Disconnected("the simulated host does not answer".to_owned()));
            }
            self.kill(hand, Cause::Destroyed, books);
        }
        Ok(())
    }

    /// Ends the hands that a new one replaces, and with them all that they run.
    pub fn make_room(
        &mut self,
        epoch: u64,
        generation: u64,
        books: &mut Books,
    ) -> Result<(), Error> {
        self.hear(epoch)?;
        if let Some(later) = self.hands.iter().find(|hand| hand.generation > generation) {
            let text = format!("generation {} was started already", later.generation);
            return Err(Error::Fenced(text));
        }
        self.kill_all(Cause::Replaced, books);
        Ok(())
    }

    pub fn start_hand(&mut self, locator: &Locator) -> Result<(), Error> {
        if take(&mut self.faults.starts) {
            return Err(Error::Start("the simulated host refuses to start a process".to_owned()));
        }
        let Locator { generation, address, .. } = locator.clone();
        self.hands.push(HandState { generation, address, alive: true, cuts: 0, runs: 0 });
        Ok(())
    }

    pub fn connect(&mut self, locator: &Locator, epoch: u64) -> Result<Link, Error> {
        let hand = self.find(locator).filter(|hand| self.hands[*hand].alive);
        let Some(hand) = hand else {
            let problem = "its process is gone".to_owned();
            return Err(Error::Dead { generation: locator.generation, problem });
        };
        if take(&mut self.faults.attaches) {
            return Err(Error::Disconnected("no answer on the simulated socket".to_owned()));
        }
        self.hear(epoch)?;
        Ok(Link { hand, epoch, cuts: self.hands[hand].cuts })
    }

    pub(super) fn find(&self, locator: &Locator) -> Option<usize> {
        self.hands.iter().position(|hand| {
            hand.address == locator.address && hand.generation == locator.generation
        })
    }

    /// Refuses whoever is older than somebody that was heard before.
    pub(super) fn hear(&mut self, epoch: u64) -> Result<(), Error> {
        if epoch < self.epoch {
            return Err(Error::Fenced(format!("epoch {epoch} is older than {}", self.epoch)));
        }
        if std::mem::replace(&mut self.epoch, epoch) < epoch {
            // Whoever still waits under the old one is to hear of it.
            self.changed.notify_waiters();
        }
        Ok(())
    }

    /// Whether a connection still leads to a hand that listens to it.
    pub fn check(&self, link: Link) -> Result<(), Error> {
        let hand = &self.hands[link.hand];
        if !hand.alive || hand.cuts != link.cuts {
            return Err(Error::Disconnected("the simulated socket was closed".to_owned()));
        }
        if link.epoch < self.epoch {
            let text = format!("epoch {} is older than {}", link.epoch, self.epoch);
            return Err(Error::Fenced(text));
        }
        Ok(())
    }

    /// Ends the hand in good order: the outcomes of what it kills are in the journal.
    pub fn retire(&mut self, link: Link, books: &mut Books) -> Result<(), Error> {
        self.check(link)?;
        while let Some(position) = self.running.iter().position(|r| r.hand == link.hand) {
            self.stop(position, "killed");
        }
        self.kill(link.hand, Cause::Retired, books);
        Ok(())
    }

    pub fn kill_all(&mut self, cause: Cause, books: &mut Books) {
        (0..self.hands.len()).for_each(|hand| self.kill(hand, cause, books));
    }

    pub(super) fn kill(&mut self, hand: usize, cause: Cause, books: &mut Books) {
        let state = &mut self.hands[hand];
        if !std::mem::replace(&mut state.alive, false) {
            return;
        }
        books.deaths.push(Death {
            session: self.session,
            generation: state.generation,
            address: state.address.clone(),
            at: books.now,
            runs: state.runs,
            cause,
        });
        self.running.retain(|running| running.hand != hand);
        self.changed.notify_waiters();
    }
}
