//! Finding the session's hand, or starting the next one.

use std::sync::Arc;

use planaria_core::port::sandbox::{Error, Locator, Spec};
use planaria_core::session::{Command, SessionState};
use tokio::sync::oneshot;

use super::actor::{BoundHand, SandboxDeps};
use crate::limits::{
    ATTACH_TRIES, ATTACH_WAIT, BIND_TRIES, PROVISION_TRIES, PROVISION_WAIT, START_WAIT,
};
use crate::session::{Order, SessionMsg};
use crate::view::Condition;

/// A generation that is not the last one was proved dead before the last one was started.
pub(super) async fn destroy(deps: &SandboxDeps, generation: u64) -> Result<(), String> {
    let state = awake(deps).await?;
    match state.hand.clone().filter(|hand| hand.generation == generation) {
        Some(hand) => deps.driver.destroy(hand).await.map_err(|error| error.to_string()),
        None => Ok(()),
    }
}

/// Attaches to the bound hand, or starts the next one if that is proved dead. A hand that cannot be
/// bound because the session knows of a later one is ended again, and the later one is looked for.
pub(super) async fn connect(deps: &SandboxDeps) -> Result<BoundHand, String> {
    let mut problem = String::new();
    for _ in 0..BIND_TRIES {
        match try_connect(deps).await? {
            Ok(bound) => return Ok(bound),
            Err(stale) => problem = stale,
        }
    }
    Err(problem)
}

/// The outer error is final, the inner one worth another try.
async fn try_connect(deps: &SandboxDeps) -> Result<Result<BoundHand, String>, String> {
    let state = awake(deps).await?;
    let mut generation = 0;
    if let Some(locator) = &state.hand {
        generation = locator.generation;
        if let Some(bound) = attach(deps, locator, state.epoch).await? {
            return Ok(Ok(bound));
        }
    }
    let spec = Spec { session: deps.id, epoch: state.epoch, generation: generation + 1 };
    let locator = provision(deps, spec).await?;
    let bound = bind(deps, &locator).await;
    if !matches!(bound, Ok(Ok(()))) {
        // Nobody would find it again.
        deps.driver.destroy(locator.clone()).await.map_err(|error| error.to_string())?;
    }
    if let Err(stale) = bound? {
        return Ok(Err(stale));
    }
    match attach(deps, &locator, state.epoch).await? {
        Some(bound) => Ok(Ok(bound)),
        None => Ok(Err("the new hand died at once; its log is in the data directory".to_owned())),
    }
}

/// Starts a hand, again where that may help.
async fn provision(deps: &SandboxDeps, spec: Spec) -> Result<Locator, String> {
    let mut wait = PROVISION_WAIT;
    for _ in 1..PROVISION_TRIES {
        match deps.driver.provision(spec.clone()).await {
            Err(error) if error.is_retryable() => {
                tracing::warn!(session = %deps.id, %error, "no hand yet");
                tokio::time::sleep(wait).await;
                wait *= 2;
            }
            result => return result.map_err(|error| error.to_string()),
        }
    }
    deps.driver.provision(spec).await.map_err(|error| error.to_string())
}

/// The session's state as its living actor knows it: a dead one's may lack what became durable
/// last.
async fn awake(deps: &SandboxDeps) -> Result<Arc<SessionState>, String> {
    deps.session.ready(START_WAIT).await.ok_or("the session did not come back for its hand")?;
    let mut view = deps.shared.view.subscribe();
    let awake = view.wait_for(|view| !matches!(view.condition, Condition::Starting));
    match tokio::time::timeout(START_WAIT, awake).await {
        Ok(Ok(view)) => Ok(view.state.clone()),
        _ => Err("the session did not come back to say which hand it has".to_owned()),
    }
}

/// The connection, or `None` when the hand is proved dead.
async fn attach(
    deps: &SandboxDeps,
    locator: &Locator,
    epoch: u64,
) -> Result<Option<BoundHand>, String> {
    let mut wait = ATTACH_WAIT;
    for _ in 0..ATTACH_TRIES {
        match deps.driver.attach(locator.clone(), epoch).await {
            Ok(hand) => return Ok(Some(BoundHand { generation: locator.generation, hand })),
            Err(Error::Dead { problem, .. }) => {
                tracing::info!(session = %deps.id, %problem, "the hand is dead");
                return Ok(None);
            }
            Err(error @ Error::Fenced(_)) => return Err(error.to_string()),
            Err(error @ Error::Version { .. }) => {
                tracing::warn!(session = %deps.id, %error, "replacing a hand of another version");
                break;
            }
            Err(error) => {
                tracing::debug!(session = %deps.id, %error, "the hand did not answer");
                tokio::time::sleep(wait).await;
                wait *= 2;
            }
        }
    }
    // It lives or it does not: after this it does not.
    deps.driver.destroy(locator.clone()).await.map_err(|error| error.to_string())?;
    Ok(None)
}

/// Makes the hand durable before anything runs on it. A session that dies meanwhile is asked again:
/// binding the same hand twice changes nothing.
async fn bind(deps: &SandboxDeps, locator: &Locator) -> Result<Result<(), String>, String> {
    let isolation = deps.driver.isolation();
    loop {
        let session = deps.session.ready(START_WAIT).await;
        let session = session.ok_or("the session did not come back to bind its hand")?;
        let command = Command::BindHand { locator: locator.clone(), isolation: isolation.clone() };
        let (reply, answer) = oneshot::channel();
        let order = Order { reply: Some(reply), ..Order::report(command) };
        if session.cast(SessionMsg::Order(Box::new(order))).is_ok() {
            match answer.await {
                Ok(Ok(_)) => return Ok(Ok(())),
                Ok(Err(crate::Error::Rejected(stale))) => return Ok(Err(stale.to_string())),
                Ok(Err(error)) => return Err(error.to_string()),
                Err(_) => {}
            }
        }
        tokio::task::yield_now().await;
    }
}
