//! `GET /metrics`: numbers for Prometheus. One D1 call, some twenty rows, however many users there are.

use http::StatusCode;

use super::scraper::Scraper;
use crate::auth::Scope;
use crate::auth::store::{ApiKeyRow, touch_api_key};
use crate::kernel::audit::Actor;
use crate::metrics::store::read_sample;
use crate::metrics::text::{CONTENT_TYPE, exposition};
#[cfg(test)]
use crate::web::openapi::{Answer, OperationDoc, Spec};
use crate::web::{ApiError, Call, Reply, Route, handler};

// Without HEAD: the first use of a key in an hour is written down.
pub const ROUTE: Route = Route::get_only("/metrics", "getMetrics", handler!(handle: Scraper));

async fn handle(call: Call<Scraper>) -> Result<Reply, ApiError> {
    call.query(&[])?;
    let database = call.services.database()?;
    let key = call.caller.key().map(|key| key.presented(call.now()));
    let (sample, found) = read_sample(&database, key.as_ref()).await?;
    if key.is_some() {
        let row = judge(found)?;
        call.log_caller(&Actor::api_key(&row.id));
        touch_api_key(&database, &row, call.now()).await?;
    }
    let text = exposition(&sample, env!("CARGO_PKG_VERSION"), call.now());
    Ok(Reply::text(StatusCode::OK, CONTENT_TYPE, text.into_bytes()).no_store())
}

/// A key that may scrape. One that is bound to a user stands for that person, who has no business here.
fn judge(found: Option<ApiKeyRow>) -> Result<ApiKeyRow, ApiError> {
    let row = found.ok_or_else(|| ApiError::unauthorized("api_key_unknown"))?;
    if !row
        .scopes
        .iter()
        .any(|it| it == Scope::MetricsRead.as_str())
    {
        return Err(ApiError::forbidden("api_key_scope"));
    }
    if row.user_id.is_some() {
        return Err(ApiError::forbidden("api_key_of_a_user"));
    }
    Ok(row)
}

#[cfg(test)]
fn openapi(_: &mut Spec) -> OperationDoc {
    OperationDoc::new(
        "service",
        "Numbers for Prometheus",
        "Text format 0.0.4. An API key needs the scope metrics:read and must not be bound to a user; it may come as a \
         bearer token. Gauges are those that the last scheduled run took, and `spkey_gauges_age_seconds` tells how old \
         they are; counters are as of now.",
    )
    .answer(Answer::text(200, "The metrics.", &[CONTENT_TYPE]).no_store())
}
