//! What is broken in a world, and when: fixed before it begins.

use std::fmt;
use std::time::Duration;

use planaria_runtime::Fault;

use super::limits::{
    AFTER_MAX_MS, BIT_PERCENT, BURST_PERCENT, FAULTS_MAX, MOMENT_MAX_MS, POSITION_MAX,
};
use super::workload::Script;
use crate::rng::Rng;
use crate::sandbox::{CallFault, HandFaults};
use crate::store::{Failure, Point};

/// A fault to come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedFault {
    /// When it happens.
    pub trigger: Trigger,
    /// The commit that is held while it happens, if there is one to hold.
    pub hold: Option<Point>,
    /// What is broken.
    pub what: Break,
}

/// What a fault waits for. Sessions are named by their place among the scripts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trigger {
    /// A time since the world began.
    At(Duration),
    /// A durable position in a session's log.
    Position {
        /// Which session.
        session: usize,
        /// Which record.
        seq: u64,
        /// How long after it.
        after: Duration,
    },
    /// The start of a server process: in the middle of its recovery.
    Start {
        /// Which process of the world, from 1.
        life: usize,
        /// How long after its start.
        after: Duration,
    },
}

/// What can be broken from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Break {
    /// A part of one session.
    Part {
        /// Which session.
        session: usize,
        /// What of it.
        fault: Fault,
    },
    /// A bit of a record on the disk. The session is killed as well, so that it must read it.
    Bit {
        /// Which session.
        session: usize,
        /// Which record; nothing happens if there is none.
        seq: u64,
    },
    /// The whole process, in the middle of whatever it does.
    Process {
        /// Whether the hands die with it.
        hands_die: bool,
        /// How long it takes until it is started again.
        down: Duration,
    },
    /// The process ends in good order, in the middle of the work.
    Stop {
        /// How long it takes until it is started again.
        down: Duration,
    },
    /// The next commit, and the store with it.
    Store(Failure),
}

impl Break {
    /// Its name in reports.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Part { fault, .. } => fault.name(),
            Self::Bit { .. } => "flip-bit",
            Self::Process { hands_die: false, .. } => "kill-process",
            Self::Process { hands_die: true, .. } => "kill-machine",
            Self::Stop { .. } => "stop-process",
            Self::Store(Failure::Write) => "fail-write",
            Self::Store(Failure::Sync) => "fail-sync",
            Self::Store(Failure::Full) => "fill-disk",
        }
    }

    /// Whether every session feels it.
    pub fn is_general(&self) -> bool {
        self.target().is_none()
    }

    /// The one session that feels it.
    pub fn target(&self) -> Option<usize> {
        match self {
            Self::Part { session, .. } | Self::Bit { session, .. } => Some(*session),
            Self::Process { .. } | Self::Stop { .. } | Self::Store(_) => None,
        }
    }
}

impl fmt::Display for PlannedFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.what.name())?;
        if let Some(session) = self.what.target() {
            write!(f, " of s{}", session + 1)?;
        }
        match self.trigger {
            Trigger::At(time) => write!(f, " at {:.3} s", time.as_secs_f64())?,
            Trigger::Position { session, seq, after } => {
                write!(f, " {after:?} after record {seq} of s{}", session + 1)?;
            }
            Trigger::Start { life, after } => {
                write!(f, " {after:?} after the start of server {life}")?;
            }
        }
        match self.hold {
            Some(point) => write!(f, ", with a commit held {point:?}"),
            None => Ok(()),
        }
    }
}

/// What goes wrong in a world.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// Faults from outside.
    pub faults: Vec<PlannedFault>,
    /// What goes wrong at the hands of each session, in the order of the scripts.
    pub hands: Vec<HandFaults>,
}

