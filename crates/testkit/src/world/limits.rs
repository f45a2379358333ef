//! Bounds of the simulated world. Times are virtual.

use std::time::Duration;

/// Sessions of one world.
pub(super) const SESSIONS_MAX: u64 = 5;
/// Jobs that one client gives.
pub(super) const JOBS_MAX: u64 = 3;
/// Faults of one world, bursts apart: more would spend the restart budgets everywhere.
pub(super) const FAULTS_MAX: u64 = 9;
/// Of a hundred worlds, so many have a session that is killed until its budget is spent.
pub(super) const BURST_PERCENT: u64 = 12;
/// Of a hundred faults of a session, so many flip a bit on the disk: the session is lost for its
/// world, and with it what could be seen there.
pub(super) const BIT_PERCENT: u64 = 3;
/// Faults that wait for a position in a log wait for one of the first so many.
pub(super) const POSITION_MAX: u64 = 90;
/// Faults that wait for a position come up to so many milliseconds after it: in the middle of what
/// its record called for.
pub(super) const AFTER_MAX_MS: u64 = 500;
/// Faults that wait for a time wait for one of the first so many milliseconds.
pub(super) const MOMENT_MAX_MS: u64 = 20_000;
/// When faults stop: what has not happened by then does not happen, and what fails is mended.
pub(super) const FAULTS_UNTIL: Duration = Duration::from_secs(120);
/// How long every session may take after that to come to rest. A silent model costs 300 s each
/// time.
pub(super) const QUIET_MAX: Duration = Duration::from_secs(3 * 3_600);
/// How long a fault waits for a commit to hold before it gives up.
pub(super) const HOLD_WAIT: Duration = Duration::from_secs(10);
/// How long a held commit is held after something was broken meanwhile.
pub(super) const HOLD_AFTER: Duration = Duration::from_millis(30);
/// What a client waits before it looks again, or asks again.
pub(super) const CLIENT_RETRY: Duration = Duration::from_millis(250);
/// From an acknowledged append to the client that looks.
pub(super) const CLIENT_HEARS: Duration = Duration::from_millis(1);
/// How long a client believes what it was told last.
pub(super) const CLIENT_LOOK: Duration = Duration::from_secs(5);
/// Attempts of a client at one thing before it calls that a failure of the world.
pub(super) const CLIENT_TRIES: u32 = 100;
/// How long a world's last server may take to shut down.
pub(super) const STOP_WAIT: Duration = Duration::from_secs(30);
/// Server processes of one world beyond one for each of its faults.
pub(super) const LIVES_MORE: usize = 2;
/// After how many milliseconds of silence sessions are put to sleep: at once, in the pauses of
/// their clients, or not before everybody is done.
pub(super) const PASSIVATE_AFTER_MS: [u64; 5] = [1, 20, 300, 1_000, 60_000];
/// Of a hundred messages, so many are sent in the moment in which their session is put to sleep.
pub(super) const MEET_SLEEP_PERCENT: u64 = 50;
/// How many milliseconds around that moment.
pub(super) const MEET_SLEEP_MS: u64 = 4;
/// And how many steps of the scheduler into it: going to sleep takes some twenty.
pub(super) const MEET_SLEEP_STEPS: u64 = 40;
/// Longer silences than this are not waited for.
pub(super) const MEET_SLEEP_MAX: Duration = Duration::from_secs(2);
/// What sessions get beyond that when everybody is done: a sandbox that still looks for a hand on
/// behalf of a call that is over keeps its session awake.
pub(super) const SLEEP_WAIT: Duration = Duration::from_secs(300);
/// How long a fickle follower waits before it goes away.
pub(super) const FOLLOW_PATIENCE: Duration = Duration::from_millis(15);
/// How long it stays away.
pub(super) const FOLLOW_PAUSE: Duration = Duration::from_millis(10);
/// Records that a follower takes at a time.
pub(super) const FOLLOW_PAGE: usize = 7;
/// What followers get to catch up when everybody is done.
pub(super) const FOLLOW_WAIT: Duration = Duration::from_millis(50);
