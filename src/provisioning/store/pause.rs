//! Whether runs are paused, and who stopped which run.

use crate::db::{self, Arg, Batch, Database, DatabaseError, Statement, audit_change};
use crate::kernel::Timestamp;
use crate::kernel::audit::Entry;

/// SQL: whether runs may begin.
macro_rules! not_paused {
    () => {
        "NOT EXISTS (SELECT 1 FROM provisioning_pause WHERE paused = 1)"
    };
}
pub(super) use not_paused;

/// SQL: whether runs are paused, as [`PausedRow`].
pub(super) const PAUSED: &str =
    "SELECT EXISTS (SELECT 1 FROM provisioning_pause WHERE paused = 1) AS paused";

// ?1 paused, ?2 now, ?3 actor, ?4 reason. What is so already stays as it was decided.
const SET: &str = "
INSERT INTO provisioning_pause (id, paused, since, actor, reason)
SELECT 1, ?1, ?2, ?3, ?4
WHERE ?1 OR EXISTS (SELECT 1 FROM provisioning_pause)
ON CONFLICT (id) DO UPDATE SET
  paused = excluded.paused, since = excluded.since, actor = excluded.actor, reason = excluded.reason
WHERE paused <> excluded.paused";

const READ: &str = "SELECT paused, since, actor, reason FROM provisioning_pause";

// ?1 runs
const HALT: &str = "
SELECT EXISTS (SELECT 1 FROM provisioning_pause WHERE paused = 1) AS paused,
       EXISTS (SELECT 1 FROM provisioning_runs
               WHERE run_id IN (SELECT value FROM json_each(?1)) AND stopped_at IS NOT NULL) AS stopped";

db::row! {
    pub(super) struct PausedRow {
        pub paused: bool,
    }
}

db::row! {
    /// The last decision to pause runs, or to go on with them.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Pause {
        pub paused: bool,
        pub since: Timestamp,
        pub actor: String,
        pub reason: String,
    }
}

db::row! {
    /// What keeps a run from going on.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct Halt {
        pub paused: bool,
        /// One of the runs was stopped.
        pub stopped: bool,
    }
}

/// Pauses runs or lets them go on, and answers what was decided last. `None`: they were never paused.
pub async fn set_pause(
    database: &Database,
    paused: bool,
    reason: &str,
    entry: &Entry,
) -> Result<Option<Pause>, DatabaseError> {
    let args: [Arg; 4] = [
        paused.into(),
        entry.at.into(),
        entry.origin.actor.as_str().into(),
        reason.into(),
    ];
    let mut batch = Batch::new();
    batch.execute(Statement::new(SET, args));
    batch.execute(audit_change(entry)?);
    let read = batch.push::<Pause>(Statement::new(READ, []));
    database.run(batch).await?.first(read)
}

/// What keeps these runs from going on.
pub async fn read_halt(database: &Database, runs: &[&str]) -> Result<Halt, DatabaseError> {
    let mut batch = Batch::new();
    let halt = batch.push::<Halt>(Statement::new(HALT, [Arg::json(&runs)?]));
    database.run(batch).await?.one(halt)
}
