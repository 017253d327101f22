//! How it went: provisioning by the day or the hour, and how long the queue was.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::time::Duration;

#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;

use crate::db::{self, Arg, Batch, Database, DatabaseError, Statement};
use crate::kernel::Timestamp;
use crate::kernel::ordered::set_of;

/// Points of the chart of the queue at most: each costs two rows.
const MAX_POINTS: i64 = 300;

/// How often there is a sample.
const SAMPLED_EVERY: i64 = 15 * 60 * 1000;

/// The limits by which times are counted, as `daily_counts.detail` has them; the last one is open.
pub const TIME_LIMITS: [&str; 6] = ["60", "300", "900", "3600", "86400", "more"];

// ?1 first day, ?2 last day
const COUNTS: &str = "
SELECT day, name, detail, value, hours FROM daily_counts WHERE day >= ?1 AND day <= ?2";

// ?1 moments, ?2 what is between two of them
const DEPTH: &str = "
SELECT (
  SELECT json_array(at, waiting, due, oldest_due_at) FROM depth_samples
  WHERE at >= p.value AND at < p.value + ?2 ORDER BY at LIMIT 1
) AS point
FROM json_each(?1) p";

/// How wide a bucket is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BucketWidth {
    Hour,
    Day,
}

impl BucketWidth {
    const fn hours(self) -> i64 {
        match self {
            Self::Hour => 1,
            Self::Day => 24,
        }
    }
}

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatsOrder {
    pub from: Timestamp,
    /// The first moment that is not wanted.
    pub to: Timestamp,
    pub bucket: BucketWidth,
}

/// How it went, whole buckets of UTC.
#[derive(Debug, Serialize, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(JsonSchema))]
pub struct Stats {
    /// Every bucket that the time asked for has a part of, in order.
    buckets: Vec<Bucket>,
    /// Why users could not be provisioned, and how often, the most frequent first.
    #[serde(skip)]
    pub reasons: Vec<(String, u64)>,
    /// How long those who got their account had waited in the queue.
    time_to_provision: Vec<Waited>,
    /// How long the queue was, in order: one sample of each of at most 300 equal parts.
    depth: Vec<Depth>,
}

/// What became of users within an hour or a day. `created` to `rolesAttached` are those who got their account.
#[derive(Debug, Clone, Serialize, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "StatsBucket"))]
pub struct Bucket {
    start: Timestamp,
    created: u64,
    /// Their account existed, and the stored password opened it.
    adopted: u64,
    /// Their account was deleted and made anew.
    replaced: u64,
    /// Only roles had been missing.
    roles_attached: u64,
    /// Attempts that failed, the next two included.
    failed: u64,
    /// Those that ended in quarantine.
    quarantined: u64,
    /// Those that were set aside, as another user holds the e-mail.
    set_aside: u64,
}

/// How many had waited no longer than this, and longer than the one before.
#[derive(Debug, Serialize, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "StatsWait"))]
pub struct Waited {
    /// Null: longer than all others.
    at_most_seconds: Option<u32>,
    count: u64,
}

/// How long the queue was.
#[derive(Debug, Serialize, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "StatsDepth"))]
pub struct Depth {
    at: Timestamp,
    /// Users in the queue.
    waiting: u64,
    /// Those of them that were due, counted up to 1,000.
    due: u64,
    /// Since when the one had been due that was due longest.
    oldest_due_at: Option<Timestamp>,
}

db::row! {
    struct CountRow {
        day: i64,
        name: String,
        detail: String,
        value: u64,
        hours: BTreeMap<String, u64> = json,
    }
}

db::row! {
    struct PointRow {
        point: Option<String>,
    }
}

const HOUR_MS: i64 = 60 * 60 * 1000;

fn hour_of(moment: Timestamp) -> i64 {
    moment.as_millis().div_euclid(HOUR_MS)
}

/// Reads how it went.
pub async fn read_stats(database: &Database, order: StatsOrder) -> Result<Stats, DatabaseError> {
    let (first, end) = hours(order);
    let mut batch = Batch::new();
    let days = [first.div_euclid(24).into(), (end - 1).div_euclid(24).into()];
    let counts = batch.push::<CountRow>(Statement::new(COUNTS, days));
    let (moments, step) = moments(order);
    let args = [Arg::json(&moments)?, step.into()];
    let points = batch.push::<PointRow>(Statement::new(DEPTH, args));
    let results = database.run(batch).await?;
    let mut stats = Summing::new(order.bucket, first, end);
    for row in results.rows(counts)? {
        stats.add(&row);
    }
    let points = results.rows(points)?.into_iter();
    let depth: Result<Vec<Depth>, DatabaseError> = points
        .filter_map(|row| row.point)
        .map(|point| depth(&point))
        .collect();
    Ok(stats.finish(depth?))
}

