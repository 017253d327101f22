//! The platform's queue of planned runs.

use futures_util::future::LocalBoxFuture;
use worker::Queue;

use crate::provisioning::fanout::{ChunkId, QueueError, RunQueue};

/// The binding `PROVISIONING_QUEUE`.
pub struct ProvisioningQueue(Queue);

impl ProvisioningQueue {
    pub fn new(binding: Queue) -> Self {
        Self(binding)
    }
}

impl RunQueue for ProvisioningQueue {
    fn send<'a>(&'a self, chunks: &'a [ChunkId]) -> LocalBoxFuture<'a, Result<(), QueueError>> {
        Box::pin(async move {
            self.0
                .send_batch(chunks.to_vec())
                .await
                .map_err(|error| QueueError(error.to_string()))
        })
    }
}
