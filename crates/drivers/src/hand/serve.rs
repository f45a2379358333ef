//! The life of a hand.

use std::cell::{Cell, RefCell};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

use tokio::net::UnixListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{Notify, Semaphore, mpsc, watch};
use tokio::task::LocalSet;
use tokio::time::{Instant, sleep_until};

use super::args::Args;
use super::calls::Calls;
use super::connection::{self, Hand};
use super::error::Error;
use super::index::Index;
use super::journal::Entry;
use super::limits::{CONNECTIONS_MAX, KILL_THREADS, TOOL_THREADS};
use super::lock::{Holder, Lock};
use super::place::Place;
use super::process::{self, Process, Quarry, sweep};
use super::reaper::Reaper;
use super::report::{Address, Report};
use super::shell::ShellSlot;
use super::socket_dir;
use super::tools::Tools;

/// Is a hand until it is told to end, or nobody has come for too long.
pub(super) fn serve(args: &Args) -> Result<(), Error> {
    let ended = prepare(args).and_then(|prepared| prepared.run(args));
    let report = match &ended {
        Err(Error::Fenced(problem)) => Report::Fenced(problem.clone()),
        Err(error) => Report::Failed(error.to_string()),
        Ok(()) => return ended,
    };
    // Where nobody listens, the error still goes into the log.
    let _ = report.say();
    ended
}

/// A hand that owns its workspace.
struct Prepared {
    place: Place,
    me: Process,
    lock: Lock,
    index: Index,
}

/// Takes the workspace, and leaves nothing running there that an earlier hand started.
fn prepare(args: &Args) -> Result<Prepared, Error> {
    // Fails where the process leads a group already; then no terminal's signal reaches it either.
    let _ = rustix::process::setsid();
    let subreaper = rustix::process::set_child_subreaper(rustix::process::Pid::from_raw(1));
    subreaper
        .map_err(|error| Error::io("becoming a subreaper below", Path::new("/proc"), error))?;
    let me = Process::current()
        .ok_or_else(|| Error::Usage("there is no /proc, which the local driver needs".into()))?;
    let place = args.place();
    place.create()?;
    let entered = std::env::set_current_dir(&place.workspace);
    entered.map_err(|error| Error::io("entering", &place.workspace, error))?;
    let (generation, epoch) = (args.generation, args.epoch);
    let holder = Holder { process: me.clone(), generation, epoch, swept: false };
    let mut lock = Lock::seize(&place, &holder)?;
    let mut index = Index::open(&place.journal())?;
    let (generation, epoch) = index.owner();
    if generation > args.generation || epoch > args.epoch {
        return Err(Error::Fenced(format!(
            "the workspace belonged to generation {generation} of epoch {epoch} since"
        )));
    }
    let leaders = process::read(&place);
    let leaders = leaders.map_err(|error| Error::io("reading", &place.processes(), error))?;
    sweep(&Quarry { leaders, place: Some(place.clone()) })?;
    process::record(&place, std::slice::from_ref(&me))?;
    lock.say(&Holder { swept: true, ..holder })?;
    let before = place.socket_name(args.generation.saturating_sub(1));
    let _ = fs::remove_file(args.socket_dir.join(before));
    index.append(&Entry::Owner { generation: args.generation, epoch: args.epoch })?;
    Ok(Prepared { place, me, lock, index })
}

impl Prepared {
    fn run(self, args: &Args) -> Result<(), Error> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .max_blocking_threads(TOOL_THREADS + KILL_THREADS)
            .build()
            .map_err(|error| Error::io("starting a runtime in", &self.place.workspace, error))?;
        let place = Some(self.place.clone());
        let quarry = Quarry { leaders: vec![self.me.clone()], place };
        let ended = LocalSet::new().block_on(&runtime, self.live(args));
        // A file tool may hang in the file system; it must not keep the process.
        runtime.shutdown_background();
        let swept = sweep(&quarry);
        ended.and(swept)
    }

    async fn live(self, args: &Args) -> Result<(), Error> {
        let Self { place, me, lock, index } = self;
        let failed = |error| Error::io("watching the signals of", Path::new("/proc/self"), error);
        let reaper = Reaper::start().map_err(failed)?;
        let mut terminated = signal(SignalKind::terminate()).map_err(failed)?;
        let socket = args.socket_dir.join(place.socket_name(args.generation));
        let listener = listen(&args.socket_dir, &socket)?;
        let shell = ShellSlot::new(place.clone(), reaper, me.clone());
        let (failures, mut failure) = mpsc::unbounded_channel();
        let (epoch, _) = watch::channel(args.epoch);
        let hand = Rc::new(Hand {
            session: args.session,
            generation: args.generation,
            process: me.clone(),
            calls: Calls::new(index, Tools::new(place, shell), failures),
            lock: RefCell::new(lock),
            epoch,
            connections: Cell::new(0),
            came_or_went: Notify::new(),
            retired: Notify::new(),
        });
        // Whoever asked for this hand and is gone has not bound it: it would wait for nobody.
        let said = Report::Ready(Address { socket: socket.clone(), process: me }).say();
        if let Err(error) = said {
            let _ = fs::remove_file(&socket);
            return Err(Error::io("telling of the socket", &socket, error));
        }
        // From here on nobody reads the pipe that standard output was.
        let redirected = rustix::stdio::dup2_stdout(std::io::stderr());
        redirected.map_err(|error| Error::io("redirecting", Path::new("stdout"), error))?;
        let ended = tokio::select! { biased;
            error = failure.recv() => Err(error.expect("the calls hold a sender")),
            _ = terminated.recv() => {
                hand.calls.retire().await;
                Ok(())
            }
            () = hand.retired.notified() => Ok(()),
            () = orphaned(&hand, args) => {
                tracing::info!(session = %args.session, "nobody came; the hand ends");
                Ok(())
            }
            never = accept(&hand, listener) => match never {},
        };
        let _ = fs::remove_file(&socket);
        ended
    }
}

/// Listens for this user alone. A socket of that name is a dead hand's: the workspace is ours.
fn listen(directory: &Path, socket: &PathBuf) -> Result<UnixListener, Error> {
    socket_dir::admit(directory)?;
    let failed = |error| Error::io("listening at", socket, error);
    match fs::remove_file(socket) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(failed(error)),
        _ => {}
    }
    let listener = UnixListener::bind(socket).map_err(failed)?;
    fs::set_permissions(socket, fs::Permissions::from_mode(0o600)).map_err(failed)?;
    Ok(listener)
}

async fn accept(hand: &Rc<Hand>, listener: UnixListener) -> std::convert::Infallible {
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    loop {
        match listener.accept().await {
            Ok((stream, _)) => match places.clone().try_acquire_owned() {
                Ok(place) => {
                    let serving = connection::serve(hand.clone(), stream);
                    tokio::task::spawn_local(async move {
                        serving.await;
                        drop(place);
                    });
                }
                Err(_) => tracing::warn!("too many connections; one was refused"),
            },
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                // Out of file descriptors: it does not get better at once.
                tokio::time::sleep(super::limits::KILL_PAUSE).await;
            }
        }
    }
}

/// Waits until nobody has been connected for as long as the orphan deadline.
async fn orphaned(hand: &Hand, args: &Args) {
    loop {
        let alone = hand.connections.get() == 0;
        let deadline = Instant::now() + args.orphan;
        tokio::select! { biased;
            () = hand.came_or_went.notified() => {}
            () = sleep_until(deadline), if alone => return,
        }
    }
}
