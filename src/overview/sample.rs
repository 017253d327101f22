//! What the cron trigger writes down for the charts.

use std::time::Duration;

use crate::db::{Batch, Statement, capped};
use crate::kernel::Timestamp;

/// How long samples are kept, which is as far back as a chart goes.
const KEPT: Duration = Duration::from_secs(90 * 24 * 60 * 60);

/// The hour of the night (UTC) after which users are counted: a scan of both tables, once a day.
const NIGHT: i64 = 2;

// ?1 now. Two events at the same moment are one sample.
const SAMPLE: &str = concat!(
    "
INSERT OR REPLACE INTO depth_samples (at, waiting, due, oldest_due_at, notices)
SELECT ?1, (SELECT value FROM provisioning_totals WHERE name = 'waiting'), ",
    capped!(1000, "provisioning_queue WHERE due_at <= ?1"),
    ", (SELECT min(due_at) FROM provisioning_queue WHERE due_at <= ?1), ",
    capped!(1000, "notices")
);

// ?1 the last moment that is forgotten. A few at a time, so that a long pause costs no event much.
const FORGET: &str = "
DELETE FROM depth_samples
WHERE at IN (SELECT at FROM depth_samples WHERE at <= ?1 ORDER BY at LIMIT 100)";

// ?1 day
const COUNT_USERS: &str = "
INSERT INTO daily_counts (day, name, value)
SELECT ?1, 'users', (SELECT count(*) FROM users)
WHERE NOT EXISTS (SELECT 1 FROM daily_counts WHERE day = ?1 AND name = 'users' AND detail = '')";

// ?1 day
const COUNT_COMPLETE: &str = "
INSERT INTO daily_counts (day, name, value)
SELECT ?1, 'complete', (SELECT count(*) FROM threedeye_users WHERE state = 'complete')
WHERE NOT EXISTS (SELECT 1 FROM daily_counts WHERE day = ?1 AND name = 'complete' AND detail = '')";

/// Adds what writes down how long the queue is, and once a night how many users there are.
pub fn sample(batch: &mut Batch, now: Timestamp) {
    batch.execute(Statement::new(SAMPLE, [now.into()]));
    batch.execute(Statement::new(FORGET, [now.minus(KEPT).into()]));
    let hours = now.as_secs().div_euclid(60 * 60);
    if hours.rem_euclid(24) >= NIGHT {
        let day = hours.div_euclid(24);
        batch.execute(Statement::new(COUNT_USERS, [day.into()]));
        batch.execute(Statement::new(COUNT_COMPLETE, [day.into()]));
    }
}
