use crate::db::{Batch, Database, DatabaseError, Statement};
use crate::kernel::Timestamp;

/// More than end within a quarter of an hour; the others wait for the next time.
const BATCH: u32 = 200;

const SWEEP: &str = "
DELETE FROM console_sessions WHERE id_hash IN (
  SELECT id_hash FROM console_sessions WHERE ends_at <= ?1 ORDER BY ends_at LIMIT ?2)";

/// Deletes sessions that have ended, which open nothing any more.
pub async fn sweep_sessions(database: &Database, now: Timestamp) -> Result<(), DatabaseError> {
    let mut batch = Batch::new();
    batch.execute(Statement::new(SWEEP, [now.into(), BATCH.into()]));
    database.run(batch).await.map(|_| ())
}