impl Plan {
    /// Draws what is broken. Sessions that are nobody's target are bystanders.
    pub(super) fn draw(rng: &mut Rng, scripts: &[Script]) -> Self {
        let mut targets: Vec<usize> = (0..scripts.len()).collect();
        rng.shuffle(&mut targets);
        targets.truncate(1 + rng.index(scripts.len()));
        let general = rng.chance(50);
        let count = rng.below(FAULTS_MAX + 1);
        let mut faults: Vec<_> = (0..count).map(|_| fault(rng, &targets, general)).collect();
        if rng.chance(BURST_PERCENT) {
            faults.extend(burst(rng, *rng.clone().pick(&targets)));
        }
        let mut hands = vec![HandFaults::default(); scripts.len()];
        for target in targets {
            if rng.chance(60) {
                hands[target] = hand_faults(rng);
            }
        }
        Self { faults, hands }
    }

    /// Whether something is aimed at this session alone.
    pub fn targets(&self, session: usize) -> bool {
        let aimed = |fault: &PlannedFault| fault.what.target() == Some(session);
        self.faults.iter().any(aimed) || self.hands[session] != HandFaults::default()
    }
}

/// A session that is killed again and again: more often than its budget of restarts allows.
fn burst(rng: &mut Rng, session: usize) -> Vec<PlannedFault> {
    let seq = 5 + rng.below(POSITION_MAX / 2);
    let kills = 6 + rng.below(4);
    let kill = |nth: u64| {
        let after = Duration::from_millis(nth * (40 + rng.below(500)));
        let fault = *rng.pick(&[Fault::KillHarness, Fault::KillSession]);
        let trigger = Trigger::Position { session, seq, after };
        PlannedFault { trigger, hold: None, what: Break::Part { session, fault } }
    };
    (0..kills).map(kill).collect()
}

fn fault(rng: &mut Rng, targets: &[usize], general: bool) -> PlannedFault {
    let target = *rng.pick(targets);
    let trigger = if general && rng.chance(15) {
        let life = usize::try_from(1 + rng.below(3)).expect("a small number");
        Trigger::Start { life, after: Duration::from_millis(rng.below(AFTER_MAX_MS)) }
    } else if rng.chance(70) {
        let seq = 1 + rng.below(POSITION_MAX);
        let after = if rng.chance(40) { 0 } else { rng.below(AFTER_MAX_MS) };
        Trigger::Position { session: target, seq, after: Duration::from_millis(after) }
    } else {
        Trigger::At(Duration::from_millis(rng.below(MOMENT_MAX_MS)))
    };
    let points = [Point::BeforeWrite, Point::BeforeSync, Point::BeforeAck];
    let hold = rng.chance(35).then(|| *rng.pick(&points));
    let what = match rng.below(10) {
        0..3 if general => Break::Process {
            hands_die: rng.chance(35),
            down: Duration::from_millis(10 + rng.below(5_000)),
        },
        3 if general && rng.chance(50) => {
            Break::Stop { down: Duration::from_millis(10 + rng.below(5_000)) }
        }
        3 if general => Break::Store(*rng.pick(&[Failure::Write, Failure::Sync, Failure::Full])),
        _ if rng.chance(BIT_PERCENT) => {
            Break::Bit { session: target, seq: 1 + rng.below(POSITION_MAX) }
        }
        _ => Break::Part { session: target, fault: *rng.pick(Fault::ALL) },
    };
    // A store that is to fail cannot be held as well: it fails at the next commit.
    let hold = hold.filter(|_| !matches!(what, Break::Store(_)));
    PlannedFault { trigger, hold, what }
}

fn hand_faults(rng: &mut Rng) -> HandFaults {
    let mut kinds = CallFault::ALL.to_vec();
    rng.shuffle(&mut kinds);
    kinds.truncate(1 + rng.index(kinds.len()));
    HandFaults {
        percent: 5 + rng.below(25),
        kinds,
        starts: u32::try_from(rng.below(3)).expect("a small number"),
        attaches: u32::try_from(rng.below(4)).expect("a small number"),
        // Fewer than there are attempts: else nothing could be said of the hand's calls.
        destroys: u32::try_from(rng.below(3)).expect("a small number"),
        ..HandFaults::default()
    }
}
