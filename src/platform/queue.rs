//! The platform's queue of planned runs.

use std::time::Duration;

use futures_util::future::LocalBoxFuture;
use wasm_bindgen::JsValue;
use worker::{MessageBatch, MessageExt as _, Queue, QueueRetryOptionsBuilder, RawMessage};

use crate::provisioning::fanout::{ChunkId, QueueError, RunQueue};

/// How the dead-letter queue's name ends in every deployment.
const DEAD_LETTERS: &str = "dead-letters";

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

/// One message as it was delivered.
pub struct Message {
    /// The chunk; `None`: the message cannot be read.
    pub chunk: Option<ChunkId>,
    raw: RawMessage,
}

impl Message {
    /// The message is done with.
    pub fn ack(&self) {
        self.raw.ack();
    }

    /// To be delivered again after `after`, or after what the consumer's
    /// `retry_delay` says.
    pub fn retry(&self, after: Option<Duration>) {
        let options = QueueRetryOptionsBuilder::new();
        // A wait is rounded up: to come back before 3dEye allows it is to be refused again.
        let options = match after {
            Some(after) => options.with_delay_seconds(whole_seconds(after)),
            None => options,
        };
        self.raw.retry_with_options(&options.build());
    }
}

fn whole_seconds(duration: Duration) -> u32 {
    let seconds = duration.as_millis().div_ceil(1000);
    u32::try_from(seconds).unwrap_or(u32::MAX)
}

/// The messages of one delivery.
pub struct Messages {
    /// The queue's name.
    pub queue: String,
    pub all: Vec<Message>,
}

impl Messages {
    /// Reads a delivery. What a message holds may be anything.
    pub fn read(batch: &MessageBatch<JsValue>) -> Self {
        let messages = batch.raw_iter().map(|raw| Message {
            chunk: serde_wasm_bindgen::from_value(raw.body()).ok(),
            raw,
        });
        Self {
            queue: batch.queue(),
            all: messages.collect(),
        }
    }

    /// Whether these are messages that failed too often.
    pub fn are_dead_letters(&self) -> bool {
        self.queue.ends_with(DEAD_LETTERS)
    }

    /// The chunks of all readable messages.
    pub fn chunks(&self) -> Vec<ChunkId> {
        let chunks = self.all.iter();
        chunks.filter_map(|message| message.chunk.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_rounded_up_to_whole_seconds() {
        assert_eq!(whole_seconds(Duration::ZERO), 0);
        assert_eq!(whole_seconds(Duration::from_millis(1)), 1);
        assert_eq!(whole_seconds(Duration::from_secs(2)), 2);
        assert_eq!(whole_seconds(Duration::MAX), u32::MAX);
    }
}
