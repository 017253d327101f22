//! The cron trigger. The runtime throws errors of this event away, so what
//! happened is in the log and, of a run, in the ledger.
//!
//! Cron is at-least-once, and events may overlap. That is safe: a notice is claimed by one
//! round of delivery, a user taken under its own lease.

mod backfill;
mod notices;

use worker::Env;

use crate::kernel::{Clock as _, RequestId};
use crate::platform::isolate::services;

/// Delivers notices, then runs the backfill. Each handles its own failures, so neither is in the other's way.
pub async fn scheduled(env: Env) {
    let services = services(&env);
    let request_id = RequestId::mint(services.clock.now(), &services.random);
    // First: it takes a minute and a half at worst, and a run may take all the time there is.
    notices::deliver(&services, &request_id).await;
    backfill::run(&services, &request_id).await;
}
