//! When to read the fleet's files again: when somebody sends SIGHUP, and with `--watch` when they
//! change.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;
use notify::{Event, RecommendedWatcher, RecursiveMode, Watcher};
use planaria_fleet::{Fleet, Model};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc;

/// How long files must be quiet before they are read: editors write in several steps.
const QUIET: Duration = Duration::from_millis(200);
/// How often a burst of changes may put that off, so that one that never ends hides nothing.
const BURST_MAX: usize = 10;
/// What the files of a fleet end with.
const EXTENSIONS: [&str; 3] = ["yaml", "yml", "md"];
/// The directories of a fleet that have files of their own.
const PLACES: [&str; 3] = ["", "agents", "environments"];

/// Says when to read again.
pub struct Reloads {
    hangup: Option<Signal>,
    files: Option<Files>,
}

struct Files {
    watcher: RecommendedWatcher,
    changes: mpsc::Receiver<()>,
}

impl Reloads {
    /// Listens to SIGHUP, and if `watch` to the files in the fleet's directory.
    pub fn listen(dir: &Path, watch: bool) -> anyhow::Result<Self> {
        // Without a handler, SIGHUP ends the process as it always did.
        let hangup = signal(SignalKind::hangup()).ok();
        let files = watch.then(|| Files::watch(dir)).transpose()?;
        Ok(Self { hangup, files })
    }

    /// Waits until the files are to be read again.
    pub async fn next(&mut self) {
        let Self { hangup, files } = self;
        let hung_up = async {
            match hangup {
                Some(signal) => drop(signal.recv().await),
                None => std::future::pending().await,
            }
        };
        let changed = async {
            match files {
                Some(files) => files.changed().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! { biased;
            () = hung_up => {}
            () = changed => {}
        }
    }

    /// Looks at the places that a fleet names, too.
    pub fn follow(&mut self, fleet: &Fleet) -> anyhow::Result<()> {
        self.files.as_mut().map_or(Ok(()), |files| files.follow(fleet))
    }
}

impl Files {
    fn watch(dir: &Path) -> anyhow::Result<Self> {
        // One place: that something has changed is all that is to be known.
        let (sender, changes) = mpsc::channel(1);
        let watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
            // What cannot be told apart any more counts as a change.
            if event.map_or(true, |event| matters(&event)) {
                let _ = sender.try_send(());
            }
        });
        let watcher = watcher.context("the system does not tell of changed files")?;
        let mut files = Self { watcher, changes };
        files.look_at(PLACES.iter().map(|place| dir.join(place)))?;
        Ok(files)
    }

    fn follow(&mut self, fleet: &Fleet) -> anyhow::Result<()> {
        let scripts = fleet.providers.values().filter_map(|provider| match &provider.model {
            Model::Scripted { scripts } => Some(scripts.clone()),
            _ => None,
        });
        let places = PLACES.iter().map(|place| fleet.dir.join(place));
        self.look_at(places.chain(scripts).collect::<Vec<_>>().into_iter())
    }

    /// Watches directories in which files of the fleet lie, each by itself: what lies deeper (a
    /// workspace's source, the data directory) is not ours to look at. A directory that was removed
    /// and made again is another one, so this is done each time.
    fn look_at(&mut self, places: impl Iterator<Item = PathBuf>) -> anyhow::Result<()> {
        for place in places.filter(|place| place.is_dir()) {
            let watched = self.watcher.watch(&place, RecursiveMode::NonRecursive);
            watched.with_context(|| format!("cannot watch {}", place.display()))?;
        }
        Ok(())
    }

    /// Waits for a change, and then for quiet.
    async fn changed(&mut self) {
        if self.changes.recv().await.is_none() {
            return std::future::pending().await;
        }
        for _ in 0..BURST_MAX {
            if tokio::time::timeout(QUIET, self.changes.recv()).await.is_err() {
                return;
            }
        }
    }
}

/// Whether an event may mean that a file of a fleet says something else now. Hidden files are those
/// of editors, and our own data.
fn matters(event: &Event) -> bool {
    let is_ours = |path: &Path| {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let extension = path.extension().and_then(|extension| extension.to_str());
        let may_say_something = match extension {
            Some(extension) => EXTENSIONS.contains(&extension),
            // A directory that has gone is known by its name only.
            None => path.is_dir() || PLACES.contains(&name),
        };
        may_say_something && !name.starts_with('.')
    };
    !event.kind.is_access() && event.paths.iter().any(|path| is_ours(path))
}

#[cfg(test)]
mod tests {
    use notify::EventKind;
    use notify::event::{AccessKind, CreateKind, ModifyKind};

    use super::*;

    #[test]
    fn only_changes_of_files_that_a_fleet_may_have_matter() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(dir.path().join(".planaria")).unwrap();
        std::fs::create_dir_all(dir.path().join("agents")).unwrap();
        let event = |kind: EventKind, name: &str| {
            matters(&Event::new(kind).add_path(dir.path().join(name)))
        };
        let changed = EventKind::Modify(ModifyKind::Any);
        assert!(event(changed, "fleet.yaml") && event(changed, "agents/a.md"));
        assert!(event(EventKind::Create(CreateKind::Folder), "agents"));
        assert!(event(changed, "environments"), "also when it is not there any more");
        assert!(!event(EventKind::Access(AccessKind::Any), "fleet.yaml"), "we read it ourselves");
        for other in [".planaria", ".fleet.yaml.swp", ".#fleet.yaml", "notes.txt", "4913"] {
            assert!(!event(changed, other), "{other}");
        }
    }
}
