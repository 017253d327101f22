//! Messages of a queue.

use std::time::Duration;

use wasm_bindgen::JsValue;
use worker::{Env, MessageBatch, MessageExt as _, QueueRetryOptionsBuilder, RawMessage};

use crate::app::delivery::{self, Verdict};
use crate::platform::isolate::services;
use crate::platform::log::Console;
use crate::provisioning::fanout::ChunkId;

/// Works off one delivery. Every message is acknowledged or sent back by itself, and nothing is
/// thrown: that would send all of them back at once.
pub async fn queue(batch: MessageBatch<JsValue>, env: Env) {
    let messages: Vec<RawMessage> = batch.raw_iter().collect();
    // What a message holds may be anything.
    let chunks = messages
        .iter()
        .map(|message| serde_wasm_bindgen::from_value(message.body()).ok());
    let chunks: Vec<Option<ChunkId>> = chunks.collect();
    let verdicts = delivery::run(&services(&env, None), &batch.queue(), &chunks, &Console).await;
    for (message, verdict) in messages.iter().zip(verdicts) {
        match verdict {
            Verdict::Acknowledge => message.ack(),
            Verdict::Retry(after) => retry(message, after),
        }
    }
}

fn retry(message: &RawMessage, after: Option<Duration>) {
    let options = QueueRetryOptionsBuilder::new();
    let options = match after {
        Some(after) => options.with_delay_seconds(whole_seconds(after)),
        None => options,
    };
    message.retry_with_options(&options.build());
}

/// Rounded up: to come back before 3dEye allows it is to be refused again.
fn whole_seconds(duration: Duration) -> u32 {
    let seconds = duration.as_millis().div_ceil(1000);
    u32::try_from(seconds).unwrap_or(u32::MAX)
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
