//! The queue: one message a chunk. The database alone knows which users a chunk holds and where they
//! stand, so a message may be lost, delayed or doubled.

use futures_util::future::LocalBoxFuture;
use serde::{Deserialize, Serialize};

use crate::db;

db::row! {
    /// Names one chunk of one run; all that a message holds.
    #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct ChunkId {
        pub run_id: String,
        /// The chunk's number within the run, from 1.
        pub chunk: u32,
    }
}

/// The queue did not take messages, or did not say that it has.
#[derive(Debug, Clone, thiserror::Error)]
#[error("the queue did not take the messages: {0}")]
pub struct QueueError(pub String);

/// Where messages are sent.
pub trait RunQueue {
    /// Sends one message a chunk, all of them together: at most
    /// [`MESSAGES_A_SEND`](crate::provisioning::policy::MESSAGES_A_SEND).
    fn send<'a>(&'a self, chunks: &'a [ChunkId]) -> LocalBoxFuture<'a, Result<(), QueueError>>;
}
