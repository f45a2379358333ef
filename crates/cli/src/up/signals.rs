//! The signals that `up` listens to.

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use crate::exit::Code;

/// The first signal drains, the second exits now. Both are heard until the process ends.
pub struct Interrupt(watch::Receiver<Option<Code>>);

impl Interrupt {
    pub fn listen() -> Self {
        let (heard, receiver) = watch::channel(None);
        tokio::spawn(async move {
            let (Ok(mut int), Ok(mut term)) =
                (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
            else {
                // Without handlers the signals end the process by themselves.
                return std::future::pending().await;
            };
            loop {
                let code = tokio::select! { biased;
                    _ = int.recv() => Code::Interrupted,
                    _ = term.recv() => Code::Terminated,
                };
                if heard.borrow().is_some() {
                    std::process::exit(i32::from(code.number()));
                }
                heard.send_replace(Some(code));
            }
        });
        Self(receiver)
    }

    pub async fn first(&mut self) -> Code {
        match self.0.wait_for(Option::is_some).await {
            Ok(code) => code.expect("waited for"),
            Err(_) => std::future::pending().await,
        }
    }
}
