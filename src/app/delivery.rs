//! What a delivery of the queue starts: work on planned runs, and the end of messages that failed
//! too often.

use std::collections::BTreeSet;
use std::time::Duration;

use serde::Serialize;

use crate::db::DatabaseError;
use crate::kernel::RequestId;
use crate::kernel::audit::{Actor, Origin};
use crate::kernel::log::{Level, Line, Log};
use crate::provisioning::fanout::{ChunkId, Delivery, Receipt};
use crate::services::Services;
use crate::threedeye::UpstreamError;

/// How the dead-letter queue's name ends in every deployment.
const DEAD_LETTERS: &str = "dead-letters";

/// What becomes of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Acknowledge,
    /// It is delivered again after this time; `None`: after the consumer's `retry_delay`.
    Retry(Option<Duration>),
}

/// What came of a delivery: what it did, or why it did nothing.
type Outcome = Result<Option<Delivery>, String>;

/// Works off one delivery, and judges every message by itself. `messages` are their chunks.
///
/// A message that cannot be read, `None`, is acknowledged, with an error in the log. It would be
/// unreadable the next time too, and what it may have meant is in the database: users whose
/// message is gone are due again when their hold ends.
pub async fn run(
    services: &Services,
    queue: &str,
    messages: &[Option<ChunkId>],
    log: &dyn Log,
) -> Vec<Verdict> {
    let started = services.now();
    let request_id = RequestId::mint(started, &*services.random);
    let are_dead = queue.ends_with(DEAD_LETTERS);
    let chunks: Vec<ChunkId> = messages.iter().flatten().cloned().collect();
    let outcome = if chunks.is_empty() {
        Ok(None)
    } else {
        work(services, &request_id, &chunks, are_dead).await
    };
    let verdicts = messages.iter().map(|chunk| verdict(chunk, &outcome));
    let verdicts: Vec<Verdict> = verdicts.collect();
    let retries = verdicts.iter().filter(|one| **one != Verdict::Acknowledge);
    let fields = DeliveryFields::of(queue, messages, retries.count(), &outcome);
    let (level, cause) = judge(&fields, &outcome, are_dead);
    let line = Line {
        event: "queue.delivery",
        level,
        request_id: request_id.as_str(),
        fields,
        cause: cause.as_deref(),
        duration: services.now().since(started),
    };
    line.write(log);
    verdicts
}

async fn work(
    services: &Services,
    request_id: &RequestId,
    chunks: &[ChunkId],
    are_dead: bool,
) -> Outcome {
    let store = |error: DatabaseError| error.to_string();
    let database = services.database().map_err(store)?;
    let origin = Origin::event(Actor::queue(), request_id.clone());
    let provisioning = services
        .provisioning(&database, &origin)
        .map_err(|error| error.to_string())?;
    if are_dead {
        provisioning.dead_letter(chunks).await.map_err(store)?;
        return Ok(None);
    }
    let Some(remote) = services.remote() else {
        return Err(UpstreamError::NotConfigured.to_string());
    };
    let provisioner = provisioning.with(&remote);
    let delivery = provisioner.consume(chunks, services.removals());
    delivery.await.map(Some).map_err(store)
}

fn verdict(chunk: &Option<ChunkId>, outcome: &Outcome) -> Verdict {
    let Some(chunk) = chunk else {
        return Verdict::Acknowledge;
    };
    let delivery = match outcome {
        Ok(None) => return Verdict::Acknowledge,
        Ok(Some(delivery)) => delivery,
        Err(_) => return Verdict::Retry(None),
    };
    match delivery.receipts.iter().find(|(id, _)| id == chunk) {
        Some((_, Receipt::Retry { after })) => Verdict::Retry(Some(*after)),
        Some((_, Receipt::Done)) | None => Verdict::Acknowledge,
    }
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

impl<'a> DeliveryFields<'a> {
    fn of(
        queue: &'a str,
        messages: &'a [Option<ChunkId>],
        retried: usize,
        outcome: &Outcome,
    ) -> Self {
        let delivery = outcome.as_ref().ok().and_then(Option::as_ref);
        let tally = delivery.map(|delivery| &delivery.tally);
        let chunks = messages.iter().flatten();
        Self {
            queue,
            messages: messages.len(),
            retried,
            unreadable: messages.iter().filter(|chunk| chunk.is_none()).count(),
            run_ids: chunks.map(|chunk| chunk.run_id.as_str()).collect(),
            total: tally.map_or(0, |tally| tally.total),
            created: tally.map_or(0, |tally| tally.created),
            failed: tally.map_or(0, |tally| tally.failed),
        }
    }
}

/// How bad it is, and what kept the delivery from going to its end.
fn judge(
    fields: &DeliveryFields<'_>,
    outcome: &Outcome,
    are_dead: bool,
) -> (Level, Option<String>) {
    let error = |cause: &str| (Level::Error, Some(cause.to_owned()));
    match outcome {
        Err(cause) => error(cause),
        Ok(_) if are_dead && !fields.run_ids.is_empty() => error(
            "dead letters: users of a backfill wait for the next run, those of a list are left as they were",
        ),
        Ok(_) if fields.unreadable > 0 => error("messages that cannot be read"),
        Ok(Some(delivery)) if fields.retried > 0 => (Level::Warn, early_end(delivery)),
        Ok(_) => (Level::Info, None),
    }
}

fn early_end(delivery: &Delivery) -> Option<String> {
    match (&delivery.stop, &delivery.scan_error) {
        (Some(stop), _) => Some(stop.to_string()),
        (None, Some(error)) => Some(format!("the user list could not be read: {error}")),
        (None, None) => None,
    }
}
