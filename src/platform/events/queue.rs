//! Messages of planned runs, and those that failed too often.

use std::collections::BTreeSet;

use wasm_bindgen::JsValue;
use worker::{Env, MessageBatch};

use crate::db::DatabaseError;
use crate::kernel::audit::{Actor, Origin};
use crate::kernel::{Clock as _, RequestId};
use crate::platform::isolate::services;
use crate::platform::log;
use crate::platform::log::DeliveryLine;
use crate::platform::queue::Mail;
use crate::provisioning::fanout::store::ChunkId;
use crate::provisioning::fanout::{Delivery, Receipt};
use crate::services::Services;

use crate::platform::events::millis;

/// What came of a delivery: what it did, or why it did nothing.
type Outcome = Result<Option<Delivery>, String>;

/// Works off one delivery. Every message is acknowledged or sent back by
/// itself, and nothing is thrown: that would send all of them back at once.
///
/// A message that cannot be read is acknowledged, with an error in the log. It
/// would be unreadable the next time too, and what it may have meant is in the
/// database: users that nobody comes for are due again when their hold ends.
pub async fn queue(batch: MessageBatch<JsValue>, env: Env) {
    let services = services(&env);
    let started = services.clock.now();
    let request_id = RequestId::mint(started, &services.random);
    let mail = Mail::read(&batch);
    let chunks = mail.chunks();
    let outcome = if chunks.is_empty() {
        Ok(None)
    } else {
        work(&services, &request_id, &mail, &chunks).await
    };
    let retried = answer(&mail, &outcome);
    let duration_ms = millis(services.clock.now().since(started));
    tell(&mail, &outcome, retried, &request_id, duration_ms);
}

async fn work(
    services: &Services,
    request_id: &RequestId,
    mail: &Mail,
    chunks: &[ChunkId],
) -> Outcome {
    let store = |error: DatabaseError| error.to_string();
    let database = services.database().map_err(|error| error.to_string())?;
    let upstream = services.upstream();
    let origin = Origin::event(Actor::queue(), request_id.clone());
    let tools = services
        .tools(&upstream, &database, &origin)
        .map_err(|error| error.to_string())?;
    if mail.is_dead() {
        tools.bury(chunks).await.map_err(store)?;
        return Ok(None);
    }
    tools.consume(chunks).await.map(Some).map_err(store)
}

/// Answers every message; tells how many are to come again.
fn answer(mail: &Mail, outcome: &Outcome) -> usize {
    let mut retried = 0;
    for letter in &mail.letters {
        let Some(chunk) = &letter.chunk else {
            letter.ack();
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
                    Receipt::Again { after } => Some(Some(*after)),
                }),
            Err(_) => Some(None),
        };
        match wait {
            None => letter.ack(),
            Some(after) => {
                retried += 1;
                letter.retry(after);
            }
        }
    }
    retried
}

fn tell(mail: &Mail, outcome: &Outcome, retried: usize, request_id: &RequestId, duration_ms: u64) {
    let chunks = mail.chunks();
    let run_ids: BTreeSet<&str> = chunks.iter().map(|chunk| chunk.run_id.as_str()).collect();
    let run_ids: Vec<&str> = run_ids.into_iter().collect();
    let unreadable = mail.letters.len().saturating_sub(chunks.len());
    let delivery = outcome.as_ref().ok().and_then(Option::as_ref);
    let early_end = delivery.and_then(|delivery| match (&delivery.stop, &delivery.blind) {
        (Some(stop), _) => Some(stop.to_string()),
        (None, Some(error)) => Some(format!("the user list could not be read: {error}")),
        (None, None) => None,
    });
    let (level, cause) = match outcome {
        Err(cause) => ("error", Some(cause.as_str())),
        Ok(_) if mail.is_dead() && !chunks.is_empty() => (
            "error",
            Some("dead letters: their users wait for the next run"),
        ),
        Ok(_) if unreadable > 0 => ("error", Some("messages that are none of ours")),
        Ok(_) if retried > 0 => ("warn", early_end.as_deref()),
        Ok(_) => ("info", None),
    };
    let tally = delivery.map(|delivery| &delivery.tally);
    log::write(
        level,
        &DeliveryLine {
            event: "queue.delivery",
            level,
            request_id: request_id.as_str(),
            queue: &mail.queue,
            messages: mail.letters.len(),
            retried,
            unreadable,
            run_ids: &run_ids,
            total: tally.map_or(0, |tally| tally.total),
            created: tally.map_or(0, |tally| tally.created),
            failed: tally.map_or(0, |tally| tally.failed),
            cause,
            duration_ms,
        },
    );
}
