//! Every bound of supervision, with its reason. The others are the user's: an intensity, a time to
//! start, a time to stop.

use std::time::Duration;

/// How long a worker may take to stop before it is killed: OTP's default.
pub(crate) const SHUTDOWN: Duration = Duration::from_secs(5);

/// How long a start function may take. It must be quick: its supervisor starts nothing else
/// meanwhile. Slow work belongs behind it.
pub(crate) const START: Duration = Duration::from_secs(5);

/// How long a killed child may take to die. Nothing that awaits takes this long; synchronous code
/// that does is not worth a supervisor's waiting.
pub(crate) const ZOMBIE_AFTER: Duration = Duration::from_secs(10);

/// How long a request waits for a dynamic supervisor that is being restarted. As long as a start
/// may take.
pub(crate) const RESTART_WAIT: Duration = START;

/// How many exit reasons of actors that are no children of a supervisor, but linked to it, it
/// keeps: strangers must not make it grow. Above the number of children that may die at the same
/// time.
pub(crate) const ANNOUNCED: usize = 1 << 17;

/// How often a back-off may double. The longest wait is reached long before.
pub(crate) const DOUBLINGS: u32 = 20;
