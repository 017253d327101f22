//! What `/health` reads, in one round trip.

use crate::db::{self, Batch, Database, DatabaseError, Statement};
use crate::kernel::Timestamp;
use crate::metrics::store::{RunStatus, ScheduledRun, read_last_run};

/// The version that `migrations/` brings the schema to; a test counts the files.
pub const SCHEMA_VERSION: u32 = 12;

const SCHEMA: &str = "SELECT max(version) AS version FROM schema_version";

// An index holds the open planned runs, which are few. A list is not among them: it may wait long behind other work.
const WAITING_SINCE: &str = "
SELECT min(advanced_at) AS since FROM provisioning_runs
WHERE status = 'running' AND mode = 'queue' AND action = 'backfill'";

// The ends of two parts of an index.
const LAST_ENDED: &str = "
SELECT started_at, status FROM (
  SELECT * FROM (SELECT run_id, started_at, status FROM provisioning_runs
                 WHERE trigger_kind = 'cron' AND status = 'completed' ORDER BY run_id DESC LIMIT 1)
  UNION ALL
  SELECT * FROM (SELECT run_id, started_at, status FROM provisioning_runs
                 WHERE trigger_kind = 'cron' AND status = 'ended_early' ORDER BY run_id DESC LIMIT 1)
) ORDER BY run_id DESC LIMIT 1";

const PAUSE: &str = "SELECT paused, since FROM provisioning_pause";

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Vitals {
    /// The version of the schema.
    pub schema: Option<u32>,
    pub last_scheduled: Option<ScheduledRun>,
    /// The last scheduled run that has ended.
    pub last_ended: Option<EndedRun>,
    /// Since when the planned run that waits longest has waited for a consumer.
    pub waiting_since: Option<Timestamp>,
    /// The last decision to pause runs or to let them go on; `None`: they were never paused.
    pub pause: Option<PauseRow>,
}

db::row! {
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct EndedRun {
        pub started_at: Timestamp,
        pub status: RunStatus,
    }
}

db::row! {
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct PauseRow {
        pub paused: bool,
        pub since: Timestamp,
    }
}

db::row! {
    struct VersionRow {
        version: Option<u32>,
    }
}

db::row! {
    struct WaitingRow {
        since: Option<Timestamp>,
    }
}

/// Reads how the service stands. A missing table makes the read fail.
pub async fn read_vitals(database: &Database) -> Result<Vitals, DatabaseError> {
    let mut batch = Batch::new();
    let schema = batch.push::<VersionRow>(Statement::new(SCHEMA, []));
    let last_scheduled = read_last_run(&mut batch);
    let last_ended = batch.push::<EndedRun>(Statement::new(LAST_ENDED, []));
    let waiting = batch.push::<WaitingRow>(Statement::new(WAITING_SINCE, []));
    let pause = batch.push::<PauseRow>(Statement::new(PAUSE, []));
    let results = database.run(batch).await?;
    Ok(Vitals {
        schema: results.one(schema)?.version,
        last_scheduled: results.first(last_scheduled)?,
        last_ended: results.first(last_ended)?,
        waiting_since: results.one(waiting)?.since,
        pause: results.first(pause)?,
    })
}

/// What only the database knows of the service itself.
pub struct System {
    /// The version of the schema.
    pub applied: Option<u32>,
    /// Whether provisioning is paused.
    pub paused: bool,
}

/// Reads it.
pub async fn read_system(database: &Database) -> Result<System, DatabaseError> {
    let mut batch = Batch::new();
    let schema = batch.push::<VersionRow>(Statement::new(SCHEMA, []));
    let pause = batch.push::<PauseRow>(Statement::new(PAUSE, []));
    let results = database.run(batch).await?;
    Ok(System {
        applied: results.one(schema)?.version,
        paused: results.first(pause)?.is_some_and(|pause| pause.paused),
    })
}

/// Whether the database answers at all.
pub async fn ping(database: &Database) -> Result<(), DatabaseError> {
    let mut batch = Batch::new();
    batch.execute(Statement::new("SELECT 1 AS one", []));
    database.run(batch).await.map(|_| ())
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use futures_executor::block_on;

    use super::*;
    use crate::db::sqlite::Sqlite;

    fn vitals(sqlite: &Sqlite) -> Vitals {
        let database = Database::new(Rc::new(sqlite.clone()));
        block_on(read_vitals(&database)).unwrap()
    }

    fn insert_run(
        sqlite: &Sqlite,
        (trigger, mode, status): (&str, &str, &str),
        started_at: i64,
        advanced_at: Option<i64>,
    ) {
        const INSERT: &str = "
INSERT INTO provisioning_runs (run_id, trigger_kind, actor, request_id, status, batch_limit, mode,
                               started_at, advanced_at)
VALUES ('run_' || ?4, ?1, 'cron', 'req', ?3, 50, ?2, ?4, ?5)";
        sqlite.execute(INSERT, (trigger, mode, status, started_at, advanced_at));
    }

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    #[test]
    fn a_fresh_database_is_current_and_has_no_runs() {
        let sqlite = Sqlite::new(Timestamp::default);
        let at_version = |version| Vitals {
            schema: Some(version),
            ..Vitals::default()
        };
        assert_eq!(vitals(&sqlite), at_version(SCHEMA_VERSION));
        sqlite.execute("UPDATE schema_version SET version = version - 1", []);
        assert_eq!(vitals(&sqlite), at_version(SCHEMA_VERSION - 1));
        let database = Database::new(Rc::new(sqlite));
        assert_eq!(block_on(ping(&database)), Ok(()));
    }

    #[test]
    fn the_last_scheduled_run_counts_whatever_its_status() {
        let sqlite = Sqlite::new(Timestamp::default);
        insert_run(&sqlite, ("manual", "inline", "completed"), 900, None);
        for (started_at, advanced_at, text, status) in [
            (10, None, "completed", RunStatus::Completed),
            (20, Some(25), "ended_early", RunStatus::EndedEarly),
            (30, Some(40), "running", RunStatus::Running),
        ] {
            insert_run(&sqlite, ("cron", "inline", text), started_at, advanced_at);
            let expected = ScheduledRun {
                started_at: at(started_at),
                active_at: at(advanced_at.unwrap_or(started_at)),
                status,
            };
            assert_eq!(vitals(&sqlite).last_scheduled, Some(expected));
        }
        let ended = EndedRun {
            started_at: at(20),
            status: RunStatus::EndedEarly,
        };
        assert_eq!(vitals(&sqlite).last_ended, Some(ended));
    }

    #[test]
    fn the_planned_backfill_that_waits_longest_counts_whatever_started_it() {
        let sqlite = Sqlite::new(Timestamp::default);
        insert_run(&sqlite, ("cron", "queue", "completed"), 1, Some(2));
        insert_run(&sqlite, ("cron", "inline", "running"), 3, Some(4));
        assert_eq!(vitals(&sqlite).waiting_since, None);
        insert_run(&sqlite, ("cron", "queue", "running"), 10, Some(70));
        insert_run(&sqlite, ("manual", "queue", "running"), 20, Some(60));
        assert_eq!(vitals(&sqlite).waiting_since, Some(at(60)));
        insert_run(&sqlite, ("manual", "queue", "running"), 5, Some(6));
        sqlite.execute(
            "UPDATE provisioning_runs SET action = 'reset' WHERE run_id = 'run_5'",
            [],
        );
        assert_eq!(vitals(&sqlite).waiting_since, Some(at(60)));
    }

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
