//! How the service stands now.

use std::time::Duration;

#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;

use crate::db::lockout::{is_locked, may_be_locked};
use crate::db::{self, Batch, Database, DatabaseError, FromColumn, Statement, Value, capped};
use crate::kernel::Timestamp;

/// Counts go no further.
const MOST: u32 = 1_000;

/// For how long an answer may be given again.
const SHELF_LIFE: Duration = Duration::from_secs(10);

// Up to one more than `MOST` each.
// ?1 now
const COUNTS: &str = concat!(
    "SELECT (SELECT value FROM provisioning_totals WHERE name = 'waiting') AS waiting, ",
    capped!(1001, "provisioning_queue WHERE due_at <= ?1"),
    " AS due, ",
    capped!(
        1001,
        "threedeye_users WHERE state = 'pending' AND last_error IS NOT NULL"
    ),
    " AS failing, ",
    capped!(1001, "threedeye_users WHERE state = 'attaching'"),
    " AS attaching, ",
    capped!(1001, "threedeye_users WHERE state = 'quarantined'"),
    " AS quarantined, ",
    capped!(1001, "threedeye_users WHERE state = 'set_aside'"),
    " AS set_aside, ",
    capped!(1001, "notices"),
    " AS notices_waiting, ",
    capped!(1001, "notices WHERE attempts > 0"),
    " AS notices_failing, ",
    // Locks that are over stay in the index until a code is accepted, so they are looked at up to the same number.
    "(SELECT count(*) FILTER (WHERE ",
    is_locked!("s", "?1"),
    ") FROM (SELECT * FROM second_factors f WHERE ",
    may_be_locked!("f"),
    " LIMIT 1001) s) AS locked_out, ",
    "(SELECT min(due_at) FROM provisioning_queue WHERE due_at <= ?1) AS oldest_due_at"
);

// ?1 since when a run that has not died has made progress. A list in the queue may wait long behind other work.
const RUN: &str = "
SELECT run_id, trigger_kind, mode, total, created, failed, skipped, started_at
FROM (SELECT * FROM provisioning_runs ORDER BY run_id DESC LIMIT 20)
WHERE status = 'running'
  AND (coalesce(advanced_at, started_at) >= ?1 OR (mode = 'queue' AND action <> 'backfill'))
LIMIT 1";

const TOTALS: &str = "
SELECT u.day * 86400000 AS day, u.value AS users, c.value AS complete
FROM daily_counts u JOIN daily_counts c ON c.day = u.day AND c.name = 'complete' AND c.detail = ''
WHERE u.name = 'users' AND u.detail = '' AND u.day = ?1";

const PAUSE: &str = "SELECT paused FROM provisioning_pause";

db::row! {
    struct PauseRow {
        paused: bool,
    }
}

/// How the service stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(JsonSchema))]
pub struct Overview {
    #[serde(flatten)]
    counts: Counts,
    /// The run that is under way; of several the one that began last.
    run: Option<RunUnderWay>,
    /// Whether provisioning is paused.
    paused: bool,
    /// How many users there were last night.
    totals: Option<Totals>,
    /// When this was read. An answer may be ten seconds old.
    at: Timestamp,
}

db::row! {
    #[derive(Debug, Clone, PartialEq, Eq, Serialize)]
    #[serde(rename_all = "camelCase")]
    #[cfg_attr(test, derive(JsonSchema))]
    struct Counts {
        /// Users in the work queue.
        waiting: Count,
        /// Those of them whose next attempt is due.
        due: Count,
        /// Users whose last attempt failed, and who are tried again.
        failing: Count,
        /// Users whose account is there and whose saved roles are not attached yet.
        attaching: Count,
        /// Users in quarantine.
        quarantined: Count,
        /// Users whose e-mail another user holds.
        set_aside: Count,
        /// Notices in the outbox.
        notices_waiting: Count,
        /// Those of them that were tried before.
        notices_failing: Count,
        /// People whose codes are locked at the moment.
        locked_out: Count,
        /// Since when the user that is due longest has been due.
        oldest_due_at: Option<Timestamp>,
    }
}

/// A number that is counted up to 1,000.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
struct Count {
    #[cfg_attr(test, schemars(range(max = MOST)))]
    count: u32,
    /// Whether there are more.
    more: bool,
}

impl FromColumn for Count {
    fn from_column(value: &Value<'_>) -> Option<Self> {
        let count = u32::from_column(value)?;
        Some(Self {
            count: count.min(MOST),
            more: count > MOST,
        })
    }
}

db::row! {
    #[derive(Debug, Clone, PartialEq, Eq, Serialize)]
    #[serde(rename_all = "camelCase")]
    #[cfg_attr(test, derive(JsonSchema))]
    struct RunUnderWay {
        run_id: String,
        #[cfg_attr(test, schemars(extend("enum" = ["manual", "cron"])))]
        trigger: String = "trigger_kind",
        #[cfg_attr(test, schemars(extend("enum" = ["inline", "queue"])))]
        mode: String,
        /// Users taken up, or planned. Of an inline run it is not known before its end.
        total: u32,
        created: u32,
        failed: u32,
        skipped: u32,
        started_at: Timestamp,
    }
}

db::row! {
    /// How many users there were, counted once a night.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize)]
    #[cfg_attr(test, derive(JsonSchema), schemars(rename = "NightlyTotals"))]
    struct Totals {
        /// The day, which begins then.
        day: Timestamp,
        users: u64,
        /// Those with an account.
        complete: u64,
    }
}

impl Overview {
    /// Whether it may be told again.
    pub fn is_fresh(&self, now: Timestamp) -> bool {
        now >= self.at && now.since(self.at) < SHELF_LIFE
    }
}

/// Reads how the service stands. A run without an end has died that made no progress since `died_before`.
pub async fn read_overview(
    database: &Database,
    now: Timestamp,
    died_before: Timestamp,
) -> Result<Overview, DatabaseError> {
    let day = now.as_secs().div_euclid(24 * 60 * 60);
    let mut batch = Batch::new();
    let counts = batch.push::<Counts>(Statement::new(COUNTS, [now.into()]));
    let run = batch.push::<RunUnderWay>(Statement::new(RUN, [died_before.into()]));
    let pause = batch.push::<PauseRow>(Statement::new(PAUSE, []));
    let today = batch.push::<Totals>(Statement::new(TOTALS, [day.into()]));
    let yesterday = batch.push::<Totals>(Statement::new(TOTALS, [(day - 1).into()]));
    let results = database.run(batch).await?;
    let totals = match results.first(today)? {
        None => results.first(yesterday)?,
        today => today,
    };
    Ok(Overview {
        counts: results.one(counts)?,
        run: results.first(run)?,
        paused: results.first(pause)?.is_some_and(|pause| pause.paused),
        totals,
        at: now,
    })
}
