//! A process that is not mistaken for a later one with the same number.

use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use serde::{Deserialize, Serialize};

use super::proc_table::{Stat, boot};
use crate::hand::limits::KILL_PAUSE;

/// A process, known by number, start time and boot.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Process {
    pub pid: i32,
    pub start: u64,
    pub boot: String,
}

impl Process {
    /// The living process that has this number now.
    pub fn of(pid: i32) -> Option<Self> {
        let stat = Stat::of(pid).filter(|stat| stat.alive)?;
        Some(Self { pid, start: stat.start, boot: boot() })
    }

    /// This process. `None` only where there is no `/proc`.
    pub fn current() -> Option<Self> {
        Self::of(i32::try_from(std::process::id()).ok()?)
    }

    /// Whether it can still run.
    pub fn is_alive(&self) -> bool {
        let found = Stat::of(self.pid);
        found.is_some_and(|found| found.alive && found.start == self.start) && self.boot == boot()
    }

    /// Kills it, and never another one: the file descriptor is taken first and checked then, and it
    /// goes on meaning the same process when the number is given to another.
    pub fn kill(&self) {
        let Some(pid) = Pid::from_raw(self.pid) else { return };
        if let Ok(pidfd) = pidfd_open(pid, PidfdFlags::empty())
            && self.is_alive()
        {
            let _ = pidfd_send_signal(pidfd, Signal::KILL);
        }
    }

    /// Whether it is gone within that time. Blocks.
    pub fn gone_within(&self, time: Duration) -> bool {
        let until = Instant::now() + time;
        while self.is_alive() {
            if Instant::now() >= until {
                return false;
            }
            sleep(KILL_PAUSE);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;

    #[test]
    fn a_process_that_only_has_the_same_number_is_neither_alive_nor_killed() {
        let mut child =
            Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        let known = Process::of(child.id() as i32).unwrap();
        let earlier = Process { start: known.start - 1, ..known.clone() };
        let other_boot = Process { boot: "another".into(), ..known.clone() };
        for other in [earlier, other_boot] {
            assert!(!other.is_alive());
            other.kill();
        }
        assert!(known.is_alive());
        drop(child.stdin.take());
        assert!(child.wait().unwrap().success(), "it was killed");
        assert!(!known.is_alive());
    }
}
