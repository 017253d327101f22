use crate::db::Statement;
use crate::kernel::Timestamp;

/// More than end within a quarter of an hour; the others wait for the next time.
const BATCH: u32 = 200;

const SWEEP: &str = "
DELETE FROM console_sessions WHERE id_hash IN (
  SELECT id_hash FROM console_sessions WHERE ends_at <= ?1 ORDER BY ends_at LIMIT ?2)";

/// Deletes sessions that have ended, which open nothing any more.
pub fn sweep_sessions(now: Timestamp) -> Statement {
    Statement::new(SWEEP, [now.into(), BATCH.into()])
}
