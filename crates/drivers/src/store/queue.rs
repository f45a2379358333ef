//! A bounded way from async callers to the threads that block for them.

use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, Sender};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The callers' end. A caller waits at the door while the queue is full.
pub(super) struct Queue<T> {
    sender: Sender<Queued<T>>,
    door: Arc<Semaphore>,
}

impl<T> Clone for Queue<T> {
    fn clone(&self) -> Self {
        Self { sender: self.sender.clone(), door: self.door.clone() }
    }
}

/// A request in the queue; its place is free again when this is dropped.
pub(super) struct Queued<T> {
    pub request: T,
    _place: Option<OwnedSemaphorePermit>,
}

/// Nobody takes requests any more.
#[derive(Debug)]
pub(super) struct Gone;

impl<T> Queue<T> {
    /// A queue for `bound` requests.
    pub fn new(bound: usize) -> (Self, Receiver<Queued<T>>) {
        let (sender, receiver) = mpsc::channel();
        (Self { sender, door: Arc::new(Semaphore::new(bound)) }, receiver)
    }

    /// Queues a request, as soon as there is room.
    pub async fn send(&self, request: T) -> Result<(), Gone> {
        let place = self.door.clone().acquire_owned().await.map_err(|_| Gone)?;
        self.sender.send(Queued { request, _place: Some(place) }).map_err(|_| Gone)
    }

    /// Queues the order to stop, which needs no room.
    pub fn stop(&self, request: T) -> Result<(), Gone> {
        self.sender.send(Queued { request, _place: None }).map_err(|_| Gone)
    }
}
