//! What `/health` looks at, in one read.

use serde::Deserialize;

use crate::kernel::Timestamp;
use crate::provisioning::StoreError;

use super::{Database, Engine, Statement};

/// The version that `migrations/` brings the schema to; a test counts the files.
pub const SCHEMA_VERSION: u32 = 4;

const SCHEMA: &str = "SELECT max(version) AS version FROM schema_version";

const LAST_SCHEDULED: &str = "
SELECT started_at, status FROM provisioning_runs
WHERE trigger_kind = 'cron' ORDER BY started_at DESC LIMIT 1";

/// The service's own vital signs.
#[derive(Debug, Clone, Default)]
pub struct Vitals {
    /// Whether the schema is the one that this build was made for.
    pub migrations_current: bool,
    /// When the last scheduled run began, and whether it went to its end.
    pub last_scheduled: Option<(Timestamp, RunStatus)>,
}

/// How the last scheduled run stands.
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
struct LastRow {
    started_at: i64,
    status: String,
}

impl<E: Engine> Database<E> {
    /// Whether the schema is there and current. A missing table is an error
    /// of the read, so it comes first and alone.
    pub async fn vitals(&self) -> Result<Vitals, StoreError> {
        let mut answers = self
            .batch(vec![
                Statement::new(SCHEMA, []),
                Statement::new(LAST_SCHEDULED, []),
            ])
            .await?;
        let version = answers.first::<VersionRow>()?.and_then(|row| row.version);
        let last = answers.first::<LastRow>()?.map(|row| {
            let status = match row.status.as_str() {
                "completed" => RunStatus::Completed,
                "ended_early" => RunStatus::EndedEarly,
                _ => RunStatus::Running,
            };
            (Timestamp::from_millis(row.started_at), status)
        });
        Ok(Vitals {
            migrations_current: version == Some(SCHEMA_VERSION),
            last_scheduled: last,
        })
    }

    /// Whether the database answers at all.
    pub async fn ping(&self) -> Result<(), StoreError> {
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
