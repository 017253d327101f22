//! Deliveries of notices: at once after the answer of the request that wrote them, and by the cron trigger what is
//! left.
//!
//! The runtime throws errors of either away, so what happened is in the log.

use std::rc::Rc;

use serde::Serialize;

use crate::account::outbox::{DeliveryReport, WebhookDispatcher};
use crate::db::DatabaseError;
use crate::kernel::RequestId;
use crate::kernel::log::{Level, Line, Log};
use crate::services::Services;

/// What the log tells of a round of delivery.
#[derive(Serialize, Default)]
struct Notices {
    #[serde(rename = "notices.claimed")]
    claimed: usize,
    #[serde(rename = "notices.delivered")]
    delivered: usize,
    /// Those that wait for another attempt.
    #[serde(rename = "notices.failed")]
    failed: usize,
    /// Those that were given back untried.
    #[serde(rename = "notices.deferred")]
    deferred: usize,
    /// Those that were deleted because they had expired.
    #[serde(rename = "notices.expired")]
    expired: usize,
}

/// Delivers what is due.
pub async fn deliver_due(services: &Services, request_id: &RequestId, log: &dyn Log) {
    deliver(services, None, request_id, log).await;
}

/// Lets the notices that a request has written leave once it is answered. Whatever goes wrong, the cron trigger
/// delivers them.
pub(super) fn deliver_after_answer(
    services: &Rc<Services>,
    request_id: &RequestId,
    log: impl Log + 'static,
) {
    let written = services.take_written_notices();
    if written.is_empty() || services.config.webhook.is_none() {
        return;
    }
    let (later, request_id) = (Rc::clone(services), request_id.clone());
    services.wait_until(Box::pin(async move {
        deliver(&later, Some(&written), &request_id, &log).await;
    }));
}

/// Delivers these notices, or all that are due. Without a configured receiver, notices stay in the outbox; that is
/// normal, and not logged.
async fn deliver(
    services: &Services,
    written: Option<&[String]>,
    request_id: &RequestId,
    log: &dyn Log,
) {
    let started = services.now();
    let Some(result) = dispatch(services, written).await else {
        return;
    };
    let (level, cause, fields) = match result {
        Err(error) => (Level::Error, Some(error.to_string()), Notices::default()),
        Ok(report) => (
            level(&report),
            cause(&report),
            Notices {
                claimed: report.claimed,
                delivered: report.delivered,
                failed: report.failed,
                deferred: report.deferred,
                expired: report.expired,
            },
        ),
    };
    let line = Line {
        event: "notices.delivery",
        level,
        request_id: request_id.as_str(),
        fields,
        cause: cause.as_deref(),
        duration: services.now().since(started),
    };
    line.write(log);
}

/// `None`: there is no receiver.
async fn dispatch(
    services: &Services,
    written: Option<&[String]>,
) -> Option<Result<DeliveryReport, DatabaseError>> {
    let webhook = services.config.webhook.as_ref()?;
    let database = match services.database() {
        Ok(database) => database,
        Err(error) => return Some(Err(error)),
    };
    let dispatcher = WebhookDispatcher {
        database: &database,
        http: services.http(),
        clock: &*services.clock,
        sealer: services.config.sealer.as_ref(),
        webhook,
    };
    Some(match written {
        Some(ids) => dispatcher.deliver_these(ids).await,
        None => dispatcher.deliver().await,
    })
}

/// An outage of the receiver passes by itself; other failures need an operator.
fn level(report: &DeliveryReport) -> Level {
    let is_receivers = report.failures.iter().all(|failure| failure.is_receivers());
    match (is_receivers, &report.unsettled) {
        (true, None) if report.failed == 0 => Level::Info,
        (true, None) => Level::Warn,
        _ => Level::Error,
    }
}

fn cause(report: &DeliveryReport) -> Option<String> {
    let failures = report.failures.iter().map(ToString::to_string);
    let unsettled = report.unsettled.iter().map(ToString::to_string);
    let causes: Vec<String> = failures.chain(unsettled).collect();
    (!causes.is_empty()).then(|| causes.join("; "))
}
