//! What a cron trigger does for users without an account.

use crate::db::DatabaseError;
use crate::kernel::audit::{Actor, Origin};
use crate::kernel::{Clock as _, RequestId};
use crate::platform::events::millis;
use crate::platform::log;
use crate::platform::log::RunLine;
use crate::provisioning::backfill::Order;
use crate::provisioning::store::Trigger;
use crate::services::Services;

/// Runs the backfill, or plans it where there is a queue. Without 3dEye there is nothing to
/// run: a normal state, and `/health` knows.
pub async fn run(services: &Services, request_id: &RequestId) {
    if services.config.threedeye.is_none() {
        return;
    }
    let started = services.clock.now();
    let result = backfill(services, request_id).await;
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
        Ok(run) => {
            let level = if run.cause.is_none() { "info" } else { "error" };
            log::write(
                level,
                &RunLine {
                    level,
                    run_id: Some(&run.run_id),
                    total: run.total,
                    created: run.created,
                    failed: run.failed,
                    cause: run.cause.as_deref(),
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

/// What the log tells of a run.
struct Ran {
    run_id: String,
    total: u32,
    created: u32,
    failed: u32,
    /// Why it did not go well.
    cause: Option<String>,
}

async fn backfill(services: &Services, request_id: &RequestId) -> Result<Ran, String> {
    let database = services.database().map_err(|error| error.to_string())?;
    let upstream = services.upstream();
    let origin = Origin::event(Actor::cron(), request_id.clone());
    let tools = services
        .tools(&upstream, &database, &origin)
        .map_err(|error| error.to_string())?;
    let order = Order {
        trigger: Trigger::Cron,
        limit: services.config.backfill_cron_limit,
        max_takeovers: services.config.backfill_max_takeovers,
    };
    let store = |error: DatabaseError| error.to_string();
    if let Some(queue) = services.run_queue() {
        let planned = tools.fan_out(order, &*queue).await.map_err(store)?;
        return Ok(Ran {
            run_id: planned.run_id,
            total: planned.users,
            created: 0,
            failed: 0,
            cause: planned.cause.or_else(|| {
                let lost = planned.abandoned;
                (lost > 0).then(|| format!("{lost} chunk(s) of earlier runs were never delivered"))
            }),
        });
    }
    let mut finished = tools.backfill(order).await.map_err(store)?;
    let last_error = finished.tally.errors.pop();
    Ok(Ran {
        run_id: finished.run_id,
        total: finished.tally.total,
        created: finished.tally.created,
        failed: finished.tally.failed,
        cause: last_error.filter(|_| !finished.success),
    })
}
