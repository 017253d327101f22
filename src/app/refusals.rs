//! Refused requests, counted for the metrics.

use std::rc::Rc;

use http::StatusCode;

use crate::db::{Batch, DatabaseError};
use crate::metrics::refusals::{Counts, add_refusals};
use crate::services::Services;

/// Counts an answer, if it is a refusal. Once a minute what was counted is written down, after an answer that is none.
pub(super) fn count(services: &Rc<Services>, status: StatusCode) {
    let Some(counts) = services.refusals().note(status, || services.now()) else {
        return;
    };
    let later = Rc::clone(services);
    services.wait_until(Box::pin(async move {
        if write(&later, counts).await.is_err() {
            later.refusals().give_back(counts, later.now());
        }
    }));
}

/// Writes down what this isolate has counted, after an event that is no request.
pub(super) async fn write_down(services: &Services) {
    let counts = services.refusals().take();
    if counts != Counts::default() && write(services, counts).await.is_err() {
        services.refusals().give_back(counts, services.now());
    }
}

async fn write(services: &Services, counts: Counts) -> Result<(), DatabaseError> {
    let mut batch = Batch::new();
    add_refusals(&mut batch, counts, services.now());
    services.database()?.run(batch).await.map(|_| ())
}
