//! Killing everything that belongs together, until nothing of it is left.
//!
//! There is no cgroup and no namespace to ask, so a process belongs to a hand when any of this
//! holds: it was recorded; it is in the group or session of a living one that was; it is in that of
//! a dead one and has an empty environment, or the workspace as its directory, or a file below it
//! open; its environment carries the mark of the workspace; a process that belongs started it.
//!
//! While the hand lives it is the subreaper, so that nothing leaves its tree, and it records all of
//! its tree at the end of each command and every half second while one runs. So of a killed hand a
//! process escapes if all of this holds: nobody looked since it began; its parent is dead; its
//! environment does not carry the mark; and it has left group and session behind, or shows nothing
//! of the workspace. `isolation()` of the driver says `none`.

use std::collections::BTreeMap;
use std::thread::sleep;
use std::time::Instant;

use super::known::Process;
use super::proc_table::{Stat, boot};
use crate::hand::error::Error;
use crate::hand::limits::{KILL_PAUSE, KILL_WAIT};
use crate::hand::place::Place;

/// What to kill.
#[derive(Debug, Clone, Default)]
pub(crate) struct Quarry {
    /// Leaders of groups and sessions, with all that descends from them. This process is spared.
    pub leaders: Vec<Process>,
    /// The place whose mark everything else carries.
    pub place: Option<Place>,
}

/// Kills, looks again, and returns when nothing of it is left. Blocks.
///
/// # Errors
/// [`Error::Survivors`] when killed processes do not go away in time.
pub(crate) fn sweep(quarry: &Quarry) -> Result<(), Error> {
    let until = Instant::now() + KILL_WAIT;
    let mut hunt = Hunt::new(quarry);
    loop {
        let prey = hunt.look(&Stat::all());
        let Some(first) = prey.first() else { return Ok(()) };
        for process in &prey {
            process.kill();
        }
        if Instant::now() >= until {
            return Err(Error::Survivors { count: prey.len(), first: first.pid });
        }
        sleep(KILL_PAUSE);
    }
}

struct Hunt<'a> {
    quarry: &'a Quarry,
    boot: String,
    me: i32,
    /// Numbers and start times that were seen to belong in this sweep. Their groups and sessions
    /// are ours for as long as they have members, because no such number is given away meanwhile.
    seen: BTreeMap<i32, u64>,
}

impl<'a> Hunt<'a> {
    fn new(quarry: &'a Quarry) -> Self {
        let me = i32::try_from(std::process::id()).expect("a pid is positive and small");
        let alive = quarry.leaders.iter().filter(|leader| leader.is_alive());
        let seen = alive.map(|leader| (leader.pid, leader.start)).collect();
        Self { quarry, boot: boot(), me, seen }
    }

    fn look(&mut self, table: &[Stat]) -> Vec<Process> {
        let mut prey = BTreeMap::new();
        // A child may stand in front of its parent in the table.
        loop {
            let before = prey.len();
            for stat in table.iter().filter(|stat| stat.pid != self.me) {
                let child = prey.contains_key(&stat.parent) || self.seen_alive(table, stat.parent);
                if !prey.contains_key(&stat.pid) && (child || self.belongs(table, stat)) {
                    self.seen.insert(stat.pid, stat.start);
                    prey.insert(stat.pid, stat.start);
                }
            }
            if prey.len() == before {
                break;
            }
        }
        let process = |(pid, start)| Process { pid, start, boot: self.boot.clone() };
        prey.into_iter().map(process).collect()
    }

    fn seen_alive(&self, table: &[Stat], pid: i32) -> bool {
        let seen = self.seen.get(&pid);
        seen.is_some_and(|start| table.iter().any(|s| s.pid == pid && s.start == *start))
    }

    fn belongs(&self, table: &[Stat], stat: &Stat) -> bool {
        if self.seen.get(&stat.pid) == Some(&stat.start) {
            return true;
        }
        if [stat.group, stat.session].iter().any(|number| self.is_ours(table, *number)) {
            return true;
        }
        let recorded = self.orphan_of_recorded(table, stat);
        if self.quarry.place.is_none() && !recorded {
            return false;
        }
        let environ = stat.environ();
        if recorded && environ.is_empty() {
            return true;
        }
        self.quarry.place.as_ref().is_some_and(|place| {
            let mark = place.mark();
            environ.split(|byte| *byte == 0).any(|entry| entry == mark)
                // By itself this proves nothing: people look into workspaces too.
                || recorded && stat.uses(&place.workspace)
        })
    }

    /// Whether a group's or session's number is that of a process seen in this sweep, and not of a
    /// later one.
    fn is_ours(&self, table: &[Stat], number: i32) -> bool {
        let Some(start) = self.seen.get(&number) else { return false };
        table.iter().find(|stat| stat.pid == number).is_none_or(|stat| stat.start == *start)
    }

    /// Whether it is in a group or session whose recorded leader is dead. The number could have
    /// been given to another leader that is dead too, so this alone proves nothing.
    fn orphan_of_recorded(&self, table: &[Stat], stat: &Stat) -> bool {
        self.quarry.leaders.iter().any(|leader| {
            leader.boot == self.boot
                && (stat.group == leader.pid || stat.session == leader.pid)
                && leader.start <= stat.start
                && table.iter().all(|other| other.pid != leader.pid)
        })
    }
}
