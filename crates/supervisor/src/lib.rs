//! OTP supervision over ractor.
//!
//! A supervisor starts its children in order, notices how they end, restarts them by a strategy
//! within a budget, and stops them in reverse order. The words are OTP's and mean what they mean
//! there; `docs/supervision.md` lists what is different and why.
//!
//! What ractor leaves open is done here: a child counts as dead only when its whole subtree and all
//! its tracked tasks are ([`Scope`]); a kill is an abnormal exit; starting and stopping never block
//! a supervisor's mailbox; the tree can be looked at without asking anybody
//! ([`SupervisorRef::snapshot`]).
//!
//! Nothing is global: no actor has a name, and any number of trees live in one process.

#[cfg(panic = "abort")]
compile_error!("supervision needs unwinding: build with panic = \"unwind\"");

mod announced;
mod backoff;
mod budget;
mod child;
mod context;
mod dynamic;
mod error;
mod exit;
mod launch;
mod limits;
mod living;
mod node;
mod report;
mod scope;
mod signal;
mod spec;
mod supervisor;
mod worker;

pub use backoff::{Backoff, Jitter};
pub use budget::Intensity;
pub use child::{ChildSpec, Kind, Restart, Shutdown};
pub use context::{Context, Options};
pub use dynamic::{DynamicRef, DynamicSpec, Template};
pub use error::{Error, StartError};
pub use exit::ExitReason;
pub use launch::{BoxFuture, Info, StartResult, Started};
pub use node::{Exit, Node, Status};
/// ractor's own, of the version that the actors here are made of.
pub use ractor::{ActorRef, Message};
pub use report::{Report, ReportContext, Reports};
pub use scope::Scope;
pub use spec::{AutoShutdown, Spec, Strategy, check_children};
pub use supervisor::{Child, Count, Handle, SupervisorRef, start, start_nested};
pub use worker::{Flow, Worker, worker};
