//! What `/health` looks at, in one read.

use serde::Deserialize;

use crate::db::DatabaseError;
use crate::kernel::Timestamp;

use crate::db::{Database, Statement};

/// The version that `migrations/` brings the schema to; a test counts the files.
pub const SCHEMA_VERSION: u32 = 6;

const SCHEMA: &str = "SELECT max(version) AS version FROM schema_version";

const LAST_SCHEDULED: &str = "
SELECT started_at, coalesce(advanced_at, started_at) AS active_at, status
FROM provisioning_runs
WHERE trigger_kind = 'cron' ORDER BY started_at DESC LIMIT 1";

// As many as the index of open planned runs holds, which is a few.
const WAITING_SINCE: &str = "
SELECT min(advanced_at) AS since FROM provisioning_runs
WHERE status = 'running' AND mode = 'queue'";

/// The service's own vital signs.
#[derive(Debug, Clone, Default)]
pub struct Vitals {
    /// Whether the schema is the one that this build was made for.
    pub migrations_current: bool,
    /// The last scheduled run.
    pub last_scheduled: Option<ScheduledRun>,
    /// Since when the planned run that waits longest, whatever started it, has
    /// waited for a consumer.
    pub waiting_since: Option<Timestamp>,
}

/// A scheduled run.
#[derive(Debug, Clone, Copy)]
pub struct ScheduledRun {
    /// When it began.
    pub started_at: Timestamp,
    /// When somebody last worked on it, as far as the ledger tells.
    pub active_at: Timestamp,
    /// Whether it went to its end.
    pub status: RunStatus,
}

/// How a scheduled run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunStatus {
    /// Went to its end.
    Completed,
    /// Ended early.
    EndedEarly,
    /// Still at work, or died.
    Running,
}

#[derive(Deserialize)]
struct VersionRow {
    version: Option<u32>,
}

#[derive(Deserialize)]
struct WaitingRow {
    since: Option<i64>,
}

#[derive(Deserialize)]
struct ScheduledRow {
    started_at: i64,
    active_at: i64,
    status: String,
}

impl Database {
    /// Whether the schema is there and current. A missing table is an error
    /// of the read, so it comes first and alone.
    pub async fn vitals(&self) -> Result<Vitals, DatabaseError> {
        let mut answers = self
            .batch(vec![
                Statement::new(SCHEMA, []),
                Statement::new(LAST_SCHEDULED, []),
                Statement::new(WAITING_SINCE, []),
            ])
            .await?;
        let version = answers.first::<VersionRow>()?.and_then(|row| row.version);
        let last = answers.first::<ScheduledRow>()?.map(|row| ScheduledRun {
            started_at: Timestamp::from_millis(row.started_at),
            active_at: Timestamp::from_millis(row.active_at),
            status: match row.status.as_str() {
                "completed" => RunStatus::Completed,
                "ended_early" => RunStatus::EndedEarly,
                _ => RunStatus::Running,
            },
        });
        let waiting: Option<WaitingRow> = answers.first()?;
        Ok(Vitals {
            migrations_current: version == Some(SCHEMA_VERSION),
            last_scheduled: last,
            waiting_since: waiting
                .and_then(|row| row.since)
                .map(Timestamp::from_millis),
        })
    }

    /// Whether the database answers at all.
    pub async fn ping(&self) -> Result<(), DatabaseError> {
        self.batch(vec![Statement::new("SELECT 1 AS one", [])])
            .await
            .map(|_| ())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schema_version_is_that_of_the_last_migration() {
        let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/migrations");
        let mut names: Vec<String> = std::fs::read_dir(dir)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        assert_eq!(names.len(), SCHEMA_VERSION as usize);
        let last = std::fs::read_to_string(format!("{dir}/{}", names.last().unwrap())).unwrap();
        assert!(last.contains(&format!("SET version = {SCHEMA_VERSION};")));
    }
}
