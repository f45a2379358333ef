//! The machine: kernel, what it offers for isolation, clock.

use crate::doctor::facts::{Facts, Machine};
use crate::doctor::finding::Finding;

/// The oldest kernel that has all that is used (pidfd, 5.3; openat2 and statx before it).
const KERNEL_MIN: (u32, u32) = (5, 4);
/// A clock before this (2025-01-01) was never set.
const CLOCK_MIN_US: u64 = 1_735_689_600_000_000;
/// A file from this far in the future means a clock that was set back.
const AHEAD_US: u64 = 60_000_000;

fn version(release: &str) -> Option<(u32, u32)> {
    let mut numbers = release.split(|c: char| !c.is_ascii_digit());
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

pub fn kernel(Facts { machine, .. }: &Facts) -> Vec<Finding> {
    let (check, release) = ("kernel", &machine.kernel);
    vec![match version(release) {
        Some(found) if found >= KERNEL_MIN => Finding::ok(check, format!("Linux {release}")),
        _ => {
            let (major, minor) = KERNEL_MIN;
            Finding::warn(
                check,
                format!("Linux {release}"),
                format!("use {major}.{minor} or newer"),
            )
        }
    }]
}

/// Isolation is not built yet: what is there is shown, and is no reason to warn.
pub fn isolation(Facts { machine, .. }: &Facts) -> Vec<Finding> {
    let Machine { user_namespaces, cgroup2, landlock, seccomp, .. } = machine;
    let word = |there: &bool| if *there { "yes" } else { "no" };
    let landlock = landlock.as_ref().map_or("not shown", word);
    vec![Finding::ok(
        "isolation",
        format!(
            "none is built yet: commands run with your own rights. This machine offers: user \
             namespaces {}, cgroup v2 {}, Landlock {landlock}, seccomp {}",
            word(user_namespaces),
            word(cgroup2),
            word(seccomp)
        ),
    )]
}

pub fn clock(Facts { machine, .. }: &Facts) -> Vec<Finding> {
    let (check, now) = ("clock", machine.now_us);
    let found = planaria_core::record::timestamp(now);
    vec![if now < CLOCK_MIN_US {
        Finding::fail(
            check,
            format!("{found}: it was never set"),
            "set it (timedatectl set-ntp true)",
        )
    } else if machine.newest_us.is_some_and(|newest| newest > now + AHEAD_US) {
        let mend = "set the clock; times of records stand still until it has caught up";
        Finding::warn(check, format!("{found}: the data directory has files from later"), mend)
    } else {
        Finding::ok(check, found)
    }]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::check::data::tests::good;
    use crate::doctor::finding::Level;

    #[test]
    fn an_old_kernel_is_warned_of_whatever_its_release_is_called() {
        assert_eq!(version("6.8.0-41-generic"), Some((6, 8)));
        assert_eq!(version("5.15.153.1-microsoft-standard-WSL2"), Some((5, 15)));
        for (release, expected) in
            [("5.4.0", Level::Ok), ("4.19.0", Level::Warn), ("strange", Level::Warn)]
        {
            let mut facts = good();
            facts.machine.kernel = release.to_owned();
            assert_eq!(kernel(&facts)[0].level, expected, "{release}");
        }
    }

    #[test]
    fn a_clock_that_was_never_set_fails_and_one_that_was_set_back_is_warned_of() {
        let mut facts = good();
        facts.machine.newest_us = Some(facts.machine.now_us + 2 * AHEAD_US);
        assert_eq!(clock(&facts)[0].level, Level::Warn);
        facts.machine.now_us = 5;
        assert_eq!(clock(&facts)[0].level, Level::Fail);
    }
}
