//! Stopping a run.

use crate::db::{Arg, Batch, Database, DatabaseError, Statement, audit_change};
use crate::kernel::Timestamp;
use crate::kernel::audit::Entry;
use crate::provisioning::fanout::ChunkId;
use crate::provisioning::store::fanout::has_chunks;
use crate::provisioning::store::give_up;

// ?1 run, ?2 now, ?3 why. A run without chunks adds its own figures when it ends; if it died, this is its end. Any other
// ends with its last open chunk.
const STOP: &str = concat!(
    "
UPDATE provisioning_runs SET
  stopped_at = ?2,
  status = iif(",
    has_chunks!(),
    ", status, 'ended_early'),
  finished_at = iif(",
    has_chunks!(),
    ", finished_at, ?2),
  errors = iif(",
    has_chunks!(),
    ", errors, json_insert(errors, '$[#]', ?3))
WHERE run_id = ?1 AND status = 'running' AND stopped_at IS NULL"
);

// ?1 run
const OPEN_CHUNKS: &str = "
SELECT run_id, chunk FROM provisioning_chunks WHERE run_id = ?1 AND state = 'open'";

// ?1 run
const IS_KNOWN: &str = "SELECT run_id FROM provisioning_runs WHERE run_id = ?1";

/// Stops a run that has not ended: its open chunks are given up, and users of a backfill are due for the next run. One
/// that has ended stays as it is. `why` goes into the ledger. False: there is no such run.
pub async fn stop_run(
    database: &Database,
    run: &str,
    why: &str,
    now: Timestamp,
    entry: &Entry,
) -> Result<bool, DatabaseError> {
    let mut batch = Batch::new();
    let args: [Arg; 3] = [run.into(), now.into(), why.into()];
    batch.execute(Statement::new(STOP, args));
    batch.execute(audit_change(entry)?);
    let known = batch.push::<()>(Statement::new(IS_KNOWN, [run.into()]));
    // No chunk is added once a run is planned, so those that are open now are all there will be.
    let open = batch.push::<ChunkId>(Statement::new(OPEN_CHUNKS, [run.into()]));
    let answers = database.run(batch).await?;
    if answers.first(known)?.is_none() {
        return Ok(false);
    }
    let open = answers.rows(open)?;
    if !open.is_empty() {
        give_up(database, &open, why, "", now).await?;
    }
    Ok(true)
}
