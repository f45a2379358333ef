//! TEMP
use std::sync::Arc;
use std::time::Duration;
use planaria_core::SessionId;
use planaria_core::port::{env::Env, sandbox::Driver, store::{self, Store}};
use tokio::sync::watch;
use crate::{error::End, options::Supervision, providers::Route, registry::Registry, sandbox::Sandboxes};
/// x
pub struct Node;
/// x
#[derive(Debug, thiserror::Error)]
pub enum StartError { /// x
 #[error(transparent)] Store(#[from] store::Error) }
pub(crate) struct TreeDeps { pub store: Arc<dyn Store>, pub env: Arc<dyn Env>, pub driver: Arc<dyn Driver>, pub route: Box<Route>, pub supervision: Supervision }
pub(crate) struct Tree { pub deps: TreeDeps, pub registry: Registry, pub sandboxes: Sandboxes, pub end: watch::Sender<Option<End>> }
impl Tree {
  pub async fn start(_d: TreeDeps) -> Result<Self, StartError> { panic!() }
  pub async fn wake_open(&self) -> Result<(), StartError> { panic!() }
  pub async fn start_session(&self, _id: SessionId) {}
  pub fn snapshot(&self) -> Vec<Node> { vec![] }
  pub async fn stop(&self, _d: Duration) {}
  pub async fn inject(&self, _id: SessionId, _f: crate::Fault) -> bool { false }
}
