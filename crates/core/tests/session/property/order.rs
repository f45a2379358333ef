//! The order of events that clients rely on (contract §6.1, §9).

use planaria_core::{Kind, Record};

use crate::world::World;

pub fn check(world: &World) {
    let public: Vec<&Record> = world.log.iter().filter(|r| r.kind.is_public()).collect();
    for pair in public.windows(2) {
        neighbours(pair[0].kind, pair[1].kind);
    }
    if let Some(last) = public.last() {
        assert!(needs_next(last.kind).is_none(), "the log ends with {:?}", last.kind);
    }
    inside_requests(&public);
    nothing_follows_idle(world);
}

/// What must stand directly behind such an event.
fn needs_next(kind: Kind) -> Option<Kind> {
    match kind {
        Kind::SessionStatusRunning => Some(Kind::ThreadStatusRunning),
        Kind::ThreadStatusRescheduled => Some(Kind::SessionStatusRescheduled),
        Kind::ThreadStatusIdle => Some(Kind::SessionUsage),
        Kind::SessionUsage => Some(Kind::SessionStatusIdle),
        _ => None,
    }
}

fn neighbours(first: Kind, second: Kind) {
    if let Some(next) = needs_next(first) {
        assert_eq!(second, next, "behind {first:?}");
    }
    for between in [Kind::SessionUsage, Kind::SessionStatusIdle, Kind::SessionStatusRescheduled] {
        if second == between {
            assert_eq!(needs_next(first), Some(between));
        }
    }
    if first == Kind::SessionStatusIdle {
        // New input of a client, or what it leads to; a denied or closed call among it.
        let input = matches!(
            second,
            Kind::SessionStatusRunning
                | Kind::UserInterrupt
                | Kind::UserToolConfirmation
                | Kind::UserCustomToolResult
                | Kind::AgentToolResult
        );
        assert!(input, "{second:?} behind idle");
    }
}

/// Messages and calls inside their request and in order, results and statuses outside.
fn inside_requests(public: &[&Record]) {
    let mut stage = None;
    let mut running = false;
    for record in public {
        let rank = match record.kind {
            Kind::AgentThinking => Some(1),
            Kind::AgentMessage => Some(2),
            Kind::AgentToolUse | Kind::AgentCustomToolUse => Some(3),
            _ => None,
        };
        match (record.kind, rank) {
            (Kind::ModelRequestStart, _) => {
                assert!(running, "a request of a session that does not run");
                stage = Some(0);
            }
            (Kind::ModelRequestEnd, _) => stage = None,
            (Kind::SessionStatusRunning, _) => running = true,
            (Kind::SessionStatusIdle | Kind::SessionStatusRescheduled, _) => {
                assert_eq!(stage, None, "a request is open while the session rests");
                running = false;
            }
            (Kind::AgentToolResult | Kind::UserMessage | Kind::SystemMessage, _) => {
                assert_eq!(stage, None, "{:?} inside a request", record.kind);
            }
            (kind, Some(rank)) => {
                let before = stage.unwrap_or_else(|| panic!("{kind:?} outside of a request"));
                assert!(before <= rank && (before < rank || rank != 2), "{kind:?} out of order");
                stage = Some(rank);
            }
            _ => {}
        }
    }
}

/// Inside one append only a new turn follows an idle event.
fn nothing_follows_idle(world: &World) {
    let mut from = 0;
    for to in &world.appends {
        let mut batch = world.log[from..*to].iter().filter(|r| r.kind.is_public());
        let idle = batch.find(|r| r.kind == Kind::SessionStatusIdle);
        if idle.is_some()
            && let Some(next) = batch.next()
        {
            assert_eq!(next.kind, Kind::SessionStatusRunning);
        }
        from = *to;
    }
}
