//! `GET /admin/stats`: how provisioning went, for charts.

use std::time::Duration;

use http::StatusCode;
#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;

use crate::auth::SignIn;
use crate::kernel::Timestamp;
use crate::operators::Role;
use crate::overview::stats::{BucketWidth, Stats, StatsOrder, read_stats};
use crate::provisioning::Reason;
use crate::web::caller::Admin;
#[cfg(test)]
use crate::web::fields::GivenMoment;
#[cfg(test)]
use crate::web::openapi::{OperationDoc, Parameter, Spec, example};
use crate::web::query::Query;
use crate::web::{ApiError, Call, Reply, Route, handler};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const DEFAULT_DAYS: u32 = 30;
const MAX_DAYS: u32 = 90;

pub const ROUTE: Route = Route::get(
    "/admin/stats",
    "getStats",
    handler!(handle: Admin, (Role::Viewer, SignIn::AnyTime)),
);

/// How it went, in whole buckets of UTC.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "Stats"))]
struct ResponseBody {
    #[serde(flatten)]
    stats: Stats,
    /// Why users could not be provisioned, the most frequent first; without reasons that only another version of the
    /// service knows.
    reasons: Vec<ReasonPart>,
}

/// A reason of failures, and how often.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "StatsReason"))]
struct ReasonPart {
    reason: Reason,
    count: u64,
}

async fn handle(call: Call<Admin>) -> Result<Reply, ApiError> {
    let order = order(&call.query(&["from", "to", "bucket"])?, call.now())?;
    let stats = read_stats(&call.services.database()?, order).await?;
    let words = stats.reasons.iter();
    let reasons = words.filter_map(|(word, count)| {
        let (reason, count) = (Reason::parse(word)?, *count);
        Some(ReasonPart { reason, count })
    });
    let reasons = reasons.collect();
    Ok(Reply::json(
        StatusCode::OK,
        &ResponseBody { stats, reasons },
    ))
}

fn order(query: &Query, now: Timestamp) -> Result<StatsOrder, ApiError> {
    let to = query.moment("to")?.unwrap_or(now);
    let from = query
        .moment("from")?
        .unwrap_or_else(|| to.minus(DAY * DEFAULT_DAYS));
    if to <= from {
        return Err(ApiError::bad_request("to: must be after from"));
    }
    if to.since(from) > DAY * MAX_DAYS {
        let message = format!("from: must be at most {MAX_DAYS} days before to");
        return Err(ApiError::bad_request(message));
    }
    let words = [("hour", BucketWidth::Hour), ("day", BucketWidth::Day)];
    let bucket = query.choice("bucket", BucketWidth::Day, &words)?;
    Ok(StatsOrder { from, to, bucket })
}

#[cfg(test)]
fn openapi(spec: &mut Spec) -> OperationDoc {
    let bucket = serde_json::json!({ "type": "string", "enum": ["hour", "day"], "default": "day" });
    OperationDoc::new(
        "Overview",
        "How provisioning went",
        "What became of users by the day or the hour (UTC), why they failed, how long they waited, and how long the \
         queue was. Without `from` and `to`: the last 30 days; 90 days at most.",
    )
    .parameter(spec.query::<GivenMoment>("from", "The first moment; the bucket that it is in counts whole."))
    .parameter(spec.query::<GivenMoment>("to", "The first moment that is not wanted."))
    .parameter(Parameter::query("bucket", "How wide a bucket is.", bucket))
    .answer(
        spec.json::<ResponseBody>(200, "How it went.").no_store().example(
            "day",
            example!({
                "buckets": [{
                    "start": "2026-11-21T00:00:00.000Z",
                    "created": 48,
                    "adopted": 1,
                    "replaced": 0,
                    "rolesAttached": 0,
                    "failed": 3,
                    "quarantined": 1,
                    "setAside": 0
                }],
                "reasons": [
                    { "reason": "unavailable", "count": 2 },
                    { "reason": "orphan", "count": 1 }
                ],
                "timeToProvision": [
                    { "atMostSeconds": 60, "count": 2 },
                    { "atMostSeconds": 300, "count": 7 },
                    { "atMostSeconds": 900, "count": 40 },
                    { "atMostSeconds": 3600, "count": 0 },
                    { "atMostSeconds": 86400, "count": 0 },
                    { "atMostSeconds": null, "count": 0 }
                ],
                "depth": [{
                    "at": "2026-11-21T10:30:00.000Z",
                    "waiting": 12,
                    "due": 3,
                    "oldestDueAt": "2026-11-21T10:15:00.000Z"
                }]
            }),
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

    fn read(query: &str) -> Result<StatsOrder, ApiError> {
        order(&Query::parse(Some(query), &["from", "to", "bucket"])?, NOW)
    }

    #[test]
    fn without_bounds_it_is_the_last_thirty_days() {
        let expected = StatsOrder {
            from: NOW.minus(DAY * 30),
            to: NOW,
            bucket: BucketWidth::Day,
        };
        assert_eq!(read("").unwrap(), expected);
        let hours = read("from=2026-11-21T10:30:00Z&to=2026-11-21T11:30:00Z&bucket=hour").unwrap();
        assert_eq!(hours.bucket, BucketWidth::Hour);
        assert_eq!(hours.to.since(hours.from), Duration::from_secs(3600));
    }

    #[test]
    fn bounds_are_in_order_and_not_too_far_apart() {
        for (bad, begins) in [
            ("from=x", "from: must be a moment"),
            ("to=", "to: must be a moment"),
            ("bucket=week", "bucket: "),
            (
                "from=2026-11-21T10:30:00Z&to=2026-11-21T10:30:00Z",
                "to: must be after",
            ),
            (
                "from=2026-01-01T00:00:00Z&to=2026-04-01T00:00:01Z",
                "from: must be at most 90 days",
            ),
        ] {
            let refused = read(bad).unwrap_err().message.clone();
            assert!(refused.starts_with(begins), "{bad}: {refused}");
        }
        assert!(read("from=2026-01-01T00:00:00Z&to=2026-04-01T00:00:00Z").is_ok());
    }
}
