//! What a scrape reads, in one round trip.

use serde::Deserialize;

use super::gauges::{Gauges, read_gauges};
use crate::auth::PresentedKey;
use crate::auth::store::{ApiKeyRow, KeyColumns, find_api_key_statement};
use crate::db::{self, Batch, Database, DatabaseError, Statement};
use crate::kernel::Timestamp;

const COUNTERS: &str = "SELECT name, kind, value, changed_at FROM counters";
const LAST_RUN: &str = "SELECT started_at, active_at, status FROM last_scheduled_run";
const STATE: &str = "
SELECT (SELECT max(version) FROM schema_version) AS schema,
       coalesce((SELECT paused FROM provisioning_pause), 0) AS paused";

db::row! {
    /// A row of `counters`.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Counter {
        pub name: String,
        pub kind: String,
        pub value: u64,
        pub changed_at: Timestamp,
    }
}

db::row! {
    /// The scheduled run that began last.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct ScheduledRun {
        pub started_at: Timestamp,
        /// When it last made progress that was recorded.
        pub active_at: Timestamp,
        pub status: RunStatus,
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunStatus {
    Completed,
    EndedEarly,
    /// In progress, or dead; or a status of a later version.
    #[serde(other)]
    Running,
}

db::named_columns!(RunStatus);

impl RunStatus {
    pub const ALL: [Self; 3] = [Self::Completed, Self::EndedEarly, Self::Running];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::EndedEarly => "ended_early",
            Self::Running => "running",
        }
    }
}

db::row! {
    struct StateRow {
        schema: Option<u32>,
        paused: bool,
    }
}

/// What a scrape tells.
#[derive(Debug)]
pub struct Sample {
    /// `None`: no scheduled run has taken any yet.
    pub gauges: Option<Gauges>,
    pub counters: Vec<Counter>,
    pub last_run: Option<ScheduledRun>,
    /// The version of the schema.
    pub schema: Option<u32>,
    pub paused: bool,
}

/// Adds what reads the scheduled run that began last.
pub fn read_last_run(batch: &mut Batch) -> db::Slot<ScheduledRun> {
    batch.push(Statement::new(LAST_RUN, []))
}

/// Adds what reads all counters.
pub fn read_counters(batch: &mut Batch) -> db::Slot<Counter> {
    batch.push(Statement::new(COUNTERS, []))
}

/// Reads it, and the API key that was presented, if it is in force.
pub async fn read_sample(
    database: &Database,
    key: Option<&PresentedKey>,
) -> Result<(Sample, Option<ApiKeyRow>), DatabaseError> {
    let mut batch = Batch::new();
    let gauges = read_gauges(&mut batch);
    let counters = read_counters(&mut batch);
    let last_run = read_last_run(&mut batch);
    let state = batch.push::<StateRow>(Statement::new(STATE, []));
    let found = key.map(|key| batch.push::<KeyColumns>(find_api_key_statement(key)));
    let results = database.run(batch).await?;
    let state = results.one(state)?;
    let sample = Sample {
        gauges: results.first(gauges)?,
        counters: results.rows(counters)?,
        last_run: results.first(last_run)?,
        schema: state.schema,
        paused: state.paused,
    };
    let key = found.map(|found| results.first(found)).transpose()?;
    let key = key.flatten().map(KeyColumns::into_row).transpose()?;
    Ok((sample, key))
}
