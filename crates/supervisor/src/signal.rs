//! Something that happens once, and may be waited for.

use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Notify;

/// Told once, heard by everybody who waits, in the order in which they began to. Part of what it is
/// about, where a `CancellationToken` would be an allocation of its own: every run of a child has
/// four of them.
#[derive(Default)]
pub(crate) struct Signal {
    told: AtomicBool,
    waiting: Notify,
}

impl Signal {
    pub fn tell(&self) {
        self.told.store(true, Ordering::SeqCst);
        self.waiting.notify_waiters();
    }

    pub fn is_told(&self) -> bool {
        self.told.load(Ordering::SeqCst)
    }

    /// Until it is told.
    pub async fn told(&self) {
        // Created before the look, so that nothing that is told in between is missed.
        let told = self.waiting.notified();
        if !self.is_told() {
            told.await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn everybody_hears_it_whether_they_wait_already_or_come_later() {
        let signal = std::sync::Arc::new(Signal::default());
        let waiting = signal.clone();
        let early = tokio::spawn(async move { waiting.told().await });
        tokio::task::yield_now().await;
        assert!(!early.is_finished() && !signal.is_told());
        signal.tell();
        early.await.expect("it hears");
        signal.told().await;
    }
}
