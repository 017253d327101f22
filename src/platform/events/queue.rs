//! Messages of planned runs, and those that failed too often.

use std::collections::BTreeSet;
use std::time::Duration;

use serde::Serialize;
use wasm_bindgen::JsValue;
use worker::{Env, MessageBatch};

use crate::db::DatabaseError;
use crate::kernel::RequestId;
use crate::kernel::audit::{Actor, Origin};
use crate::kernel::log::{Level, Line};
use crate::platform::isolate::services;
use crate::platform::log::Console;
use crate::platform::queue::Messages;
use crate::provisioning::fanout::{ChunkId, Delivery, Receipt};
use crate::services::Services;
use crate::threedeye::UpstreamError;

/// What came of a delivery: what it did, or why it did nothing.
type Outcome = Result<Option<Delivery>, String>;

/// Works off one delivery. Every message is acknowledged or sent back by
/// itself, and nothing is thrown: that would send all of them back at once.
///
/// A message that cannot be read is acknowledged, with an error in the log. It
/// would be unreadable the next time too, and what it may have meant is in the
/// database: users whose message is gone are due again when their hold ends.
pub async fn queue(batch: MessageBatch<JsValue>, env: Env) {
    let services = services(&env);
    let started = services.now();
    let request_id = RequestId::mint(started, &*services.random);
    let messages = Messages::read(&batch);
    let chunks = messages.chunks();
    let outcome = if chunks.is_empty() {
        Ok(None)
    } else {
        work(&services, &request_id, &messages, &chunks).await
    };
    let retried = answer(&messages, &outcome);
    let duration = services.now().since(started);
    log_delivery(&messages, &outcome, retried, &request_id, duration);
}

async fn work(
    services: &Services,
    request_id: &RequestId,
    messages: &Messages,
    chunks: &[ChunkId],
) -> Outcome {
    let store = |error: DatabaseError| error.to_string();
    let database = services.database().map_err(|error| error.to_string())?;
    let origin = Origin::event(Actor::queue(), request_id.clone());
    let provisioning = services
        .provisioning(&database, &origin)
        .map_err(|error| error.to_string())?;
    if messages.are_dead_letters() {
        provisioning.dead_letter(chunks).await.map_err(store)?;
        return Ok(None);
    }
    let Some(remote) = services.remote() else {
        return Err(UpstreamError::NotConfigured.to_string());
    };
    let provisioner = provisioning.with(&remote);
    provisioner.consume(chunks).await.map(Some).map_err(store)
}

/// Answers every message; tells how many are to come again.
fn answer(messages: &Messages, outcome: &Outcome) -> usize {
    let mut retried = 0;
    for message in &messages.all {
        let Some(chunk) = &message.chunk else {
            message.ack();
            continue;
        };
        let wait = match outcome {
            Ok(None) => None,
            Ok(Some(delivery)) => delivery
                .receipts
                .iter()
                .find(|(id, _)| id == chunk)
                .and_then(|(_, receipt)| match receipt {
                    Receipt::Done => None,
                    Receipt::Retry { after } => Some(Some(*after)),
                }),
            Err(_) => Some(None),
        };
        match wait {
            None => message.ack(),
            Some(after) => {
                retried += 1;
                message.retry(after);
            }
        }
    }
    retried
}

/// What the log tells of a delivery.
#[derive(Serialize)]
struct DeliveryFields<'a> {
    #[serde(rename = "queue.name")]
    queue: &'a str,
    #[serde(rename = "queue.messages")]
    messages: usize,
    /// Messages that are to come again.
    #[serde(rename = "queue.retried")]
    retried: usize,
    /// Messages that could not be read.
    #[serde(rename = "queue.unreadable")]
    unreadable: usize,
    /// The runs in the ledger that the messages belong to.
    #[serde(rename = "run.ids")]
    run_ids: BTreeSet<&'a str>,
    /// Users taken up.
    #[serde(rename = "run.total")]
    total: u32,
    /// Users that got their account.
    #[serde(rename = "run.created")]
    created: u32,
    /// Users that could not be provisioned.
    #[serde(rename = "run.failed")]
    failed: u32,
}

fn log_delivery(
    messages: &Messages,
    outcome: &Outcome,
    retried: usize,
    request_id: &RequestId,
    duration: Duration,
) {
    let chunks = messages.chunks();
    let run_ids: BTreeSet<&str> = chunks.iter().map(|chunk| chunk.run_id.as_str()).collect();
    let unreadable = messages.all.len().saturating_sub(chunks.len());
    let delivery = outcome.as_ref().ok().and_then(Option::as_ref);
    let early_end = delivery.and_then(|delivery| match (&delivery.stop, &delivery.scan_error) {
        (Some(stop), _) => Some(stop.to_string()),
        (None, Some(error)) => Some(format!("the user list could not be read: {error}")),
        (None, None) => None,
    });
    let (level, cause) = match outcome {
        Err(cause) => (Level::Error, Some(cause.as_str())),
        Ok(_) if messages.are_dead_letters() && !chunks.is_empty() => (
            Level::Error,
            Some("dead letters: their users wait for the next run"),
        ),
        Ok(_) if unreadable > 0 => (Level::Error, Some("messages that cannot be read")),
        Ok(_) if retried > 0 => (Level::Warn, early_end.as_deref()),
        Ok(_) => (Level::Info, None),
    };
    let tally = delivery.map(|delivery| &delivery.tally);
    let line = Line {
        event: "queue.delivery",
        level,
        request_id: request_id.as_str(),
        fields: DeliveryFields {
            queue: &messages.queue,
            messages: messages.all.len(),
            retried,
            unreadable,
            run_ids,
            total: tally.map_or(0, |tally| tally.total),
            created: tally.map_or(0, |tally| tally.created),
            failed: tally.map_or(0, |tally| tally.failed),
        },
        cause,
        duration,
    };
    line.write(&Console);
}
