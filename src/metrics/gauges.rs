//! Gauges: how the service stood when the scheduled run looked last.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::db::{self, Batch, Slot, Statement, capped};
use crate::kernel::Timestamp;

/// What "lately" means.
pub const LATELY: Duration = Duration::from_secs(60 * 60);

// Counts go no further than 10,000, so that a scheduled run never walks through all users.
// ?1 now, ?2 today, ?3 the beginning of what is lately, ?4 silent since before then: died, ?5 the same so long before,
// ?6 bytes. The reasons there are, are found by one look into the index for each.
const TAKE: &str = concat!(
    "
WITH RECURSIVE reasons (code) AS (
  SELECT min(error_code) FROM threedeye_users WHERE error_code IS NOT NULL
  UNION ALL
  SELECT (SELECT min(t.error_code) FROM threedeye_users t WHERE t.error_code > r.code)
  FROM reasons r WHERE r.code IS NOT NULL
)
INSERT OR REPLACE INTO gauges
  (id, at, waiting, due, oldest_due_at, failing, attaching, quarantined, quarantined_lately, set_aside, died_runs,
   notices_waiting, notices_failing, notices_failing_since, users, complete, database_bytes)
SELECT 1, ?1, (SELECT value FROM provisioning_totals WHERE name = 'waiting'), ",
    capped!(10000, "provisioning_queue WHERE due_at <= ?1"),
    ", (SELECT min(due_at) FROM provisioning_queue WHERE due_at <= ?1),
(SELECT json_group_object(r.code, ",
    capped!(10000, "threedeye_users t WHERE t.error_code = r.code AND t.state = 'pending'"),
    ") FROM reasons r WHERE r.code IS NOT NULL), ",
    capped!(10000, "threedeye_users WHERE state = 'attaching'"),
    ", ",
    capped!(10000, "threedeye_users WHERE state = 'quarantined'"),
    ", ",
    capped!(10000, "threedeye_users WHERE state = 'quarantined' AND updated_at > ?3"),
    ", ",
    capped!(10000, "threedeye_users WHERE state = 'set_aside'"),
    ",
(SELECT count(*) FROM (
  SELECT * FROM (SELECT coalesce(advanced_at, started_at) AS active_at FROM provisioning_runs
                 WHERE trigger_kind = 'cron' AND status = 'running' ORDER BY run_id DESC LIMIT 20)
  UNION ALL
  SELECT * FROM (SELECT coalesce(advanced_at, started_at) FROM provisioning_runs
                 WHERE trigger_kind = 'manual' AND status = 'running'
                   AND (mode = 'inline' OR action = 'backfill') ORDER BY run_id DESC LIMIT 20)
) WHERE active_at > ?5 AND active_at <= ?4), ",
    capped!(10000, "notices"),
    ", ",
    capped!(10000, "notices WHERE attempts > 0"),
    ",
(SELECT min(created_at) FROM (SELECT created_at FROM notices WHERE attempts > 0 LIMIT 10000)),
(SELECT value FROM daily_counts WHERE name = 'users' AND detail = '' AND (day = ?2 OR day = ?2 - 1)
 ORDER BY day DESC LIMIT 1),
(SELECT value FROM daily_counts WHERE name = 'complete' AND detail = '' AND (day = ?2 OR day = ?2 - 1)
 ORDER BY day DESC LIMIT 1),
?6"
);

const READ: &str = "SELECT * FROM gauges";

db::row! {
    /// How the service stood.
    #[derive(Debug, Clone, PartialEq, Eq, Default)]
    pub struct Gauges {
        pub at: Timestamp,
        /// Users in the work queue.
        pub waiting: u64,
        pub due: u32,
        pub oldest_due_at: Option<Timestamp>,
        /// Users to be tried again, by `provisioning::Reason`.
        pub failing: BTreeMap<String, u32> = json,
        pub attaching: u32,
        pub quarantined: u32,
        pub quarantined_lately: u32,
        pub set_aside: u32,
        /// Runs that died lately.
        pub died_runs: u32,
        pub notices_waiting: u32,
        /// Those of them that were tried before.
        pub notices_failing: u32,
        /// When the oldest of those was written.
        pub notices_failing_since: Option<Timestamp>,
        /// As counted last night.
        pub users: Option<u64>,
        /// As counted last night.
        pub complete: Option<u64>,
        pub database_bytes: u64,
    }
}

/// Adds what takes the gauges at `now`. A run that made no progress since `died_before` has died.
pub fn take_gauges(
    batch: &mut Batch,
    now: Timestamp,
    died_before: Timestamp,
    database_bytes: u64,
) -> Slot<Gauges> {
    let day = now.as_secs().div_euclid(24 * 60 * 60);
    let bytes = i64::try_from(database_bytes).unwrap_or(i64::MAX);
    batch.execute(Statement::new(
        TAKE,
        [
            now.into(),
            day.into(),
            now.minus(LATELY).into(),
            died_before.into(),
            died_before.minus(LATELY).into(),
            bytes.into(),
        ],
    ));
    read_gauges(batch)
}

/// Adds what reads them. There is no row before the first scheduled run.
pub fn read_gauges(batch: &mut Batch) -> Slot<Gauges> {
    batch.push(Statement::new(READ, []))
}
