//! Delivers notices, when the cron trigger fires.

use crate::account::outbox::{DeliveryReport, WebhookDispatcher};
use crate::config::WebhookConfig;
use crate::kernel::{Clock as _, RequestId};
use crate::platform::events::millis;
use crate::platform::log;
use crate::platform::log::NoticesLine;
use crate::services::Services;

/// Delivers what is due. Without a configured receiver, notices stay in the outbox; that is normal, and not logged.
pub async fn deliver(services: &Services, request_id: &RequestId) {
    let Some(webhook) = &services.config.webhook else {
        return;
    };
    let started = services.clock.now();
    let result = run_round(services, webhook).await;
    let duration_ms = millis(services.clock.now().since(started));
    let (level, cause) = match &result {
        Ok(report) => (level(report), cause(report)),
        Err(cause) => ("error", Some(cause.clone())),
    };
    let report = result.as_ref().ok();
    let count = |of: fn(&DeliveryReport) -> usize| report.map_or(0, of);
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

async fn run_round(services: &Services, webhook: &WebhookConfig) -> Result<DeliveryReport, String> {
    let database = services.database().map_err(|error| error.to_string())?;
    let dispatcher = WebhookDispatcher {
        database: &database,
        http: services.http(),
        clock: &*services.clock,
        sealer: services.config.sealer.as_ref(),
        webhook,
    };
    dispatcher
        .deliver()
        .await
        .map_err(|error| error.to_string())
}

/// An outage of the receiver passes by itself; other failures need an operator.
fn level(report: &DeliveryReport) -> &'static str {
    let is_receivers = report.failures.iter().all(|failure| failure.is_receivers());
    match (is_receivers, &report.unsettled) {
        (true, None) if report.failed == 0 => "info",
        (true, None) => "warn",
        _ => "error",
    }
}

fn cause(report: &DeliveryReport) -> Option<String> {
    let failures = report.failures.iter().map(ToString::to_string);
    let unsettled = report.unsettled.iter().map(ToString::to_string);
    let causes: Vec<String> = failures.chain(unsettled).collect();
    (!causes.is_empty()).then(|| causes.join("; "))
}
