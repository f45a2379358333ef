//! Which hands of a data directory live.

use std::fs;
use std::path::Path;

use planaria_core::SessionId;

use super::lock::Holder;
use super::place::Place;

/// A hand that lives.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Living {
    /// Whose hand.
    pub session: SessionId,
    /// Its process.
    pub pid: i32,
    /// Which hand of its session it is.
    pub generation: u64,
}

/// The hands of this data directory that live, in the order of their sessions. Takes no lock and
/// speaks to none of them. Directories that are missing or not ours hold none.
pub fn living(data: &Path) -> Vec<Living> {
    let entries = fs::read_dir(data.join("hands")).into_iter().flatten().flatten();
    let sessions = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let mut found: Vec<Living> = sessions.filter_map(|session| hand(data, session)).collect();
    found.sort_by_key(|hand| hand.session);
    found
}

fn hand(data: &Path, session: SessionId) -> Option<Living> {
    let text = fs::read_to_string(Place::new(data, session).lock()).ok()?;
    let Holder { process, generation, .. } = serde_json::from_str(&text).ok()?;
    process.is_alive().then_some(Living { session, pid: process.pid, generation })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hand::process::Process;

    fn holder(data: &Path, session: SessionId, process: Process) {
        let place = Place::new(data, session);
        place.create().unwrap();
        let holder = Holder { process, generation: 2, epoch: 1, swept: true };
        fs::write(place.lock(), serde_json::to_vec(&holder).unwrap()).unwrap();
    }

    #[test]
    fn only_hands_whose_process_lives_are_counted() {
        let data = tempfile::tempdir().unwrap();
        assert!(living(data.path()).is_empty());
        let me = Process::current().unwrap();
        holder(data.path(), SessionId(1), me.clone());
        holder(data.path(), SessionId(2), Process { start: me.start - 1, ..me.clone() });
        fs::create_dir_all(data.path().join("hands/something else")).unwrap();

        let found = living(data.path());

        assert_eq!(found, [Living { session: SessionId(1), pid: me.pid, generation: 2 }]);
    }
}
