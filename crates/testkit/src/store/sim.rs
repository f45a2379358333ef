//! A store without threads, whose disk can fail, hang and lose what was not synced.
//!
//! It promises what a real store promises and not a bit more: until a group is acknowledged it may
//! vanish or stay, and after a failed write nothing is accepted. Time passes only where
//! [`SimStore::delay`] says so, so under paused time a run is a function of its seed.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use planaria_core::port::BoxFuture;
use planaria_core::port::store::{Error, Head, Put, Refusal, Snapshot, Store, Txn};
use planaria_core::record::codec;
use planaria_core::{Record, SessionId};
use tokio::sync::watch;

use super::disk::{Platter, SimDisk};

/// A place in a commit where it can be held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Point {
    /// Nothing is written: a crash here loses the group.
    BeforeWrite,
    /// Written, not synced: a crash here may keep any part of it.
    BeforeSync,
    /// Durable, and nobody knows yet: a crash here keeps it.
    BeforeAck,
}

/// What goes wrong with a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// Nothing could be written.
    Write,
    /// It was written, and the sync failed: it may be there after a restart.
    Sync,
    /// The disk is full.
    Full,
}

/// A store on a [`SimDisk`].
#[derive(Debug)]
pub struct SimStore {
    disk: SimDisk,
    number: u64,
    claims: AtomicU64,
    /// One group at a time, in the order of arrival.
    turn: tokio::sync::Mutex<()>,
    orders: Mutex<Orders>,
    state: watch::Sender<State>,
}

#[derive(Debug, Default)]
struct Orders {
    hold: Option<Point>,
    failure: Option<Failure>,
    delay: Duration,
    poisoned: Option<String>,
    closed: bool,
}

/// Where the commit under way is held, if it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Free,
    Held(Point),
}

impl SimStore {
    /// Opens the store on a disk.
    ///
    /// # Errors
    /// [`Error::Locked`] while another store has it open: crash or close that one first.
    pub fn open(disk: &SimDisk) -> Result<Self, Error> {
        let number = disk.lock().open()?;
        Ok(Self {
            disk: disk.clone(),
            number,
            claims: AtomicU64::new(0),
            turn: tokio::sync::Mutex::new(()),
            orders: Mutex::default(),
            state: watch::Sender::new(State::Free),
        })
    }

    /// Its disk.
    pub fn disk(&self) -> &SimDisk {
        &self.disk
    }

    /// Every commit from now on takes this long, half before its write and half before its sync.
    pub fn delay(&self, each: Duration) {
        self.orders().delay = each;
    }

    /// Lets the next commit fail, and with it the store.
    pub fn fail_next(&self, failure: Failure) {
        self.orders().failure = Some(failure);
    }

    /// Holds the next commit that comes to this point, until [`SimStore::release`] or a crash.
    pub fn hold(&self, point: Point) {
        self.orders().hold = Some(point);
    }

    /// Waits until a commit is held, and says where.
    pub async fn held(&self) -> Point {
        let mut state = self.state.subscribe();
        let held = state.wait_for(|state| *state != State::Free).await;
        match *held.expect("the store owns the sender") {
            State::Held(point) => point,
            State::Free => unreachable!("waited for the opposite"),
        }
    }

    /// Lets the held commit go on, and withdraws a hold that no commit has met yet.
    pub fn release(&self) {
        self.orders().hold = None;
        self.state.send_replace(State::Free);
    }

