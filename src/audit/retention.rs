//! The end of audit rows.

use crate::db::Statement;
use crate::kernel::Timestamp;

// ?1 the last moment that is forgotten. Ids are nearly in the order of the moments. Where the oldest row is to be kept,
// no other is looked at.
const FORGET: &str = "
DELETE FROM audit_log WHERE id IN (
  SELECT id FROM audit_log
  WHERE at <= ?1 AND id < 1000 + (SELECT min(id) FROM audit_log)
  ORDER BY id
  LIMIT iif((SELECT at FROM audit_log WHERE id = (SELECT min(id) FROM audit_log)) <= ?1, 1000, 0)
)";

/// Deletes audit rows of this moment and before, a thousand at a time.
pub fn forget_entries(until: Timestamp) -> Statement {
    Statement::new(FORGET, [until.into()])
}