/// The first hour, and the first that is not wanted, at the bounds of buckets.
fn hours(order: StatsOrder) -> (i64, i64) {
    let width = order.bucket.hours();
    let first = hour_of(order.from).div_euclid(width) * width;
    let last = hour_of(order.to.minus(Duration::from_millis(1))).div_euclid(width) * width;
    (first, last + width)
}

/// Where the parts begin that have a point each, and how long they are.
fn moments(order: StatsOrder) -> (Vec<i64>, i64) {
    let (from, to) = (order.from.as_millis(), order.to.as_millis());
    let parts = (to - from + MAX_POINTS - 1) / MAX_POINTS;
    let step = parts.max(SAMPLED_EVERY);
    let count = (to - from + step - 1) / step;
    ((0..count).map(|part| from + part * step).collect(), step)
}

fn depth(point: &str) -> Result<Depth, DatabaseError> {
    let (at, waiting, due, oldest_due_at) = serde_json::from_str(point)
        .map_err(|_| DatabaseError("a row of depth_samples cannot be read".to_owned()))?;
    Ok(Depth {
        at,
        waiting,
        due,
        oldest_due_at,
    })
}

/// The sums while rows are read.
struct Summing {
    width: i64,
    first: i64,
    end: i64,
    buckets: Vec<Bucket>,
    reasons: BTreeMap<String, u64>,
    times: BTreeMap<String, u64>,
}

impl Summing {
    fn new(width: BucketWidth, first: i64, end: i64) -> Self {
        let width = width.hours();
        let count = (end - first) / width;
        let bucket = |number| Bucket {
            start: Timestamp::from_millis((first + number * width) * HOUR_MS),
            created: 0,
            adopted: 0,
            replaced: 0,
            roles_attached: 0,
            failed: 0,
            quarantined: 0,
            set_aside: 0,
        };
        Self {
            width,
            first,
            end,
            buckets: (0..count).map(bucket).collect(),
            reasons: BTreeMap::new(),
            times: BTreeMap::new(),
        }
    }

    fn add(&mut self, row: &CountRow) {
        if self.width == 24 {
            self.add_hour(row, row.day * 24, row.value);
            return;
        }
        for (hour, value) in &row.hours {
            let Ok(hour) = hour.parse::<i64>() else {
                continue;
            };
            self.add_hour(row, row.day * 24 + hour, *value);
        }
    }

    fn add_hour(&mut self, row: &CountRow, hour: i64, value: u64) {
        if hour < self.first || hour >= self.end {
            return;
        }
        let number = usize::try_from((hour - self.first) / self.width).unwrap_or(usize::MAX);
        let Some(bucket) = self.buckets.get_mut(number) else {
            return;
        };
        match row.name.as_str() {
            "created" => bucket.created += value,
            "adopted" => bucket.adopted += value,
            "replaced" => bucket.replaced += value,
            "roles_attached" => bucket.roles_attached += value,
            "failed" | "quarantined" | "set_aside" => {
                bucket.failed += value;
                match row.name.as_str() {
                    "quarantined" => bucket.quarantined += value,
                    "set_aside" => bucket.set_aside += value,
                    _ => {}
                }
                *self.reasons.entry(row.detail.clone()).or_default() += value;
            }
            "time" => *self.times.entry(row.detail.clone()).or_default() += value,
            _ => {}
        }
    }

    fn finish(self, depth: Vec<Depth>) -> Stats {
        let reasons = self.reasons.into_iter();
        let reasons = set_of(reasons.map(|(reason, count)| (Reverse(count), reason)));
        let times = self.times;
        let time_to_provision = TIME_LIMITS.map(|limit| Waited {
            at_most_seconds: limit.parse().ok(),
            count: times.get(limit).copied().unwrap_or_default(),
        });
        Stats {
            buckets: self.buckets,
            reasons: reasons
                .into_iter()
                .map(|(Reverse(count), reason)| (reason, count))
                .collect(),
            time_to_provision: time_to_provision.into(),
            depth,
        }
    }
}
