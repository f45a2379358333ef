//! Sessions that wait for each other.

use std::collections::BTreeMap;

use crate::fleet::Session;

/// Sessions that wait for each other, the first one once more at the end.
pub(super) fn cycle(sessions: &[Session]) -> Option<Vec<String>> {
    let mut waiting: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for session in sessions {
        let after = session.after.iter().map(String::as_str);
        waiting.insert(&session.name, after.collect());
    }
    // Whoever waits for nobody that waits is free; what remains hangs on a cycle.
    loop {
        let free = |after: &Vec<&str>| !after.iter().any(|name| waiting.contains_key(name));
        let freed: Vec<&str> =
            waiting.iter().filter(|(_, after)| free(after)).map(|(name, _)| *name).collect();
        if freed.is_empty() {
            break;
        }
        waiting.retain(|name, _| !freed.contains(name));
    }
    let mut path: Vec<&str> = vec![waiting.keys().next()?];
    loop {
        let last = path.last().expect("not empty");
        let next = waiting[last].iter().find(|name| waiting.contains_key(*name))?;
        path.push(next);
        if let Some(start) = path[..path.len() - 1].iter().position(|name| name == next) {
            return Some(path[start..].iter().map(|name| (*name).to_owned()).collect());
        }
    }
}
