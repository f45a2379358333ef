//! Where a child stands.

use crate::living::Living;
use crate::node::{NodeCell, Status};
use crate::scope::Scope;

/// Where a child stands.
pub(crate) enum Place {
    /// It does not run.
    Absent,
    /// Its start function runs.
    Starting(Scope),
    /// It runs.
    Running(Living),
    /// It was asked to stop.
    Stopping(Living),
    /// It waits for its restart; another number means another wait.
    Restarting(u64),
}

/// The incarnation that lives, if one does.
pub(crate) fn living_of(place: &Place) -> Option<&Living> {
    match place {
        Place::Running(living) | Place::Stopping(living) => Some(living),
        Place::Absent | Place::Starting(_) | Place::Restarting(_) => None,
    }
}

/// The place in the words of the published tree.
pub(crate) fn status_of(place: &Place) -> Status {
    match place {
        Place::Absent => Status::Stopped,
        Place::Starting(_) => Status::Starting,
        Place::Running(_) => Status::Running,
        Place::Stopping(_) => Status::Stopping,
        Place::Restarting(_) => Status::Restarting,
    }
}

/// Changes the place and publishes it.
pub(crate) fn put(place: &mut Place, node: &NodeCell, new: Place) {
    node.status(status_of(&new));
    *place = new;
}
