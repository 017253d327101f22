//! What a cron trigger does for notices.

use crate::account::outbox::delivery::{Courier, Report};
use crate::config::WebhookConfig;
use crate::db::DatabaseError;
use crate::kernel::{Clock as _, RequestId};
use crate::platform::events::millis;
use crate::platform::log;
use crate::platform::log::NoticesLine;
use crate::services::Services;

/// Delivers what is due. Without a receiver it all stays in the outbox: a normal state, and no line.
pub async fn deliver(services: &Services, request_id: &RequestId) {
    let Some(webhook) = &services.config.webhook else {
        return;
    };
    let started = services.clock.now();
    let result = round(services, webhook).await;
    let duration_ms = millis(services.clock.now().since(started));
    let (level, cause) = match &result {
        Ok(report) => (level(report), cause(report)),
        Err(cause) => ("error", Some(cause.clone())),
    };
    let report = result.as_ref().ok();
    let count = |of: fn(&Report<DatabaseError>) -> usize| report.map_or(0, of);
    log::write(
        level,
        &NoticesLine {
            event: "notices.delivery",
            level,
            request_id: request_id.as_str(),
            claimed: count(|report| report.claimed),
            delivered: count(|report| report.delivered),
            failed: count(|report| report.failed),
            deferred: count(|report| report.deferred),
            expired: count(|report| report.expired),
            cause: cause.as_deref(),
            duration_ms,
        },
    );
}

async fn round(
    services: &Services,
    webhook: &WebhookConfig,
) -> Result<Report<DatabaseError>, String> {
    let database = services
        .database()
        .map_err(|error| error.cause.into_owned())?;
    let courier = Courier {
        outbox: &database,
        transport: services.http(),
        clock: &services.clock,
        sealer: services.config.sealer.as_ref(),
        webhook,
    };
    courier.deliver().await.map_err(|error| error.to_string())
}

/// A receiver that is down mends itself; nothing else does.
fn level(report: &Report<DatabaseError>) -> &'static str {
    let is_receivers = report.failures.iter().all(|failure| failure.is_receivers());
    match (is_receivers, &report.unsettled) {
        (true, None) if report.failed == 0 => "info",
        (true, None) => "warn",
        _ => "error",
    }
}

fn cause(report: &Report<DatabaseError>) -> Option<String> {
    let failures = report.failures.iter().map(ToString::to_string);
    let unsettled = report.unsettled.iter().map(ToString::to_string);
    let causes: Vec<String> = failures.chain(unsettled).collect();
    (!causes.is_empty()).then(|| causes.join("; "))
}
