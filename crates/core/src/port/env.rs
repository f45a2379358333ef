//! Time and chance, the two things a program reads without asking anybody.

use std::time::Duration;

use crate::session::Stamp;

/// The one source of time, ids and jitter. Real in the binary, virtual in the simulated world.
pub trait Env: Send + Sync {
    /// Wall-clock time in microseconds since the Unix epoch.
    fn now(&self) -> u64;

    /// Time since an arbitrary start; never goes back.
    fn monotonic(&self) -> Duration;

    /// 128 bits that nobody else has drawn: the seed of ids.
    fn random(&self) -> u128;

    /// What a decision needs to know of the outside.
    fn stamp(&self) -> Stamp {
        let id_seed = self.random();
        Stamp { now: self.now(), id_seed, jitter: (self.random() >> 96) as u32 }
    }
}

/// A shared environment is one.
impl<E: Env + ?Sized> Env for std::sync::Arc<E> {
    fn now(&self) -> u64 {
        (**self).now()
    }

    fn monotonic(&self) -> Duration {
        (**self).monotonic()
    }

    fn random(&self) -> u128 {
        (**self).random()
    }

    fn stamp(&self) -> Stamp {
        (**self).stamp()
    }
}
