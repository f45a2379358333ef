//! Hands as processes of this machine and this user.

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use planaria_core::SessionId;
use planaria_core::port::BoxFuture;
use planaria_core::port::sandbox::{Driver, Error, Hand, Isolation, Locator, Spec};

use super::limits::ORPHAN_SECONDS;
use super::{client, remains, start};
use crate::hand::args::{Args, Verb};
use crate::hand::place::Place;
use crate::hand::process::Process;
use crate::hand::report::Address;
use crate::hand::socket_dir;

/// How hands are started.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct LocalOptions {
    /// Directory of the workspaces and of the hands' state.
    pub data_dir: PathBuf,
    /// The program that becomes a hand, with its first words; ours are put behind them. It must
    /// pass all of ours to [`crate::hand::main`].
    pub hand_command: Vec<OsString>,
    /// Seconds without a connection after which a hand ends itself with everything it started;
    /// 600 by default, 1 at least.
    pub orphan_seconds: u64,
}

impl LocalOptions {
    /// The defaults for this place and this program.
    pub fn new(data_dir: PathBuf, hand_command: Vec<OsString>) -> Self {
        Self { data_dir, hand_command, orphan_seconds: ORPHAN_SECONDS }
    }
}

/// Starts hands as processes of this machine, with the rights of this user. They outlive us.
#[derive(Debug)]
pub struct LocalDriver {
    options: LocalOptions,
}

impl LocalDriver {
    /// Does nothing yet; a wrong command shows at the first hand.
    pub fn new(options: LocalOptions) -> Self {
        Self { options }
    }

    /// Whether that hand's process lives on this machine. A hand of another machine, or of an
    /// earlier boot, does not.
    pub fn is_alive(locator: &Locator) -> bool {
        let address = serde_json::from_str::<Address>(&locator.address);
        address.is_ok_and(|address| address.process.is_alive())
    }

    /// What the log of another session may know of a hand when it goes on from a copy of this one:
    /// its number, and nothing by which it could be reached.
    pub fn out_of_reach(locator: &Locator, session: SessionId) -> Locator {
        let process = Process { pid: 0, start: 0, boot: String::new() };
        // Nothing lies below a file.
        let address = Address { socket: PathBuf::from("/dev/null/no-hand"), process };
        let address = serde_json::to_string(&address).expect("plain numbers and words");
        Locator { session, address, ..locator.clone() }
    }

    /// Where the hand of that session is and works.
    fn find(&self, locator: &Locator) -> Result<(Place, Address), Error> {
        if locator.driver != self.name() {
            let problem = format!("the hand was started by the driver `{}`", locator.driver);
            return Err(Error::Refused(problem));
        }
        let address = serde_json::from_str(&locator.address);
        let address = address.map_err(|e| Error::Refused(format!("no address of a hand: {e}")))?;
        Ok((Place::new(&self.options.data_dir, locator.session), address))
    }
}

impl Driver for LocalDriver {
    fn name(&self) -> &str {
        "local"
    }

    fn isolation(&self) -> Isolation {
        Isolation {
            level: "none".to_owned(),
            summary: "Commands run on this machine with this user's own rights, files and network."
                .to_owned(),
        }
    }

    fn provision(&self, spec: Spec) -> BoxFuture<'_, Result<Locator, Error>> {
        Box::pin(async move {
            let options = &self.options;
            let data = std::path::absolute(&options.data_dir);
            let args = Args {
                verb: Verb::Start,
                data: data.map_err(|error| Error::Start(error.to_string()))?,
                session: spec.session,
                generation: spec.generation,
                epoch: spec.epoch,
                orphan: Duration::from_secs(options.orphan_seconds.max(1)),
                socket_dir: socket_dir::choose(),
            };
            let address = start::start(&options.hand_command, &args).await?;
            let address = serde_json::to_string(&address)
                .map_err(|error| Error::Start(format!("the socket's path: {error}")))?;
            let (generation, session) = (spec.generation, spec.session);
            Ok(Locator { driver: self.name().to_owned(), generation, session, address })
        })
    }

    fn attach(&self, locator: Locator, epoch: u64) -> BoxFuture<'_, Result<Arc<dyn Hand>, Error>> {
        Box::pin(async move {
            let (place, address) = self.find(&locator)?;
            let problem = match client::connect(&address, &locator, epoch).await {
                Err(Error::Disconnected(problem)) => problem,
                other => return other,
            };
            if address.process.is_alive() {
                return Err(Error::Disconnected(problem));
            }
            let pid = address.process.pid;
            let cleared =
                tokio::task::spawn_blocking(move || remains::clear(&place, &address)).await;
            match cleared.expect("clearing does not panic") {
                Ok(()) => Err(Error::Dead {
                    generation: locator.generation,
                    problem: format!("its process {pid} is gone"),
                }),
                // What it started may run on, so it is not proved dead.
                Err(error) => Err(Error::Disconnected(error.to_string())),
            }
        })
    }

    fn destroy(&self, locator: Locator) -> BoxFuture<'_, Result<(), Error>> {
        Box::pin(async move {
            let (place, address) = self.find(&locator)?;
            let destroyed =
                tokio::task::spawn_blocking(move || remains::destroy(&place, &address)).await;
            let destroyed = destroyed.expect("destroying does not panic");
            destroyed.map_err(|error| Error::Disconnected(error.to_string()))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_hand_out_of_reach_is_proved_dead_and_hurts_nobody() {
        let data = tempfile::tempdir().unwrap();
        let driver = LocalDriver::new(LocalOptions::new(data.path().to_owned(), Vec::new()));
        let me = Process::current().unwrap();
        let socket = data.path().join("socket");
        let address = serde_json::to_string(&Address { socket, process: me }).unwrap();
        let session = SessionId(1);
        let ours = Locator { driver: "local".into(), generation: 3, session, address };
        assert!(LocalDriver::is_alive(&ours));

        let copy = LocalDriver::out_of_reach(&ours, SessionId(2));

        assert!(!LocalDriver::is_alive(&copy));
        assert_eq!((copy.generation, copy.session), (3, SessionId(2)));
        let attached = driver.attach(copy.clone(), 1).await;
        assert!(matches!(attached.err(), Some(Error::Dead { generation: 3, .. })));
        driver.destroy(copy).await.unwrap();
        assert!(LocalDriver::is_alive(&ours), "we are still here");
    }
}