    fn orders(&self) -> MutexGuard<'_, Orders> {
        self.orders.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The disk, as long as the store is alive and well on it.
    fn platter(&self) -> Result<MutexGuard<'_, Platter>, Error> {
        let orders = self.orders();
        if let Some(cause) = &orders.poisoned {
            return Err(Error::Poisoned(cause.clone()));
        }
        let platter = self.disk.lock();
        if orders.closed || platter.holder != Some(self.number) {
            return Err(Error::Closed);
        }
        Ok(platter)
    }

    /// Stops here if so ordered. After a crash the commit goes no further than this.
    async fn reach(&self, point: Point) -> Result<(), Error> {
        let hold = {
            let mut orders = self.orders();
            let hold = orders.hold == Some(point);
            if hold {
                orders.hold = None;
            }
            hold
        };
        if hold {
            self.state.send_replace(State::Held(point));
            let mut state = self.state.subscribe();
            // The sender lives as long as the store.
            let _ = state.wait_for(|state| *state == State::Free).await;
        }
        self.platter().map(drop)
    }

    async fn pass(&self, time: Duration) {
        if !time.is_zero() {
            tokio::time::sleep(time).await;
        }
    }

    /// Fails as ordered. A failed sync leaves the written group to chance.
    fn fail(&self, failure: Failure) -> Error {
        let path = "the simulated disk".to_owned();
        let error = match failure {
            Failure::Write => Error::Poisoned(format!("writing to {path}: input/output error")),
            Failure::Sync => Error::Poisoned(format!("syncing {path}: input/output error")),
            Failure::Full => Error::Full { path },
        };
        self.orders().poisoned = Some(error.to_string());
        error
    }

    async fn commit_group(&self, group: Vec<Txn>) -> Result<Vec<Result<Head, Refusal>>, Error> {
        let _turn = self.turn.lock().await;
        self.platter().map(drop)?;
        let half = self.orders().delay / 2;
        self.pass(half).await;
        self.reach(Point::BeforeWrite).await?;
        let failure = self.orders().failure.take();
        if let Some(failure @ (Failure::Write | Failure::Full)) = failure {
            return Err(self.fail(failure));
        }
        let outcomes = self.platter()?.write(group.clone());
        // A caller that goes away from here on does not take the group back.
        let mut finish = Finish { store: self, failure, armed: true };
        self.pass(half).await;
        self.reach(Point::BeforeSync).await?;
        finish.armed = false;
        if let Some(failure) = failure {
            return Err(self.fail(failure));
        }
        self.platter()?.sync();
        self.reach(Point::BeforeAck).await?;
        self.platter()?.acknowledge(&group, &outcomes);
        Ok(outcomes)
    }

    fn read_page(&self, id: SessionId, from: u64, max: usize) -> Result<Vec<Record>, Error> {
        let platter = self.platter()?;
        let from = from.max(1);
        let skip = usize::try_from(from - 1).unwrap_or(usize::MAX);
        let log = platter.durable().logs.get(&id).map(Vec::as_slice).unwrap_or_default();
        let page = (from..=u64::MAX).zip(log.iter().skip(skip)).take(max);
        page.map(|(seq, bytes)| {
            codec::decode(id, seq, bytes).map_err(|e| Error::Corrupt {
                session: id,
                seq,
                problem: e.to_string(),
            })
        })
        .collect()
    }
}

/// Takes a written group to its end when its caller goes away, as the thread of a real store would.
struct Finish<'a> {
    store: &'a SimStore,
    failure: Option<Failure>,
    armed: bool,
}

impl Drop for Finish<'_> {
    fn drop(&mut self) {
        if !self.armed {
            return;
        }
        match self.failure {
            Some(failure) => drop(self.store.fail(failure)),
            // A store that died meanwhile writes nothing.
            None => drop(self.store.platter().map(|mut platter| platter.sync())),
        }
    }
}

impl Store for SimStore {
    fn commit(&self, group: Vec<Txn>) -> BoxFuture<'_, Result<Vec<Result<Head, Refusal>>, Error>> {
        Box::pin(self.commit_group(group))
    }

    fn read(
        &self,
        session: SessionId,
        from: u64,
        max: usize,
    ) -> BoxFuture<'_, Result<Vec<Record>, Error>> {
        Box::pin(async move { self.read_page(session, from, max) })
    }

    fn head(&self, session: SessionId) -> BoxFuture<'_, Result<Option<Head>, Error>> {
        Box::pin(async move { Ok(self.platter()?.durable().heads.get(&session).copied()) })
    }

    fn get(&self, key: Vec<u8>) -> BoxFuture<'_, Result<Option<Vec<u8>>, Error>> {
        Box::pin(async move { Ok(self.platter()?.durable().catalog.get(&key).cloned()) })
    }

    fn scan(&self, prefix: Vec<u8>, max: usize) -> BoxFuture<'_, Result<Vec<Put>, Error>> {
        Box::pin(async move {
            let platter = self.platter()?;
            let entries = platter.durable().catalog.range(prefix.clone()..);
            let entries = entries.take_while(|(key, _)| key.starts_with(&prefix)).take(max);
            Ok(entries.map(|(k, v)| Put { key: k.clone(), value: v.clone() }).collect())
        })
    }

    fn open_sessions(&self) -> BoxFuture<'_, Result<Vec<SessionId>, Error>> {
        Box::pin(async move { Ok(self.platter()?.durable().open.iter().copied().collect()) })
    }

    fn save_snapshot(
        &self,
        session: SessionId,
        seq: u64,
        bytes: Vec<u8>,
    ) -> BoxFuture<'_, Result<(), Error>> {
        Box::pin(async move {
            self.platter()?.snapshots.insert(session, Snapshot { seq, bytes });
            Ok(())
        })
    }

    fn snapshot(&self, session: SessionId) -> BoxFuture<'_, Result<Option<Snapshot>, Error>> {
        Box::pin(async move { Ok(self.platter()?.snapshots.get(&session).cloned()) })
    }

    fn next_epoch(&self) -> u64 {
        (self.number << 32) | self.claims.fetch_add(1, Ordering::Relaxed)
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            let _turn = self.turn.lock().await;
            self.orders().closed = true;
            let mut platter = self.disk.lock();
            if platter.holder == Some(self.number) {
                platter.holder = None;
            }
        })
    }
}
