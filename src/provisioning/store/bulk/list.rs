//! What became of the users of a list.

use crate::db::{self, Batch, Database, DatabaseError, Statement};
use crate::kernel::Timestamp;

// ?1 run, ?2 the entry before, ?3 limit, ?4 state or NULL. A list has 500 entries at most.
const LIST: &str = "
SELECT n, user_id, state, reason, outcome, ended_at FROM provisioning_bulk_users
WHERE run_id = ?1 AND n > ?2 AND state = coalesce(?4, state)
ORDER BY chunk, n LIMIT ?3";

// ?1 run
const IS_KNOWN: &str = "SELECT run_id FROM provisioning_runs WHERE run_id = ?1";

db::row! {
    /// One entry.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct BulkUserRow {
        /// Its place in the list, from 1.
        pub n: u32,
        pub user_id: Option<String>,
        pub state: String,
        pub reason: Option<String>,
        pub outcome: Option<String>,
        pub ended_at: Option<Timestamp>,
    }
}

/// The entries of a run's list behind this one; those of a backfill are none. `None`: there is no such run.
pub async fn list_bulk_users(
    database: &Database,
    run: &str,
    after: u32,
    state: Option<&str>,
    limit: u32,
) -> Result<Option<Vec<BulkUserRow>>, DatabaseError> {
    let mut batch = Batch::new();
    let known = batch.push::<()>(Statement::new(IS_KNOWN, [run.into()]));
    let args = [run.into(), after.into(), limit.into(), state.into()];
    let users = batch.push(Statement::new(LIST, args));
    let answers = database.run(batch).await?;
    match answers.first(known)? {
        Some(()) => answers.rows(users).map(Some),
        None => Ok(None),
    }
}
