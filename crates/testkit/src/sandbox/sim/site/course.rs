//! What has happened at a site by now.

use planaria_core::port::sandbox::Ended;

use super::{Books, Site};
use crate::sandbox::sim::ledger::Cause;
use crate::sandbox::sim::work::{self, Changes, Moment};

impl Site {
    /// Lets happen, one after the other, what has happened by now.
    pub fn catch_up(&mut self, books: &mut Books) {
        let now = books.now;
        loop {
            let firsts = self.running.iter().enumerate();
            let next = firsts.filter_map(|(i, r)| r.work.moments.first().map(|(at, _)| (*at, i)));
            let Some((at, position)) = next.min().filter(|(at, _)| *at <= now) else { break };
            books.now = at;
            self.happen(position, books);
        }
        books.now = now;
    }

    pub(super) fn happen(&mut self, position: usize, books: &mut Books) {
        let running = &mut self.running[position];
        let (_, moment) = running.work.moments.remove(0);
        let (hand, key) = (running.hand, running.work.key.clone());
        match moment {
            Moment::Effect => {
                books.runs[running.run].took_effect = true;
                if running.work.fails {
                    return;
                }
                if running.work.changes == Changes::Nothing {
                    return;
                }
                let file = self.workspace.entry(key).or_default();
                let before = if running.work.changes == Changes::Sets { 0 } else { file.written };
                file.written = before + 1;
                file.content.clone_from(&running.work.content);
            }
            Moment::Cut => {
                self.hands[hand].cuts += 1;
                self.changed.notify_waiters();
            }
            Moment::Death => self.kill(hand, Cause::Fault, books),
            Moment::Deadline => self.stop(position, "timed out"),
            Moment::End => {
                let running = self.running.remove(position);
                let file = self.workspace.get(&key);
                let (written, content) = file.map_or((0, ""), |f| (f.written, f.content.as_str()));
                let outcome = work::outcome(&running.tool, &running.work, written, content);
                self.end(running.call, Ended::Outcome(outcome));
            }
        }
    }
}
