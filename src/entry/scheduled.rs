//! The cron trigger.

use worker::Env;

use crate::audit::{Actor, Origin};
use crate::http::ApiError;
use crate::http::services::Services;
use crate::kernel::{Clock as _, RequestId};
use crate::platform::isolate::Isolate;
use crate::platform::log::{self, RunLine};
use crate::provisioning::StoreError;
use crate::provisioning::backfill::{Finished, Order};
use crate::provisioning::store::Trigger;

use super::millis;

/// Runs the backfill. The runtime throws errors of this event away, so what
/// happened is in the ledger and in the log.
///
/// Cron is at-least-once, and runs may overlap. That is safe: each user is
/// taken under its own lease, so two runs share the queue between them.
pub async fn scheduled(env: Env) {
    let services = Isolate::with(|isolate| Services::new(env, isolate));
    let started = services.clock.now();
    let request_id = RequestId::mint(started, &services.random);
    if services.config.threedeye.is_none() {
        // A normal state: there is nothing to run, and /health knows.
        return;
    }
    let result = run_scheduled(&services, &request_id).await;
    let duration_ms = millis(services.clock.now().since(started));
    let line = RunLine {
        event: "backfill.run",
        level: "info",
        request_id: request_id.as_str(),
        run_id: None,
        total: 0,
        created: 0,
        failed: 0,
        cause: None,
        duration_ms,
    };
    match &result {
        Ok(finished) => {
            let level = if finished.success { "info" } else { "error" };
            let cause = finished.tally.errors.last().filter(|_| !finished.success);
            log::write(
                level,
                &RunLine {
                    level,
                    run_id: Some(&finished.run_id),
                    total: finished.tally.total,
                    created: finished.tally.created,
                    failed: finished.tally.failed,
                    cause: cause.map(String::as_str),
                    ..line
                },
            );
        }
        Err(cause) => log::write(
            "error",
            &RunLine {
                level: "error",
                cause: Some(cause),
                ..line
            },
        ),
    }
}

async fn run_scheduled(services: &Services, request_id: &RequestId) -> Result<Finished, String> {
    let face = |error: ApiError| error.cause.into_owned();
    let database = services.database().map_err(face)?;
    let upstream = services.upstream();
    let origin = Origin {
        actor: Actor::cron(),
        request_id: request_id.clone(),
    };
    let tools = services
        .tools(&upstream, &database, &origin)
        .map_err(face)?;
    let order = Order {
        trigger: Trigger::Cron,
        limit: services.config.backfill_cron_limit,
        max_takeovers: services.config.backfill_max_takeovers,
    };
    tools
        .backfill(order)
        .await
        .map_err(|error: StoreError| error.to_string())
}
